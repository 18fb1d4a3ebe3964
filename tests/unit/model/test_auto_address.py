"""Addresses that the mesh allots: one for each host in need, the same whatever else is there, none when all are taken."""

import lateen
from lateen.model import auto_address
from lateen.model.service import all_services

ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}}}
spec: {{hosts: [{name}.example], resolution: DNS, ports: [{{name: http, number: 80, protocol: HTTP}}]}}
"""


def allotted(names):
    mesh = lateen.load("---".join(ENTRY.format(name=name) for name in names))
    return {one.host: one.auto_address for one in all_services(mesh.db)}


def test_every_host_has_one_of_its_own():
    found = allotted(f"s{number}" for number in range(500))
    assert len({*found.values()}) == 500
    assert all(address.startswith("240.240.") for address in found.values())


def test_it_stays_when_others_come():
    few, many = allotted(["a", "b"]), allotted(["a", "b", *(f"s{number}" for number in range(40))])
    assert many.items() >= few.items()


def test_the_next_free_one_is_taken_on_a_clash(monkeypatch):
    monkeypatch.setattr(auto_address, "_SIZE", 3)
    assert sorted(allotted("abc").values()) == ["240.240.0.1", "240.240.0.2", "240.240.0.3"]


def test_without_any_left_there_is_none(monkeypatch):
    monkeypatch.setattr(auto_address, "_SIZE", 2)
    found = allotted("abcd")
    assert sorted(found.values()) == ["", "", "240.240.0.1", "240.240.0.2"]
    assert found["a.example"] != ""
