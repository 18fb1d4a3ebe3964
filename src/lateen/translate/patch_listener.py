"""Patches of listeners, filter chains and filters.

Levels from the outside in, each over what the one before has left: the listener, its listener filters, its chains, their
network filters, the HTTP filters of a connection manager; at each, first what adds and removes, then what merges. Whole
chains come last. Source: pilot/pkg/networking/core/envoyfilter/listener_patch.go.
"""

from collections.abc import Iterable
from functools import partial

from envoy.config.listener.v3.listener_components_pb2 import Filter, FilterChain
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import (
    HttpConnectionManager,
)

from lateen.model.envoy_filters import Context
from lateen.translate import message, names
from lateen.translate import patch_match as is_
from lateen.translate.patch import Patch, Patched
from lateen.translate.patch_list import edited, replace_all
from lateen.translate.patch_route import patch_route_configuration
from lateen.translate.patch_run import Run


def touches(name: str, context: Context, patches: Iterable[Patch]) -> bool:
    """Tell whether any patch could change a listener; cheap, without opening it."""
    return any(one.is_for(context) and one.listener.name in (None, "", name) for one in patches)


def patched(name: str, body: bytes, context: Context, patches: Iterable[Patch]) -> Patched:
    """Return a listener after all patches.

    Args:
        name: of the listener.
        body: the listener.
        context: what it is for.
        patches: for listeners and what is in them; on a sidecar's inbound side also for routes, which are inline there.
    """
    listener, run = Listener.FromString(body), Run(context, patches)
    if context == Context.SIDECAR_INBOUND:
        _patch_inline_routes(run, listener)
    if not _patch_listener(run, listener):
        return Patched(name, None, run.failures)
    _patch_listener_filters(run, listener)
    _patch_chains(run, listener)
    return Patched(listener.name, message.serialized(listener), run.failures)


def added(context: Context, patches: Iterable[Patch]) -> list[tuple[str, bytes]]:
    """Return the listeners that patches add, with their names; one without a name cannot be sent."""
    mine = (one.message() for one in patches if one.apply_to == "LISTENER" and one.adds_in(context))
    return [(one.name, message.serialized(one)) for one in mine if isinstance(one, Listener) and one.name]


def _patch_listener(run: Run, listener: Listener) -> bool:
    """Merge into the listener; return False when it is to be removed."""
    for patch in run.of("LISTENER"):
        if is_.is_listener(listener, patch):
            if patch.operation == "REMOVE":
                return False
            if patch.merges:
                run.merge(listener, patch)
    return True


def _patch_listener_filters(run: Run, listener: Listener) -> None:
    for patch in run.of("LISTENER_FILTER"):
        if not is_.is_listener(listener, patch):
            continue
        named = is_.names_listener_filter(patch)
        items = list(listener.listener_filters)
        if patch.merges:
            for one in items:
                if named and is_.is_listener_filter(one, patch):
                    run.merge_filter(one, patch, renames=False)
            continue
        found = edited(items, patch, partial(is_.is_listener_filter, patch=patch), named=named)
        replace_all(listener.listener_filters, found)


def _patch_chains(run: Run, listener: Listener) -> None:
    kept = [one for one in listener.filter_chains if one.filters and _patch_chain(run, listener, one)]
    default = listener.default_filter_chain
    if default.filters and not _patch_chain(run, listener, default):
        listener.ClearField("default_filter_chain")
    more = []
    for patch in run.of("FILTER_CHAIN"):
        if patch.operation == "ADD" and is_.is_listener(listener, patch):
            chain = patch.message()
            assert isinstance(chain, FilterChain)
            more += [chain] if chain.filters else []
    replace_all(listener.filter_chains, [*kept, *more])


def _patch_chain(run: Run, listener: Listener, chain: FilterChain) -> bool:
    """Patch a filter chain; return False when it is to be removed."""
    for patch in run.of("FILTER_CHAIN"):
        if is_.is_listener(listener, patch) and is_.is_chain(listener, chain, patch):
            if patch.operation == "REMOVE":
                return False
            if patch.merges:
                _merge_chain(run, chain, patch)
    here = [one for one in run.of("NETWORK_FILTER", "HTTP_FILTER") if is_.is_listener(listener, one)]
    _patch_filters(run, chain, [one for one in here if is_.is_chain(listener, chain, one)])
    return True


def _merge_chain(run: Run, chain: FilterChain, patch: Patch) -> None:
    """Merge into a chain. A transport socket of the name that is there merges alone, the rest of the value is left out."""
    value = patch.message()
    assert isinstance(value, FilterChain)
    socket = value.transport_socket
    if chain.HasField("transport_socket") and socket.name and socket.name == chain.transport_socket.name:
        run.merge_transport_socket(chain.transport_socket, socket, patch)
    else:
        run.merge(chain, patch)


def _patch_filters(run: Run, chain: FilterChain, patches: list[Patch]) -> None:
    """Patch the network filters of a chain; all patches are for this chain."""
    network = [one for one in patches if one.apply_to == "NETWORK_FILTER"]
    for patch in network:
        if not patch.merges:
            named = is_.names_network_filter(patch)
            items = list(chain.filters)
            found = edited(items, patch, partial(is_.is_network_filter, patch=patch), named=named)
            replace_all(chain.filters, found)
    for one in chain.filters:
        for patch in network:
            if is_.is_network_filter(one, patch):
                run.merge_filter(one, patch)
        if one.name == names.HTTP_CONNECTION_MANAGER:
            _patch_manager(run, one, [p for p in patches if p.apply_to == "HTTP_FILTER"])


def _patch_manager(run: Run, one: Filter, patches: list[Patch]) -> None:
    """Patch the HTTP filters of a connection manager."""
    manager = HttpConnectionManager()
    mine = [patch for patch in patches if is_.is_network_filter(one, patch)]
    if not mine or not one.typed_config.Unpack(manager):
        return
    for patch in mine:
        if not patch.merges:
            named = is_.names_http_filter(patch)
            items = list(manager.http_filters)
            found = edited(items, patch, partial(is_.is_http_filter, patch=patch), named=named)
            replace_all(manager.http_filters, found)
    for inner in manager.http_filters:
        for patch in mine:
            if is_.is_http_filter(inner, patch):
                run.merge_filter(inner, patch)
    one.typed_config.CopyFrom(message.any_of(manager))


def _patch_inline_routes(run: Run, listener: Listener) -> None:
    if not run.of("ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"):
        return
    for chain in listener.filter_chains:
        for one in chain.filters:
            manager = HttpConnectionManager()
            if one.typed_config.Unpack(manager) and manager.HasField("route_config"):
                patch_route_configuration(run, manager.route_config)
                one.typed_config.CopyFrom(message.any_of(manager))
