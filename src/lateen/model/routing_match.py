"""Conditions of an HTTP route that are known before any request: whose route it is, and how two conditions combine.

Sources: pilot/pkg/networking/core/route/route.go (sourceMatchHTTP, IsCatchAllRoute) and pilot/pkg/model/virtualservice.go
(merging the conditions of a VirtualService with those of its delegate).
"""

from collections.abc import Mapping

import msgspec

from lateen.api.common import StringMatch
from lateen.api.virtual_service import HTTPMatchRequest
from lateen.model.selectors import Pairs, selects

Conditions = tuple[HTTPMatchRequest, ...]
StringMatches = Mapping[str, StringMatch]


class Caller(msgspec.Struct, frozen=True):
    """Who asks: the proxy that a route would be made for, and where the request would arrive."""

    namespace: str
    labels: Pairs
    gateway: str
    """`mesh` or `namespace/name` of a Gateway."""
    port: int
    """The listener's port: of the service on sidecars, `server.port.number` on gateways; 0 for an HTTP proxy."""


def applies(condition: HTTPMatchRequest, caller: Caller) -> bool:
    """Tell whether a route under this condition is made for the caller at all.

    A condition's `gateways` replaces the VirtualService's, and `sourceLabels` and `sourceNamespace` are then not read.
    """
    if condition.port and condition.port != caller.port:
        return False
    if condition.gateways:
        return caller.gateway in condition.gateways
    if condition.source_labels and not selects(condition.source_labels.items(), caller.labels):
        return False
    return condition.source_namespace in (None, "", caller.namespace)


def is_catch_all(condition: HTTPMatchRequest | None) -> bool:
    """Tell whether every request passes: nothing after such a route can be reached."""
    if condition is None:
        return True
    on_request = (condition.headers, condition.without_headers, condition.query_params)
    on_pseudo_headers = (condition.method, condition.authority, condition.scheme)
    return (
        _is_any_path(condition.uri) and not any(on_request) and all(one is None for one in on_pseudo_headers)
    )


def is_presence(wanted: StringMatch) -> bool:
    """Tell whether a value only has to be there: no condition on it, or the literal regex `*`, which is not RE2."""
    if wanted.regex == "*":
        return True
    return wanted.exact is None and wanted.prefix is None and wanted.regex is None


def _is_any_path(uri: StringMatch | None) -> bool:
    if uri is None or uri.prefix == "/" or uri.regex == ".*":
        return True
    return uri.exact is None and uri.prefix is None and uri.regex is None


def joined(root: Conditions, leaf: Conditions) -> Conditions | None:
    """Combine a root route's conditions with a delegate route's; None when they exclude each other.

    Either list alone stands for itself. Otherwise each compatible pair is one condition, in the order of the delegate,
    and a delegate's condition that fits none of the root's spoils the whole delegate route.
    """
    if not root or not leaf:
        return leaf or root
    found: list[HTTPMatchRequest] = []
    for inner in leaf:
        fitting = [_united(outer, inner) for outer in root if not _conflict(outer, inner)]
        if not fitting:
            return None
        found += fitting
    return tuple(found)


def joined_name(root: str | None, leaf: str | None) -> str | None:
    """Join the names of a root and of its delegate with a dash."""
    return f"{root}-{leaf}" if root and leaf else leaf or root


def _united(root: HTTPMatchRequest, leaf: HTTPMatchRequest) -> HTTPMatchRequest:
    """Put a delegate's condition over the root's: the delegate's value wins, maps unite key by key."""
    return msgspec.structs.replace(
        leaf,
        name=joined_name(root.name, leaf.name),
        uri=leaf.uri or root.uri,
        scheme=leaf.scheme or root.scheme,
        method=leaf.method or root.method,
        authority=leaf.authority or root.authority,
        headers={**root.headers, **leaf.headers},
        without_headers={**root.without_headers, **leaf.without_headers},
        query_params={**root.query_params, **leaf.query_params},
        port=leaf.port or root.port,
        source_labels={**root.source_labels, **leaf.source_labels},
        source_namespace=leaf.source_namespace or root.source_namespace,
        gateways=leaf.gateways or root.gateways,
        stat_prefix=leaf.stat_prefix or root.stat_prefix,
    )


def _conflict(root: HTTPMatchRequest, leaf: HTTPMatchRequest) -> bool:
    return (
        _strings_conflict(root, leaf)
        or bool(root.ignore_uri_case) != bool(leaf.ignore_uri_case)
        or bool(root.port and leaf.port and root.port != leaf.port)
        or bool(root.source_namespace and leaf.source_namespace != root.source_namespace)
        or any(root.source_labels.get(key, value) != value for key, value in leaf.source_labels.items())
        or bool(root.gateways and not set(leaf.gateways) <= set(root.gateways))
    )


def _strings_conflict(root: HTTPMatchRequest, leaf: HTTPMatchRequest) -> bool:
    singles = ((root.uri, leaf.uri), (root.scheme, leaf.scheme), (root.method, leaf.method))
    if any(_string_conflict(*pair) for pair in (*singles, (root.authority, leaf.authority))):
        return True
    return (
        _map_conflict(root.headers, leaf.headers)
        or _map_conflict(root.without_headers, leaf.without_headers)
        or _map_conflict(root.query_params, leaf.query_params)
    )


def _map_conflict(root: StringMatches, leaf: StringMatches) -> bool:
    return any(_string_conflict(root.get(key), inner) for key, inner in leaf.items())


def _string_conflict(root: StringMatch | None, leaf: StringMatch | None) -> bool:
    """Tell whether the leaf is not surely narrower than the root; a presence test on the root counts as a conflict."""
    if root is None or leaf is None:
        return False
    if (root.regex and (leaf.regex or leaf.prefix or leaf.exact)) or (
        leaf.regex and (root.prefix or root.exact)
    ):
        return True
    if root.exact:
        return bool(leaf.prefix) or leaf.exact != root.exact
    narrower = leaf.prefix or leaf.exact
    return not (root.prefix and narrower and narrower.startswith(root.prefix))
