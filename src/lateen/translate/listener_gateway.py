"""A gateway's listeners, from what the model says of them to bytes."""

from collections.abc import Iterable

from lateen.model.gateway_chains import GatewayChain
from lateen.model.http_settings import HttpSettings
from lateen.model.tls_defaults import TlsDefaults
from lateen.translate import listener, message, names
from lateen.translate.downstream_tls import downstream_tls
from lateen.translate.http_connection_manager import Http, http_filter
from lateen.translate.listener import ListenerSettings, Spec
from lateen.translate.tcp_proxy import forwarding_filters


def gateway_listener(
    where: tuple[str, int],
    chains: Iterable[GatewayChain],
    settings: ListenerSettings,
    http: HttpSettings,
    defaults: TlsDefaults,
) -> bytes:
    """Return one gateway listener.

    Args:
        where: address (or `unix://` path) and port.
        chains: its chains, no two with the same conditions.
        settings: of every listener.
        http: of every connection manager of a gateway.
        defaults: what the mesh says about TLS.
    """
    specs = [_spec(chain, where, http, defaults) for chain in chains]
    return message.serialized(listener.gateway(where, specs, settings))


def _spec(chain: GatewayChain, where: tuple[str, int], http: HttpSettings, defaults: TlsDefaults) -> Spec:
    tls = downstream_tls(chain.tls, defaults, is_http=chain.forwarding is None) if chain.tls else None
    if chain.forwarding is not None:
        filters = forwarding_filters(chain.forwarding, chain.protocol, http.access_log)
    else:
        prefix = chain.name or names.stats_prefix(f"outbound_{names.listener(*where)}")
        spoken = Http(stat_prefix=prefix, routes=chain.routes, protocol=chain.protocol)
        filters = [http_filter(http, spoken)]
    return Spec(match=chain.match, filters=filters, tls=tls, origin=chain.origin)
