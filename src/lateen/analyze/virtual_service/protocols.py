"""LAT0102: HTTP rules for a port that the proxy does not read as HTTP."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.analyze.virtual_service.arrival import is_mesh, is_read_as_http, services_of
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database
from lateen.model.service import Port, Registry, Service


def protocols(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell where the HTTP rules of a VirtualService for sidecars cannot apply."""
    one = virtual_service(db, ref)
    if one is None or not one.spec.http or not is_mesh(one):
        return ()
    return tuple(finding for service in services_of(db, one) for finding in _judged(one, service))


def _judged(one: Object[VirtualService], service: Service) -> Iterator[Finding]:
    if service.ports and not any(map(is_read_as_http, service.ports)):
        shown = joined(_described(port) for port in service.ports)
        message = f"the http rules are ignored for {service.host}: no port of it is read as HTTP ({shown})"
        yield found(Code.HTTP_RULES_IGNORED, one.ref, "spec.http", message, _hint(service, service.ports[0]))
        return
    for index, rule in enumerate(one.spec.http):
        for place, condition in enumerate(rule.match):
            port = service.port(condition.port or 0)
            if port is not None and not is_read_as_http(port):
                message = f"the match is ignored for {service.host}: {_described(port)}"
                path = f"spec.http[{index}].match[{place}].port"
                yield found(Code.HTTP_RULES_IGNORED, one.ref, path, message, _hint(service, port))


def _described(port: Port) -> str:
    return f"port {port.number}, named {port.name or 'nothing'}, is {port.protocol}"


def _hint(service: Service, port: Port) -> str:
    where = f"{service.origin.kind} {service.origin.namespace}/{service.origin.name}"
    if service.registry is Registry.KUBERNETES:
        return f"if it speaks HTTP, call the port http or http-… in {where}, or set appProtocol: http"
    return f"if it speaks HTTP, set protocol: HTTP for port {port.number} in {where}"
