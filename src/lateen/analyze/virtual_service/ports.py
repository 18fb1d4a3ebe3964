"""IST0112, LAT0101: destinations without a port, of a service with several, or when the port of the request leads nowhere.

istiod looks a destination up among the services of the listener's port: without `destination.port` a sidecar keeps the
port, and a gateway does so when the service has several (spec: route.go GetDestinationCluster). The cluster of a port
that the service lacks does not exist, so the answer is 503 with the flag NC.
"""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.analyze.virtual_service.arrival import HTTP_PORT, gateway_ports, http_ports, is_mesh, services_of
from lateen.analyze.virtual_service.destinations import service_of
from lateen.analyze.virtual_service.walk import destinations, mirrors, virtual_service
from lateen.api.common import Destination
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import HTTPRoute, VirtualService
from lateen.engine import Database
from lateen.model.service import Resolution, Service


def ports(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which destinations need a port."""
    one = virtual_service(db, ref)
    if one is None:
        return ()
    by_rule = (finding for index in range(len(one.spec.http)) for finding in _of_rule(db, one, index))
    return (*by_rule, *_of_connections(db, one))


def _of_connections(db: Database, one: Object[VirtualService]) -> Iterator[Finding]:
    """Judge the destinations of TCP and TLS routes: those of services with several ports."""
    for path, destination in destinations(one.spec):
        service = service_of(db, destination.host, one.meta.namespace) if destination.port is None else None
        if path.startswith(("spec.tcp", "spec.tls")) and service is not None and len(service.ports) > 1:
            has = joined(port.number for port in service.ports)
            message = f"{service.host} has ports {has} and the destination names none, so connections keep the one that they came in on"
            yield found(
                Code.PORT_REQUIRED, one.ref, path, message, f"add port: {{number: {service.ports[0].number}}}"
            )


def _of_rule(db: Database, one: Object[VirtualService], index: int) -> Iterator[Finding]:
    rule = one.spec.http[index]
    for path, destination in _destinations(index, rule):
        service = service_of(db, destination.host, one.meta.namespace) if destination.port is None else None
        if service is not None and service.ports and service.resolution is not Resolution.ALIAS:
            yield from _judged(db, one, rule, path, service)


def _destinations(index: int, rule: HTTPRoute) -> Iterator[tuple[str, Destination]]:
    base = f"spec.http[{index}]"
    for place, weighted in enumerate(rule.route):
        if weighted.destination is not None:
            yield f"{base}.route[{place}].destination", weighted.destination
    yield from mirrors(base, rule)


def _judged(
    db: Database, one: Object[VirtualService], rule: HTTPRoute, path: str, service: Service
) -> Iterator[Finding]:
    """Tell of a port that is lost, and, as Istio does, of one that is not named where there are several."""
    kept = _incoming(db, one, rule, service)
    lost = sorted(number for number in kept if service.port(number) is None)
    several = len(service.ports) > 1
    if not lost and not several:
        return
    has = joined(port.number for port in service.ports)
    effect = (
        f"the port {joined(lost)} that they came in on and are answered 503 (NC)"
        if lost
        else "the one that they came in on"
    )
    message = f"{service.host} has port{'s' if several else ''} {has} and the destination names none, so requests keep {effect}"
    code = Code.PORT_REQUIRED if several else Code.PORT_KEPT
    yield found(code, one.ref, path, message, f"add port: {{number: {service.ports[0].number}}}")


def _incoming(db: Database, one: Object[VirtualService], rule: HTTPRoute, service: Service) -> frozenset[int]:
    """Return the ports that requests for the rule keep."""
    own = services_of(db, one)
    kept = frozenset[int]()
    if not one.spec.hosts:
        return kept  # a delegate: whoever delegates knows
    if is_mesh(one):
        named = http_ports(own)
        kept |= named or (frozenset() if own else frozenset({HTTP_PORT}))
    if len(service.ports) > 1:
        kept |= gateway_ports(db, one)
    asked = frozenset(condition.port for condition in rule.match if condition.port)
    return kept & asked if asked and all(condition.port for condition in rule.match) else kept
