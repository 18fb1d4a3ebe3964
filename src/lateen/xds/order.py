"""Make before break: in which order a proxy is told things, and what waits for which acknowledgement.

1. Additions and changes go out in the order clusters, endpoints, listeners, routes, secrets, extensions: each before
   what refers to it.
2. Listeners and routes wait for the clusters and endpoints on their way. Envoy acknowledges clusters only once they are
   warm, and a route to a cluster that is not answers 503.
3. A removed cluster goes last, when the listeners and routes that used it are known to be replaced. Other types need no
   such rule: Envoy takes a listener's removal together with additions (which lets another one take its port), and gives
   up routes, endpoints, secrets and extensions itself, by unsubscribing.
4. A cluster that is sent is followed at once by its endpoints, even if they are the same. Envoy holds an updated
   cluster in warming until an endpoints response comes, in delta without asking for one, for 15 seconds.

Sources: "Eventual consistency considerations" in Envoy's xDS protocol; istio/istio pilot/pkg/xds/delta.go (forced EDS
push); https://github.com/envoyproxy/envoy/issues/13009 (warming), /issues/32823 (removed extensions).
"""

from collections.abc import Iterable
from typing import Final

from lateen.compile import types

SENDING: Final = (
    types.CLUSTER,
    types.ENDPOINT,
    types.LISTENER,
    types.ROUTE,
    types.SECRET,
    types.EXTENSION_CONFIG,
    types.NAME_TABLE,
)
_RANK: Final = {type_url: rank for rank, type_url in enumerate(SENDING)}

BY_NAME: Final = frozenset({types.ENDPOINT, types.ROUTE, types.SECRET, types.EXTENSION_CONFIG})
"""Types that are asked for by name. For these an empty subscription means nothing, and a resource that ceases to exist
is not taken away from a client that still names it: Envoy ignores that for routes, endpoints and secrets, and breaks
the listener with extensions."""

CHANGES_WAIT_FOR: Final = {
    types.LISTENER: (types.CLUSTER, types.ENDPOINT),
    types.ROUTE: (types.CLUSTER, types.ENDPOINT),
}
REMOVALS_WAIT_FOR: Final = {types.CLUSTER: (types.LISTENER, types.ROUTE)}


def is_known(type_url: str) -> bool:
    """Tell whether there is anything of this type to serve."""
    return type_url in _RANK


def in_order(type_urls: Iterable[str]) -> list[str]:
    """Sort types into the order of sending; unknown ones last."""
    return sorted(type_urls, key=lambda type_url: (_RANK.get(type_url, len(_RANK)), type_url))
