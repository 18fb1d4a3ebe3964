"""A sidecar's outbound listeners, from what the model says of them to bytes.

Listeners of few chains are remembered: proxies and meshes that differ otherwise have many of them in common.
"""

from functools import lru_cache

from envoy.config.listener.v3.listener_components_pb2 import Filter
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.model.filter_chain_match import PLAINTEXT_HTTP, ChainMatch
from lateen.model.http_settings import HttpSettings
from lateen.model.outbound import HTTP_PROXY_ROUTES, CatchAll, Chain, OutboundListener, Unknown
from lateen.model.protocol import Protocol
from lateen.model.routing_view import ProxyHeaders
from lateen.translate import listener, message, names
from lateen.translate.dns_cache import ALLOW_ANY_CACHE, dns_cache_name
from lateen.translate.http_connection_manager import Http, http_filter
from lateen.translate.listener import ListenerSettings, Spec
from lateen.translate.route_configuration import route_configuration
from lateen.translate.tcp_proxy import cluster_filter, cluster_of, forwarding_filters, name_lookup
from lateen.translate.virtual_host import catch_all as catch_all_host

FEW = 8
"""A listener of so many chains, some kilobytes, may be remembered."""
_RECENT = 2**8


def outbound_listener(
    one: OutboundListener, settings: ListenerSettings, http: HttpSettings, unknown: CatchAll
) -> bytes:
    """Return one outbound listener; what no chain takes is treated as unknown traffic."""
    make = _recent_listener if len(one.chains) <= FEW else _listener
    return make(one, settings, http, unknown)


def _listener(
    one: OutboundListener, settings: ListenerSettings, http: HttpSettings, unknown: CatchAll
) -> bytes:
    where = (one.bind, one.port)
    specs = [_spec(chain, where, http, unknown) for chain in one.chains]
    default = [unknown_filter(unknown, http)]
    built = listener.outbound(where, specs, default, settings, bound=one.bound)
    return message.serialized(listener.also_at(built, one.also, one.port))


_recent_listener = lru_cache(_RECENT)(_listener)


def http_proxy(
    where: tuple[str, int],
    also: tuple[str, ...],
    settings: ListenerSettings,
    http: HttpSettings,
    unknown: CatchAll,
) -> bytes:
    """Return the listener of the explicit HTTP proxy on the loopback address, and on that of the other family."""
    chain = Chain(routes=HTTP_PROXY_ROUTES, protocol=Protocol.HTTP_PROXY)
    specs = [_spec(chain, where, http, unknown)]
    built = listener.outbound(where, specs, [], settings, bound=True)
    return message.serialized(listener.also_at(built, also, where[1]))


@lru_cache(_RECENT)
def virtual_outbound(
    port: int, settings: ListenerSettings, http: HttpSettings, unknown: CatchAll, headers: ProxyHeaders
) -> bytes:
    """Return the listener that captured outbound connections reach first.

    Args:
        port: where they are redirected to.
        settings: of every listener.
        http: of every outbound connection manager.
        unknown: what happens to connections that no listener takes.
        headers: what the routes of unknown hosts say of the request.
    """
    specs = []
    if unknown.unknown is Unknown.RESOLVE:
        specs.append(_resolving(http, unknown, headers))
    specs.append(Spec(filters=[unknown_filter(unknown, http)], name=names.OUTBOUND_CATCH_ALL_CHAIN))
    return message.serialized(listener.virtual_outbound(port, specs, settings))


def unknown_filter(unknown: CatchAll, http: HttpSettings) -> Filter:
    """Return the filter for connections that no service claims."""
    cluster = names.PASSTHROUGH
    if unknown.unknown is Unknown.DROP:
        cluster = names.BLACK_HOLE
    elif unknown.proxy is not None:
        cluster = cluster_of(unknown.proxy)
    return cluster_filter(cluster, http.access_log, http.idle_timeout)


def _spec(chain: Chain, where: tuple[str, int], http: HttpSettings, unknown: CatchAll) -> Spec:
    if chain.forwarding is not None:
        filters = forwarding_filters(chain.forwarding, chain.protocol, http.access_log)
        lookup = [name_lookup(chain.resolves, where[1], only_v6=http.only_v6)] if chain.resolves else []
        return Spec(match=chain.match, filters=[*lookup, *filters], origin=chain.origin)
    caches = (dns_cache_name(chain.resolves),) if chain.resolves else ()
    if unknown.unknown is Unknown.RESOLVE:
        caches = (*caches, ALLOW_ANY_CACHE)  # unknown hosts come to this port, too
    spoken = Http(
        stat_prefix=names.stats_prefix(f"outbound_{names.listener(*where)}"),
        routes=chain.routes,
        protocol=chain.protocol,
        absolute_urls=chain.routes == HTTP_PROXY_ROUTES,
        caches=caches,
    )
    return Spec(match=chain.match, filters=[http_filter(http, spoken)], origin=chain.origin)


def _resolving(http: HttpSettings, unknown: CatchAll, headers: ProxyHeaders) -> Spec:
    host = catch_all_host(unknown, attempt_count=headers.attempt_count, forwarded_host=headers.forwarded_host)
    pieces = route_configuration(names.ALLOW_ANY_DYNAMIC_DNS_HOST, [host])
    routes = RouteConfiguration.FromString(b"".join(pieces))
    prefix = f"outbound_{names.VIRTUAL_OUTBOUND}_{names.ALLOW_ANY_DYNAMIC_DNS_HOST}"
    spoken = Http(
        stat_prefix=names.stats_prefix(prefix),
        protocol=Protocol.HTTP,
        caches=(ALLOW_ANY_CACHE,),
    )
    return Spec(
        match=ChainMatch(application_protocols=PLAINTEXT_HTTP),
        filters=[http_filter(http, spoken, routes)],
        name=f"{names.OUTBOUND_CATCH_ALL_CHAIN}-http",
    )
