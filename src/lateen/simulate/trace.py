"""What comes of a request: the steps that were taken, each with its reason, and the possible outcomes.

Every step and outcome is a frozen struct with a tag, so that `explain -o json` is their encoding.
"""

from typing import Literal

import msgspec

from lateen.simulate.request import Headers


class Step(msgspec.Struct, frozen=True, kw_only=True, tag_field="step"):
    """One decision of the proxy."""


class ListenerChosen(Step, frozen=True, kw_only=True, tag="listener"):
    """Which listener took the connection; `handed_on_by` names the one that captured it."""

    listener: str
    reason: str
    handed_on_by: str = ""


class BytesInspected(Step, frozen=True, kw_only=True, tag="inspection"):
    """What the listener filters learnt from the first bytes."""

    transport_protocol: str
    server_name: str
    application_protocols: tuple[str, ...]
    filters: tuple[str, ...]
    """The listener filters that ran."""


class FilterChainChosen(Step, frozen=True, kw_only=True, tag="filter-chain"):
    """Which filter chain of the listener matched, and on what."""

    filter_chain: str
    reason: str
    terminates_tls: bool = False
    """The proxy decrypts: it presents a certificate of its own."""


class NetworkFilterReached(Step, frozen=True, kw_only=True, tag="network-filter"):
    """The filter that decides over the connection: tcp_proxy or http_connection_manager."""

    name: str


class RequestNormalized(Step, frozen=True, kw_only=True, tag="normalization"):
    """The connection manager changed path or authority before routing."""

    path: str
    authority: str


class RouteConfigurationChosen(Step, frozen=True, kw_only=True, tag="route-configuration"):
    """Which route configuration the connection manager reads."""

    route_configuration: str
    found: bool = True


class VirtualHostChosen(Step, frozen=True, kw_only=True, tag="virtual-host"):
    """Which virtual host was chosen, by which of its domains."""

    virtual_host: str
    domain: str
    reason: Literal["exact", "suffix", "prefix", "any"]


class RouteTried(Step, frozen=True, kw_only=True, tag="route"):
    """One route that was tried, in order, with the first condition that failed."""

    index: int
    route: str
    failed: str = ""
    """Empty when the route was taken."""
    probability: float = 1.0
    """Of being taken, when a runtime fraction decides."""


class FilterActed(Step, frozen=True, kw_only=True, tag="http-filter"):
    """An HTTP filter did something to the request or answered it."""

    name: str
    action: str


class ClusterReached(Step, frozen=True, kw_only=True, tag="cluster"):
    """The cluster that a request was sent to, and where that leads."""

    cluster: str
    found: bool
    kind: str = ""
    """Envoy's discovery type: EDS, STATIC, STRICT_DNS, ORIGINAL_DST…"""
    reason: str = ""


class Unsupported(Step, frozen=True, kw_only=True, tag="unsupported"):
    """The simulator met something that it does not interpret; what follows may differ from Envoy."""

    what: str


AnyStep = (
    ListenerChosen
    | BytesInspected
    | FilterChainChosen
    | NetworkFilterReached
    | RequestNormalized
    | RouteConfigurationChosen
    | VirtualHostChosen
    | RouteTried
    | FilterActed
    | ClusterReached
    | Unsupported
)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint that may be chosen, and how often."""

    address: str
    """`ip:port`, or a path."""
    share: float
    priority: int = 0
    locality: str = ""


class Mirror(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster that gets a copy."""

    cluster: str
    share: float = 1.0


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that makes the request wait."""

    nanoseconds: int
    share: float = 1.0


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """When and how often a failed attempt is repeated."""

    attempts: int
    """After the first one."""
    on: str
    per_try_timeout: int | None = None
    """Nanoseconds."""
    status_codes: tuple[int, ...] = ()


Kind = Literal["cluster", "response", "redirect", "reset"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can happen, with its probability; the probabilities of a trace's outcomes add up to 1."""

    kind: Kind
    probability: float = 1.0
    cluster: str = ""
    flag: str = ""
    """Envoy's response flag when the proxy answers by itself: NR, NC, UH, FI…"""
    status: int = 0
    """Of a response or redirect by the proxy; 0 when an upstream answers."""
    grpc_status: int | None = None
    body: str = ""
    location: str = ""
    listener: str = ""
    filter_chain: str = ""
    route_configuration: str = ""
    virtual_host: str = ""
    route: str = ""
    path: str = ""
    """As the upstream sees it."""
    authority: str = ""
    """As the upstream sees it."""
    request_headers: Headers = ()
    """As the upstream sees them, pseudo headers left out."""
    response_headers: Headers = ()
    """What the proxy adds to the response."""
    response_headers_removed: tuple[str, ...] = ()
    timeout: int | None = None
    """Nanoseconds; 0 is none; None where no route was taken."""
    retry: Retry | None = None
    mirrors: tuple[Mirror, ...] = ()
    delay: Delay | None = None
    hash_policy: tuple[str, ...] = ()
    """What the endpoint is chosen by: `header x-user`, `cookie session`, `source address`, `query q`."""
    endpoints: tuple[Target, ...] = ()


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """The whole story of one request or connection."""

    steps: tuple[AnyStep, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def outcome(self) -> Outcome:
        """Return the most probable outcome."""
        return max(self.outcomes, key=lambda outcome: outcome.probability)
