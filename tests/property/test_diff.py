"""`lateen diff` is complete and true: on random pairs of rules and random requests.

Whatever the simulator does differently with some request must be of a reported class, and every reported example must
be treated differently. `LATEEN_PAIRS=5000 pytest -s tests/property/test_diff.py` runs long and prints how much it compared.
"""

import os
import random
from typing import Any

import msgspec
import pytest

from lateen.compile import types
from lateen.compile.resources import resources
from lateen.compile.routes import route_names
from lateen.mesh import Mesh, load
from lateen.model.view import Proxy, view_of
from lateen.simulate.algebra.change import Change, decision, outcomes
from lateen.simulate.algebra.compare import Resources, compare
from lateen.simulate.configuration import Configuration
from lateen.simulate.request import ClientHello, Connection, Request
from lateen.simulate.simulation import simulate

SIDECAR = Proxy(type="sidecar", address="10.1.1.1", name="app", namespace="default", labels=(("app", "app"),))
ROUTER = Proxy(type="router", address="10.1.1.2", name="gw", namespace="default", labels=(("istio", "gw"),))
SUBSETS = ("v1", "v2", "v3")
TEXTS = ("a", "b", "ab", "B", "abc", "")
PATHS = ("/", "/a", "/a/", "/a/b", "/ab", "/A", "/b", "/b/c", "/abc")
REGEXES = ("a.*", "[ab]+", "(?i)AB?", "b|ab", ".+", "a{2,3}", "^a$", "[^a].*", "")
PATH_REGEXES = ("/a.*", "/[ab]/?", "(?i)/A(/.*)?", "/.*b", ".*", "/a(b|/b)?$")
BASE = """
apiVersion: v1
kind: Service
metadata: {name: one}
spec: {selector: {app: one}, clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: two}
spec: {selector: {app: two}, clusterIP: 10.96.0.2, ports: [{name: http, port: 80}, {name: tcp, port: 7000}]}
"""
POD = """
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}-{version}, labels: {{app: {name}, version: {version}}}}}
spec: {{containers: [{{name: main, image: x}}]}}
status: {{podIP: 10.244.{number}.{last}, phase: Running, conditions: [{{type: Ready, status: "True"}}]}}
"""
PODS = "".join(
    POD.format(name=name, version=version, number=number, last=last)
    for number, name in enumerate(("one", "two"), 1)
    for last, version in enumerate(SUBSETS, 1)
)


