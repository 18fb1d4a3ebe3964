"""The listeners of a proxy: one query, and one resource, for each.

Routes are fetched by name, so an edit of a VirtualService's HTTP routes changes nothing here.
"""

from collections.abc import Iterable, Iterator

from lateen.api import facts
from lateen.compile import patches
from lateen.compile.patches import Part
from lateen.compile.resource import Resource, resource
from lateen.engine import Database, query
from lateen.model import mesh, scope
from lateen.model.envoy_filters import Context
from lateen.model.families import also_own_host, bound, loopback, wildcard
from lateen.model.gateway import gateway_listeners
from lateen.model.gateway_chains import gateway_chains
from lateen.model.http_settings import Side, http_settings, limits
from lateen.model.inbound import InboundChain, any_port_stat_name, inbound_chains
from lateen.model.outbound import catch_all, outbound_addresses, outbound_listener
from lateen.model.outbound_view import outbound_view
from lateen.model.routing_view import proxy_headers
from lateen.model.tls_defaults import tls_defaults
from lateen.model.view import View
from lateen.translate import listener_gateway, listener_inbound, listener_outbound, names
from lateen.translate.listener import ListenerSettings


@query
def listeners(db: Database, view: View) -> tuple[Resource, ...]:
    """Return every listener that a proxy gets, sorted by name."""
    found = patches.listeners(db, view, parts(db, view))
    return tuple(found[name] for name in sorted(found))


def parts(db: Database, view: View) -> Iterable[Part]:
    """Return every listener that is made for a proxy, before patches."""
    return _of_gateway(db, view) if view.is_router else _of_sidecar(db, view)


def _of_gateway(db: Database, view: View) -> Iterable[Part]:
    return (Part(Context.GATEWAY, gateway, (view, one.bind, one.port)) for one in gateway_listeners(db, view))


def _of_sidecar(db: Database, view: View) -> Iterator[Part]:
    seen = outbound_view(db, view)
    for bind, port in outbound_addresses(db, seen):
        yield Part(Context.SIDECAR_OUTBOUND, outbound, (seen, bind, port))
    yield Part(Context.SIDECAR_OUTBOUND, http_proxy, (seen,))
    for chain in inbound_chains(db, view):
        if chain.bound:
            yield Part(Context.SIDECAR_INBOUND, bound_inbound, (view, chain))
    if view.interception != mesh.NO_INTERCEPTION:
        yield Part(Context.SIDECAR_OUTBOUND, virtual_outbound, (seen,))
        yield Part(Context.SIDECAR_INBOUND, virtual_inbound, (view,))


@query
def outbound(db: Database, view: View, bind: str, port: int) -> Resource | None:
    """Return one outbound listener of a sidecar; `view` is an outbound view."""
    one = outbound_listener(db, view, bind, port)
    if one is None or not one.chains:
        return None
    unknown = catch_all(db, scope.scope_of(db, view))
    http = http_settings(db, view, Side.OUTBOUND)
    body = listener_outbound.outbound_listener(one, settings(db, view), http, unknown)
    return resource(names.listener(bind, port), body)


@query
def http_proxy(db: Database, view: View) -> Resource | None:
    """Return the listener of the explicit HTTP proxy, when the mesh or the proxy has one."""
    port = mesh.http_proxy_port(db, view)
    if not port:
        return None
    unknown = catch_all(db, scope.scope_of(db, view))
    http = http_settings(db, view, Side.OUTBOUND)
    where = (loopback(view.families), port)
    also = also_own_host(view.families)
    body = listener_outbound.http_proxy(where, also, settings(db, view), http, unknown)
    return resource(names.listener(*where), body)


@query
def virtual_outbound(db: Database, view: View) -> Resource:
    """Return the listener that captured outbound connections reach first."""
    port, _ = mesh.listen_ports(db)
    unknown = catch_all(db, scope.scope_of(db, view))
    http = http_settings(db, view, Side.OUTBOUND)
    headers = proxy_headers(db, view)
    body = listener_outbound.virtual_outbound(port, settings(db, view), http, unknown, headers)
    return resource(names.VIRTUAL_OUTBOUND, body)


@query
def virtual_inbound(db: Database, view: View) -> Resource:
    """Return the listener that captured inbound connections reach."""
    _, port = mesh.listen_ports(db)
    chains = tuple(chain for chain in inbound_chains(db, view) if not chain.bound)
    body = listener_inbound.virtual_inbound(port, chains, _inbound_settings(db, view))
    return resource(names.VIRTUAL_INBOUND, body)


@query
def bound_inbound(db: Database, view: View, chain: InboundChain) -> Resource:
    """Return the listener of one inbound port that is opened for real."""
    body = listener_inbound.bound_inbound(chain, _inbound_settings(db, view))
    return resource(names.listener(chain.bind, chain.port), body)


@query
def gateway(db: Database, view: View, bind: str, port: int) -> Resource | None:
    """Return one listener of a gateway; None when nothing is routed there."""
    chains = gateway_chains(db, view, bind, port)
    if not chains:
        return None
    http = http_settings(db, view, Side.GATEWAY)
    where = (bound(view.families, bind), port)
    body = listener_gateway.gateway_listener(where, chains, settings(db, view), http, tls_defaults(db))
    return resource(names.listener(*where), body)


@query
def settings(db: Database, view: View) -> ListenerSettings:
    """Return what the mesh and the proxy say about every listener."""
    return ListenerSettings(
        detection_timeout=mesh.detection_timeout(db),
        log=mesh.listener_log(db),
        transparent=view.interception == mesh.TRANSPARENT,
        buffer_bytes=limits(db, view).buffer_bytes if view.is_router else None,
        proxy_protocol=view.is_router and mesh.proxy_protocol(db, view),
        wildcard=wildcard(view.families),
    )


@query
def _inbound_settings(db: Database, view: View) -> listener_inbound.InboundSettings:
    http = http_settings(db, view, Side.INBOUND)
    return listener_inbound.InboundSettings(
        listener=settings(db, view),
        http=http,
        retries=facts.mesh_config(db).default_inbound_http_retry_policy,
        any_port_stat_name=any_port_stat_name(db),
    )
