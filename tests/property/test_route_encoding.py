"""Routes that are joined of encoded pieces are those that the protobuf library would have made of the same."""

from collections.abc import Iterator

from envoy.config.route.v3.route_components_pb2 import VirtualHost as Message
from hypothesis import HealthCheck, given, settings
from strategies import PROXIES, Json, meshes
from strategies.memory import read

from lateen.api import facts
from lateen.api.common import Destination, StringMatch
from lateen.api.meta import Ref
from lateen.api.virtual_service import HTTPMatchRequest, HTTPRoute, HTTPRouteDestination
from lateen.compile.routes import route_names
from lateen.engine import Database
from lateen.model import routing
from lateen.model.gateway_routing import gateway_virtual_hosts
from lateen.model.routing import Route, Source, Target, WeightedTarget
from lateen.model.routing_sidecar import VirtualHost, listener_of, virtual_hosts
from lateen.model.routing_view import routing_view
from lateen.model.view import View, view_of
from lateen.translate import virtual_host as write
from support import plain_routes


def found(db: Database, view: View) -> Iterator[VirtualHost]:
    for name in route_names(db, view):
        listener = listener_of(name)
        if view.is_router:
            yield from gateway_virtual_hosts(db, view, name) or ()
        elif listener is not None:
            yield from virtual_hosts(db, routing_view(db, view), listener)


@settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(meshes())
def test_routes_of_random_meshes(values: list[Json]) -> None:
    db = Database()
    facts.update(db, {one.ref: one for one in read(values)}.values())
    for proxy in PROXIES:
        view = view_of(db, proxy)
        for one in found(db, view):
            for count in (False, True):
                head = Message.FromString(write.head(one, attempt_count=count))
                assert head == plain_routes.head(one, attempt_count=count)
            for source in one.sources:
                assert_routes(db, one.made_for or view, source)


def assert_routes(db: Database, view: View, source: Source | routing.ServiceSource) -> None:
    if isinstance(source, Source):
        several = routing.routes(db, view, source)
        assert made(several) == plain_routes.with_routes(several)
        return
    only = routing.service_route(db, view, source.host, source.port)
    body = write.routes_of_service(only).ordinary
    assert Message.FromString(body) == plain_routes.service_route(only)


def made(several: tuple[Route, ...]) -> Message:
    found = write.routes(several)
    return Message.FromString(found.ordinary + found.catch_all)


def test_routes_with_what_is_empty_or_large() -> None:
    texts = ("", "x" * 200)
    paths = [StringMatch(**{kind: text}) for kind in ("exact", "prefix", "regex") for text in texts]
    conditions = [HTTPMatchRequest(uri=one, ignore_uri_case=case) for one in paths for case in (False, True)]
    one = HTTPRouteDestination(destination=Destination(host="h"), weight=1)
    target = Target("h" * 300, 80, "v1")
    several = tuple(
        Route(
            name=name,
            source=Source(Ref("VirtualService", "n", "v"), 80),
            condition=condition,
            http=HTTPRoute(route=(one,) * count, timeout=timeout),
            destinations=tuple(WeightedTarget(target=target, weight=2**31 - 1) for _ in range(count)),
        )
        for condition in conditions
        for name in texts
        for count in (1, 2)
        for timeout in (None, 1, 10**15 + 1)
    )
    assert len(several) == 144
    assert made(several) == plain_routes.with_routes(several)
