"""Why a request goes where it goes: the simulator's trace, told with the YAML behind each step."""

from collections.abc import Iterable, Iterator

import msgspec

from lateen.api import facts
from lateen.api.meta import Ref
from lateen.engine import Database
from lateen.model.defaults import INBOUND_PORT
from lateen.model.pod_proxy import is_gateway, proxy_of
from lateen.model.view import Proxy, View, view_of
from lateen.model.workload import workload
from lateen.simulate import explain_notes as notes
from lateen.simulate import request as wire
from lateen.simulate.explain_configuration import CompiledConfiguration
from lateen.simulate.explain_flags import meaning
from lateen.simulate.explain_origins import Origin
from lateen.simulate.explain_policy import cluster_settings, route_settings
from lateen.simulate.explain_request import Request, Sent, sent
from lateen.simulate.explain_steps import Teller
from lateen.simulate.explain_types import Explanation, Hop, Result, Setting, Side, Step
from lateen.simulate.simulation import simulate
from lateen.simulate.trace import NetworkFilterReached, Outcome, Trace
from lateen.translate.names import HTTP_CONNECTION_MANAGER, TLS_TRANSPORT_SOCKET


def explain(db: Database, request: Request, proxy: Proxy) -> Explanation:
    """Follow a request from a workload's application, or from outside into a gateway.

    Args:
        db: the facts.
        request: what is sent.
        proxy: the proxy that it meets first.

    Raises:
        RequestError: the request cannot be made.
    """
    view = view_of(db, proxy)
    first = sent(db, request, proxy, view)
    configuration = CompiledConfiguration(db, view, first.connection)
    trace = simulate(configuration, first.connection, first.request)
    side: Side = "gateway" if view.is_router else "sidecar"
    hops = [_hop(db, proxy, first, trace, side)]
    if not trace.steps and first.connection.captured_by is None and side == "sidecar":
        return Explanation(request=str(request), source=_name(proxy), hops=(_direct(proxy, first, trace),))
    hops += _server(db, first, trace, configuration)
    return Explanation(request=str(request), source=_name(proxy), hops=tuple(hops))


def _name(proxy: Proxy) -> str:
    return f"{proxy.name}.{proxy.namespace}"


def _direct(proxy: Proxy, first: Sent, trace: Trace) -> Hop:
    step = Step(step="note", subject="a connection to the workload itself does not pass its proxy")
    return Hop(proxy=_name(proxy), side="sidecar", steps=(first.step, step), results=(), trace=trace)


def _hop(db: Database, proxy: Proxy, first: Sent, trace: Trace, side: Side) -> Hop:
    view = view_of(db, proxy)
    teller = Teller(db=db, view=view, port=first.connection.port, service=first.service, taken=[])
    told = [step for one in trace.steps for step in teller.tell(one)]
    used = frozenset(origin.ref for origin in teller.origins if origin.rule)
    is_http = any(
        isinstance(s, NetworkFilterReached) and s.name == HTTP_CONNECTION_MANAGER for s in trace.steps
    )
    told += notes.scope_notes(db, view, first.service)
    told += notes.virtual_service_notes(db, view, first.service, used, is_http=is_http)
    for cluster in dict.fromkeys(one.cluster for one in trace.outcomes):
        told += notes.destination_rule_notes(db, view, cluster)
    if not trace.steps:
        told.append(
            Step(
                step="listener",
                subject=f"port {first.connection.port}",
                reason="nothing listens there",
                taken=False,
            )
        )
    results = tuple(_result(db, view, one, teller) for one in trace.outcomes)
    return Hop(proxy=_name(proxy), side=side, steps=(first.step, *told), results=results, trace=trace)


def _result(db: Database, view: View, one: Outcome, teller: Teller) -> Result:
    origin = teller.origin_of(one.route)
    return Result(
        kind=one.kind,
        probability=one.probability,
        status=one.status,
        flag=one.flag,
        meaning=meaning(one.flag),
        location=one.location,
        body=one.body,
        cluster=one.cluster,
        path=one.path,
        authority=one.authority,
        request_headers=one.request_headers,
        response_headers=one.response_headers,
        endpoints=one.endpoints,
        workloads=tuple(_workload_at(db, target.address) for target in one.endpoints),
        mirrors=one.mirrors,
        delay=one.delay,
        settings=tuple(_settings(db, view, one, origin)),
    )


def _settings(db: Database, view: View, one: Outcome, origin: Origin | None) -> Iterator[Setting]:
    if one.kind != "cluster":
        return
    if origin is not None and one.timeout is not None:
        yield from route_settings(db, origin)
    yield from cluster_settings(db, view, one.cluster)


def _workload_at(db: Database, address: str) -> str:
    ref = _pod_at(db, address.rpartition(":")[0])
    return f"{ref.name}.{ref.namespace}" if ref else ""


def _pod_at(db: Database, address: str) -> Ref | None:
    for kind in ("Pod", "WorkloadEntry"):
        for ref in facts.refs(db, kind):
            found = workload(db, ref)
            if found is not None and found.address == address:
                return ref
    return None


def _server(db: Database, first: Sent, trace: Trace, configuration: CompiledConfiguration) -> Iterable[Hop]:
    """Follow the request into the sidecar of the first endpoint, if that is a pod with one."""
    likely = trace.outcome
    target = max(likely.endpoints, key=lambda one: one.share, default=None)
    address, _, port = target.address.rpartition(":") if target else ("", "", "")
    ref = _pod_at(db, address) if port.isdigit() else None
    pod = facts.get(db, ref) if ref is not None and ref.kind == "Pod" else None
    if pod is None or is_gateway(pod):
        return
    proxy = msgspec.structs.replace(proxy_of(pod), address=address)
    view = view_of(db, proxy)
    connection = msgspec.structs.replace(
        first.connection,
        address=address,
        port=int(port),
        captured_by=INBOUND_PORT,
        tls=_upstream_tls(first, likely, configuration),
    )
    request = _forwarded(first.request, likely) if first.request is not None else None
    inner = CompiledConfiguration(db, view, connection)
    onward = Sent(
        connection, request, Step(step="resolution", subject=f"{address}:{port}", reason="the endpoint")
    )
    yield _hop(db, proxy, onward, simulate(inner, connection, request), "server")


def _forwarded(request: wire.Request, likely: Outcome) -> wire.Request:
    return msgspec.structs.replace(
        request,
        path=likely.path or request.path,
        authority=likely.authority or request.authority,
        headers=likely.request_headers or request.headers,
    )


def _upstream_tls(
    first: Sent, likely: Outcome, configuration: CompiledConfiguration
) -> wire.ClientHello | None:
    cluster = configuration.cluster(likely.cluster)
    if cluster is not None and cluster.transport_socket.name == TLS_TRANSPORT_SOCKET:
        return wire.ClientHello(sni=likely.authority.partition(":")[0])
    return first.connection.tls if first.request is None else None
