"""Objects that rules speak of but files do not have, so that rules can be tried alone."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lateen.api import facts
from lateen.api.decode import decode
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database
from lateen.model import host as hosts
from lateen.model.defaults import CLUSTER_DOMAIN
from lateen.model.service import by_host
from lateen.sources.load import Entry
from lateen.sources.origin import Origin
from lateen.sources.yaml import Document

API = "networking.istio.io/v1"
NOWHERE = Origin(Document("<imagined>", 1, ""))
LABELS = {"lateen.io/imagined": "gateway"}
"""Labels of the gateways that are imagined."""
HTTP_PORT = 80
MESH = "mesh"


def entry(value: Mapping[str, Any], namespace: str = "") -> Entry:
    """Make an object of a source of plain values."""
    decoded = decode(dict(value), namespace)
    assert decoded.ref is not None
    return Entry(decoded.ref, NOWHERE, decoded.object)


def missing(db: Database) -> list[Entry]:
    """Return Services, ServiceEntries and Gateways for whatever VirtualServices name and nobody has."""
    known = by_host(db)
    ports: dict[str, set[int]] = {}
    gateways: dict[Ref, None] = {}
    for obj in virtual_services(db):
        for host, port in _named(obj):
            if host != "*" and host not in known:
                ports.setdefault(host, {HTTP_PORT}).add(port)
        for name in obj.spec.gateways:
            gateways.setdefault(gateway_ref(name, obj.meta.namespace))
    there = set(facts.refs(db, "Gateway"))
    made = [entry(_service(host, sorted(several))) for host, several in ports.items()]
    return [*made, *(entry(_gateway(ref)) for ref in gateways if ref.name != MESH and ref not in there)]


def virtual_services(db: Database) -> Iterator[Object[VirtualService]]:
    """Yield the VirtualServices in force."""
    for ref in facts.refs(db, "VirtualService"):
        found = facts.get(db, ref)
        if found is not None and isinstance(found.spec, VirtualService):
            yield found


def gateway_ref(name: str, namespace: str) -> Ref:
    """Read a gateway's name as a VirtualService writes it."""
    space, _, short = name.rpartition("/")
    return Ref("Gateway", space or namespace, short)


def _named(obj: Object[VirtualService]) -> Iterator[tuple[str, int]]:
    space = obj.meta.namespace
    for host in obj.spec.hosts:
        yield hosts.fqdn(host, space, CLUSTER_DOMAIN), HTTP_PORT
    for rule in obj.spec.http:
        targets = [one.destination for one in rule.route]
        targets += [one.destination for one in rule.mirrors]
        if rule.mirror is not None:
            targets.append(rule.mirror)
        for target in targets:
            if target is not None and target.host:
                number = target.port.number if target.port is not None else None
                yield hosts.fqdn(target.host, space, CLUSTER_DOMAIN), number or HTTP_PORT


def _service(host: str, numbers: Iterable[int]) -> dict[str, Any]:
    ports = [{"name": f"http-{number}", "port": number} for number in numbers]
    name, _, rest = host.partition(".")
    space, _, domain = rest.partition(".")
    if domain == f"svc.{CLUSTER_DOMAIN}":
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": space},
            "spec": {"ports": ports},
        }
    return {
        "apiVersion": API,
        "kind": "ServiceEntry",
        "metadata": {"name": host.replace("*", "any").lower(), "namespace": "default"},
        "spec": {
            "hosts": [host],
            "location": "MESH_EXTERNAL",
            "resolution": "NONE",
            "ports": [{"name": port["name"], "number": port["port"], "protocol": "HTTP"} for port in ports],
        },
    }


def _gateway(ref: Ref) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": "Gateway",
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "spec": {
            "selector": LABELS,
            "servers": [{"port": {"number": HTTP_PORT, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}],
        },
    }
