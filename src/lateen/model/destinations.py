"""Which services a VirtualService sends requests to: what a Sidecar's scope imports along with it."""

from collections.abc import Iterator

from lateen.api import facts
from lateen.api.common import Destination
from lateen.api.meta import Ref
from lateen.api.virtual_service import HTTPRoute, VirtualService
from lateen.engine import Database, query
from lateen.model import host as hosts

EVERY_PORT = 0


@query
def destinations(db: Database, ref: Ref, source_namespace: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return (host, ports) for each host that a root VirtualService and its delegates may send to.

    HTTP routes whose matches name source namespaces, and not this one, are left out, even beside a match that names none;
    ports is empty when every port of the service may be meant (pilot/pkg/model/virtualservice.go
    virtualServiceDestinationsFilteredBySourceNamespace).
    """
    found: dict[str, set[int]] = {}
    for host, port in _all(db, ref, source_namespace):
        found.setdefault(host, set()).add(port)
    return tuple(
        (host, () if EVERY_PORT in ports else tuple(sorted(ports))) for host, ports in sorted(found.items())
    )


def _all(db: Database, ref: Ref, source_namespace: str) -> Iterator[tuple[str, int]]:
    root = facts.get(db, ref)
    if root is None or not isinstance(root.spec, VirtualService):
        return
    for destination in _direct(root.spec, source_namespace):
        yield _resolved(destination, ref.namespace)
    for route in root.spec.http:
        if route.delegate is not None and _may_match(route, source_namespace):
            yield from _delegated(db, route, ref, source_namespace)


def _delegated(db: Database, route: HTTPRoute, root: Ref, source_namespace: str) -> Iterator[tuple[str, int]]:
    assert route.delegate is not None
    ref = Ref("VirtualService", route.delegate.namespace or root.namespace, route.delegate.name or "")
    delegate = facts.get(db, ref)
    if delegate is not None and isinstance(delegate.spec, VirtualService) and not delegate.spec.hosts:
        for destination in _direct(delegate.spec, source_namespace):
            yield _resolved(destination, ref.namespace)


def _direct(spec: VirtualService, source_namespace: str) -> Iterator[Destination]:
    for http in spec.http:
        if _may_match(http, source_namespace):
            yield from _of_http(http)
    for tls in spec.tls:
        yield from (weighted.destination for weighted in tls.route if weighted.destination)
    for tcp in spec.tcp:
        yield from (weighted.destination for weighted in tcp.route if weighted.destination)


def _of_http(route: HTTPRoute) -> Iterator[Destination]:
    yield from (weighted.destination for weighted in route.route if weighted.destination)
    yield from (mirror.destination for mirror in route.mirrors if mirror.destination)
    if route.mirror is not None:
        yield route.mirror


def _may_match(route: HTTPRoute, source_namespace: str) -> bool:
    named = {match.source_namespace for match in route.match if match.source_namespace}
    return not named or source_namespace in named


def _resolved(destination: Destination, namespace: str) -> tuple[str, int]:
    port = destination.port.number if destination.port and destination.port.number else EVERY_PORT
    return hosts.canonical(destination.host, namespace), port