class Maker:
    """Draws rules and requests that have to do with each other."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one(self, *values: Any) -> Any:
        return self.random.choice(values)

    def often(self, share: float) -> bool:
        return self.random.random() < share

    def string(self, texts: tuple[str, ...], regexes: tuple[str, ...]) -> dict[str, str]:
        kind = self.one("exact", "prefix", "regex")
        texts = tuple(text for text in texts if text)
        found = {"exact": texts, "prefix": texts, "regex": tuple(one for one in regexes if one)}
        return {kind: self.one(*found[kind])}

    def condition(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.often(0.6):
            found["uri"] = self.string(PATHS, PATH_REGEXES)
            found["ignoreUriCase"] = self.often(0.3)
        for name in ("x", "y"):
            if self.often(0.35):
                found.setdefault("headers", {})[name] = self.one(self.string(TEXTS, REGEXES), {})
            elif self.often(0.15):
                found.setdefault("withoutHeaders", {})[name] = self.one(self.string(TEXTS, REGEXES), {})
        if self.often(0.25):
            found["queryParams"] = {self.one("q", "r"): self.one(self.string(TEXTS, REGEXES), {})}
        if self.often(0.2):
            found["method"] = self.one({"exact": "POST"}, {"regex": "P.*"}, {"prefix": "G"})
        if self.often(0.1):
            found["scheme"] = {"exact": self.one("http", "https")}
        if self.often(0.15):
            found["authority"] = self.one(
                {"prefix": "one"}, {"regex": ".*:80"}, {"exact": "two"}, {"exact": "one:80"}
            )
        return found

    def rule(self) -> dict[str, Any]:
        rule: dict[str, Any] = {}
        if self.often(0.8):
            rule["match"] = [self.condition() for _ in range(self.one(1, 1, 2))]
            rule["match"] = [one for one in rule["match"] if one] or [{"uri": {"prefix": "/"}}]
        kind = self.random.random()
        if kind < 0.1:
            rule["redirect"] = {"uri": self.one("/new", "/other"), "redirectCode": self.one(301, 302)}
        elif kind < 0.2:
            rule["directResponse"] = {"status": self.one(403, 418), "body": {"string": "no"}}
        else:
            chosen = self.random.sample(SUBSETS, self.one(1, 1, 2))
            rule["route"] = [
                {
                    "destination": {"host": self.one("one", "two"), "subset": subset},
                    "weight": 100 // len(chosen),
                }
                for subset in chosen
            ]
            self._policies(rule)
        return rule

    def _policies(self, rule: dict[str, Any]) -> None:
        if self.often(0.3):
            rule["timeout"] = self.one("1s", "2s")
        if self.often(0.2):
            rule["retries"] = {"attempts": self.one(0, 3)}
        if self.often(0.2):
            rule["rewrite"] = {"uri": self.one("/", "/z")}
        if self.often(0.2):
            rule["fault"] = {"abort": {"httpStatus": 500, "percentage": {"value": self.one(50, 100)}}}
        if self.often(0.2):
            rule["headers"] = {"request": {"set": {"h": self.one("1", "2")}}}
        if self.often(0.1):
            rule["mirror"] = {"host": "two"}

    def rules(self) -> list[dict[str, Any]]:
        return [self.rule() for _ in range(self.random.randint(1, 5))]

    def edited(self, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Change one thing, or everything."""
        found = msgspec.json.decode(msgspec.json.encode(rules))
        for _ in range(self.one(0, 1, 1, 2)):
            place = self.random.randrange(len(found) + 1)
            kind = self.random.random()
            if kind < 0.25:
                found.insert(place, self.rule())
            elif kind < 0.45 and len(found) > 1:
                found.pop(place % len(found))
            elif kind < 0.6 and len(found) > 1:
                self.random.shuffle(found)
            elif kind < 0.75:
                found[place % len(found)]["match"] = [self.condition() or {"uri": {"prefix": "/a"}}]
            else:
                found[place % len(found)] = self.rule()
        return found

    def mesh(self, rules: list[dict[str, Any]], hosts: list[str], subsets: int, *, loaded: bool) -> Mesh:
        service = {
            "apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "v"},
            "spec": {"hosts": hosts, "gateways": ["mesh", "gw"], "http": rules},
        }  # fmt: skip
        destinations = [
            {
                "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": host},
                "spec": {
                    "host": host,
                    "subsets": [{"name": name, "labels": {"version": name}} for name in SUBSETS[:subsets]],
                    **({"trafficPolicy": {"connectionPool": {"http": {"maxRetries": 1}}}} if loaded else {}),
                },
            }
            for host in ("one", "two")
        ]  # fmt: skip
        gateway = {
            "apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "gw"},
            "spec": {
                "selector": {"istio": "gw"},
                "servers": [{"port": {"number": 8080, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}],
            },
        }  # fmt: skip
        return load([BASE + PODS, service, *destinations, gateway])

    def request(self) -> Request:
        headers = [(name, self.one(*TEXTS, "aa", "aaab", "z")) for name in ("x", "y", "x") if self.often(0.4)]
        if self.often(0.1):
            headers.append(("x-forwarded-proto", self.one("http", "https", "ftp")))
        query = "&".join(f"{self.one('q', 'r')}={self.one(*TEXTS)}" for _ in range(self.one(0, 0, 1, 2)))
        path = self.one(*PATHS, "/a/b/c", "/ABC", "/abd", "/a/../b", "//a", "/%61")
        return Request(
            method=self.one("GET", "GET", "POST", "PUT", "PATCH"),
            authority=self.one("one", "two", "one:80", "two:80", "one.default", "ONE", "x.example", "other"),
            path=f"{path}?{query}" if query else path,
            headers=tuple(headers),
        )

    def connection(self, proxy: Proxy) -> Connection:
        if proxy.type == "router":
            return Connection(address=proxy.address, port=8080)
        return Connection(
            address=self.one("10.96.0.1", "10.96.0.2", "203.0.113.9"), port=self.one(80, 80, 80, 7000, 9999),
            captured_by=15001, payload=self.one("http", "http", "bytes"),
            tls=self.one(None, None, None, ClientHello(sni="x")),
        )  # fmt: skip


def received(mesh: Mesh, proxy: Proxy) -> Resources:
    view = view_of(mesh.db, proxy)
    clusters = resources(mesh.db, types.CLUSTER, view, None)
    return {
        types.CLUSTER: clusters,
        types.LISTENER: resources(mesh.db, types.LISTENER, view, None),
        types.ROUTE: resources(mesh.db, types.ROUTE, view, route_names(mesh.db, view)),
        types.ENDPOINT: resources(mesh.db, types.ENDPOINT, view, tuple(one.name for one in clusters)),
    }


def pair(maker: Maker) -> tuple[Mesh, Mesh]:
    rules = maker.rules()
    hosts = maker.one(["one"], ["one", "two"], ["*.example", "one"])
    other = maker.one(hosts, hosts, hosts, ["two"])
    subsets, more = maker.one(3, 3, 2), maker.one(3, 3, 2)
    old = maker.mesh(rules, hosts, subsets, loaded=False)
    return old, maker.mesh(maker.edited(rules), other, more, loaded=maker.often(0.1))


UNSEEN = ("destination.", "retries.")
"""What the simulator knows nothing of."""
SEEDS, REQUESTS = int(os.environ.get("LATEEN_PAIRS", "80")), 60


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("start", range(4))
def test_whatever_the_simulator_does_differently_is_reported(start: int) -> None:
    compared = different = reported = 0
    for seed in range(start, SEEDS, 4):
        maker = Maker(seed)
        meshes = pair(maker)
        for proxy in (SIDECAR, ROUTER):
            counts = check(maker, proxy, *(received(mesh, proxy) for mesh in meshes), f"seed {seed}")
            compared, different, reported = compared + REQUESTS, different + counts[0], reported + counts[1]
    print(f"{compared} requests, {different} treated differently, {reported} classes reported")
    assert different > compared // 40, "the generator draws pairs that are too alike"
    assert reported > SEEDS // 4


def check(maker: Maker, proxy: Proxy, old: Resources, new: Resources, place: str) -> tuple[int, int]:
    captured_by = None if proxy.type == "router" else 15001
    changes = compare(old, new, captured_by)
    sides = Configuration(old), Configuration(new)
    different = 0
    for _ in range(REQUESTS):
        connection, request = maker.connection(proxy), maker.request()
        sent = None if connection.payload == "bytes" else request
        before, after = (simulate(side, connection, sent) for side in sides)
        if outcomes(before) != outcomes(after):
            different += 1
            covering = [one for one in changes if one.covers(decision(before), decision(after))]
            assert covering, (place, proxy.type, connection, request, outcomes(before), outcomes(after))
    for change in changes:
        assert_true(change, *sides, place)
    return different, len(changes)


def assert_true(change: Change, old: Configuration, new: Configuration, place: str) -> None:
    assert not change.undecided, (place, change)
    assert change.differences, (place, change)
    if change.kind == "request":
        before, after = (simulate(side, change.connection, change.request) for side in (old, new))
        assert (decision(before), decision(after)) == (change.old, change.new), (place, change)
        policy_alone = all(any(part in name for part in UNSEEN) for name, _, _ in change.differences)
        assert policy_alone or outcomes(before) != outcomes(after), (place, change)
