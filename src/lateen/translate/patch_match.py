"""Whether a patch's conditions hold for a listener, a filter chain, a filter.

Names are compared as they are: Istio no longer takes a filter's former name (`envoy.router`) for the present one.
Source: pilot/pkg/networking/core/envoyfilter/listener_patch.go.
"""

from envoy.config.listener.v3.listener_components_pb2 import Filter, FilterChain, ListenerFilter
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import HttpFilter

from lateen.api.envoy_filter import FilterChainMatch
from lateen.translate import names
from lateen.translate.patch import Patch

_VIRTUAL = frozenset({names.VIRTUAL_INBOUND, names.VIRTUAL_OUTBOUND})


def is_listener(listener: Listener, patch: Patch) -> bool:
    """Compare name and port; a captured listener has many ports, which are its chains'."""
    match = patch.listener
    if match.name and match.name != listener.name:
        return False
    if not match.port_number or (patch.apply_to != "LISTENER" and listener.name in _VIRTUAL):
        return True
    return listener.address.socket_address.port_value == match.port_number


def is_chain(listener: Listener, chain: FilterChain, patch: Patch) -> bool:
    """Compare a chain of a listener that matches."""
    port = patch.listener.port_number
    if port and listener.name in _VIRTUAL and chain.filter_chain_match.destination_port.value != port:
        return False
    match = patch.listener.filter_chain
    return match is None or _is_chain(chain, match)


def _is_chain(chain: FilterChain, match: FilterChainMatch) -> bool:
    have = chain.filter_chain_match
    protocols = match.application_protocols.split(",") if match.application_protocols else ()
    return (
        (not match.name or match.name == chain.name)
        and (not match.sni or match.sni in have.server_names)
        and (not match.transport_protocol or match.transport_protocol == have.transport_protocol)
        and all(one in have.application_protocols for one in protocols)
        and (not match.destination_port or match.destination_port == have.destination_port.value)
    )


def names_listener_filter(patch: Patch) -> bool:
    """Tell whether the patch names a listener filter."""
    return bool(patch.listener.listener_filter)


def is_listener_filter(one: ListenerFilter, patch: Patch) -> bool:
    """Compare a listener filter, if one is named."""
    return not names_listener_filter(patch) or one.name == patch.listener.listener_filter


def names_network_filter(patch: Patch) -> bool:
    """Tell whether the patch names a network filter."""
    return patch.filter is not None


def is_network_filter(one: Filter, patch: Patch) -> bool:
    """Compare a network filter, if one is named."""
    return patch.filter is None or one.name == (patch.filter.name or "")


def names_http_filter(patch: Patch) -> bool:
    """Tell whether the patch names an HTTP filter."""
    return patch.filter is not None and patch.filter.sub_filter is not None


def is_http_filter(one: HttpFilter, patch: Patch) -> bool:
    """Compare an HTTP filter, if one is named."""
    if patch.filter is None or patch.filter.sub_filter is None:
        return True
    return one.name == (patch.filter.sub_filter.name or "")
