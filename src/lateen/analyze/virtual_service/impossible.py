"""LAT0103: conditions that no request meets."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.analyze.virtual_service.arrival import gateway_ports, http_ports, is_mesh, services_of
from lateen.analyze.virtual_service.containment import holds
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api.common import StringMatch
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import HTTPMatchRequest, VirtualService
from lateen.engine import Database
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.routing_match import is_presence
from lateen.model.virtual_services import gateway_name

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
Why = tuple[str, str, str]


def impossible(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which conditions of a VirtualService never hold."""
    one = virtual_service(db, ref)
    if one is None:
        return ()
    findings = []
    for index, rule in enumerate(one.spec.http):
        for place, condition in enumerate(rule.match):
            base = f"spec.http[{index}].match[{place}]"
            for path, why, hint in (*_of_request(condition), *_of_place(db, one, condition)):
                findings.append(
                    found(Code.NEVER_HOLDS, ref, f"{base}.{path}", f"the match never holds: {why}", hint)
                )
    return tuple(findings)


def _of_request(condition: HTTPMatchRequest) -> Iterator[Why]:
    yield from _of_path(condition.uri)
    method = condition.method.exact if condition.method else None
    if method and method not in METHODS and method.upper() in METHODS:
        yield "method", f"methods are written in capitals, {method} is none", f"exact: {method.upper()}"
    forbidden = {key.lower(): wanted for key, wanted in condition.without_headers.items()}
    for key, wanted in condition.headers.items():
        unwanted = forbidden.get(key.lower())
        if unwanted is not None and _excludes(unwanted, wanted):
            yield (
                f"withoutHeaders[{key}]",
                f"it asks for the header {key} and forbids it",
                "remove one of the two",
            )


def _excludes(unwanted: StringMatch, wanted: StringMatch) -> bool:
    return (
        is_presence(unwanted)
        or unwanted == wanted
        or (wanted.exact is not None and holds(unwanted, wanted.exact))
    )


def _of_path(uri: StringMatch | None) -> Iterator[Why]:
    if uri is None or is_presence(uri):
        return
    text = uri.exact if uri.exact is not None else uri.prefix
    if text is None:
        return
    if "?" in text:
        yield "uri", "the query is not part of uri", "match it with queryParams"
    elif "#" in text:
        yield "uri", "clients do not send what follows #", ""
    elif text and not text.startswith("/") and (text != "*" or uri.prefix is not None):
        yield "uri", f"paths begin with /, {text} does not", f"write /{text}"


def _of_place(db: Database, one: Object[VirtualService], condition: HTTPMatchRequest) -> Iterator[Why]:
    bound = [gateway_name(name, one.meta.namespace) for name in one.spec.gateways] or [MESH_GATEWAY]
    if one.spec.hosts and condition.gateways:
        asked = [gateway_name(name, one.meta.namespace) for name in condition.gateways]
        if not set(asked) & set(bound):
            yield (
                "gateways",
                f"the VirtualService is not bound to {joined(condition.gateways)}",
                "add it to spec.gateways",
            )
    if condition.port and one.spec.hosts:
        ports = _ports(db, one)
        if ports and condition.port not in ports:
            yield (
                "port",
                f"no request comes in on port {condition.port}",
                f"the ports are {joined(sorted(ports))}",
            )


def _ports(db: Database, one: Object[VirtualService]) -> frozenset[int]:
    """Return the ports that requests may come in on; empty when not every host is known."""
    own = services_of(db, one)
    if is_mesh(one) and len(own) != len(one.spec.hosts):
        return frozenset()
    every = frozenset(port.number for service in own for port in service.ports)
    return gateway_ports(db, one) | (every | http_ports(own) if is_mesh(one) else frozenset())
