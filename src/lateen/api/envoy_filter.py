"""EnvoyFilter (networking.istio.io/v1alpha3): patches to the generated Envoy configuration."""

from __future__ import annotations

from typing import Any, Literal

from lateen.api.common import PolicyTargetReference, WorkloadSelector
from lateen.api.message import Int32, Message, OneOf, UInt32

ApplyTo = Literal[
    "INVALID",
    "LISTENER",
    "FILTER_CHAIN",
    "NETWORK_FILTER",
    "HTTP_FILTER",
    "ROUTE_CONFIGURATION",
    "VIRTUAL_HOST",
    "HTTP_ROUTE",
    "CLUSTER",
    "EXTENSION_CONFIG",
    "BOOTSTRAP",
    "LISTENER_FILTER",
]
PatchContext = Literal["ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT"]
RouteAction = Literal["ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE"]
Operation = Literal[
    "INVALID",
    "MERGE",
    "ADD",
    "REMOVE",
    "INSERT_BEFORE",
    "INSERT_AFTER",
    "INSERT_FIRST",
    "REPLACE",
    "MERGE_AND_REPLACE_LIST",
]
FilterClass = Literal["UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"]


class EnvoyFilter(Message, frozen=True):
    """Patches, in order, for the proxies it selects; in the root namespace, for all."""

    workload_selector: WorkloadSelector | None = None
    """Workloads in the namespace; unset is all."""
    target_refs: tuple[PolicyTargetReference, ...] = ()
    """Gateways of the Kubernetes Gateway API instead of a selector."""
    config_patches: tuple[EnvoyConfigObjectPatch, ...] = ()
    """The patches. Envoy: applied to what would have been sent."""
    priority: Int32 | None = None
    """Lower applies first; unset is 0."""


class EnvoyConfigObjectPatch(Message, frozen=True):
    """One patch."""

    apply_to: ApplyTo | None = None
    """What is patched; required."""
    match: EnvoyConfigObjectMatch | None = None
    """Where; unset is everywhere."""
    patch: Patch | None = None
    """How."""


class EnvoyConfigObjectMatch(OneOf, frozen=True):
    """Conditions on the proxy and on the generated object."""

    oneofs = (("listener", "route_configuration", "cluster", "waypoint"),)

    context: PatchContext | None = None
    """Inbound, outbound, gateway; unset is ANY."""
    proxy: ProxyMatch | None = None
    """Conditions on the proxy."""
    listener: ListenerMatch | None = None
    """For listeners, filter chains and filters."""
    route_configuration: RouteConfigurationMatch | None = None
    """For route configurations, virtual hosts and routes."""
    cluster: ClusterMatch | None = None
    """For clusters."""
    waypoint: WaypointMatch | None = None
    """Ambient mode only; not supported."""


class ProxyMatch(Message, frozen=True):
    """Conditions on the proxy."""

    proxy_version: str | None = None
    """RE2 expression over the proxy's Istio version."""
    metadata: dict[str, str] = {}
    """Node metadata that must all be equal."""


class ClusterMatch(Message, frozen=True):
    """Conditions on a cluster."""

    port_number: UInt32 | None = None
    """Service port."""
    service: str | None = None
    """Fully qualified host."""
    subset: str | None = None
    """Subset of the host."""
    name: str | None = None
    """Name of the cluster, instead of the above."""


class RouteConfigurationMatch(Message, frozen=True):
    """Conditions on a route configuration."""

    port_number: UInt32 | None = None
    """Service port, or server port on a gateway."""
    port_name: str | None = None
    """Name of the gateway's port."""
    gateway: str | None = None
    """`namespace/name` of the Gateway."""
    vhost: VirtualHostMatch | None = None
    """A virtual host in it."""
    name: str | None = None
    """Name of the route configuration."""


class VirtualHostMatch(Message, frozen=True):
    """Conditions on a virtual host."""

    name: str | None = None
    """`host:port`."""
    domain_name: str | None = None
    """One of its domains."""
    route: RouteMatch | None = None
    """A route in it."""


class RouteMatch(Message, frozen=True):
    """Conditions on a route."""

    name: str | None = None
    """Name of the route."""
    action: RouteAction | None = None
    """What the route does; unset is ANY."""


class ListenerMatch(Message, frozen=True):
    """Conditions on a listener."""

    port_number: UInt32 | None = None
    """Port of the listener; on the inbound listener, of the chain."""
    port_name: str | None = None
    """Unused by Istio."""
    filter_chain: FilterChainMatch | None = None
    """A filter chain in it."""
    listener_filter: str | None = None
    """A listener filter in it."""
    name: str | None = None
    """Name of the listener."""


class FilterChainMatch(Message, frozen=True):
    """Conditions on a filter chain."""

    name: str | None = None
    """Name of the chain."""
    sni: str | None = None
    """One of its server names."""
    transport_socket: str | None = None
    """No effect; Istio does not read it."""
    transport_protocol: str | None = None
    """raw_buffer or tls."""
    application_protocols: str | None = None
    """Comma list of ALPN values."""
    filter: FilterMatch | None = None
    """A network filter in it."""
    destination_port: UInt32 | None = None
    """Its destination port."""


class FilterMatch(Message, frozen=True):
    """A network filter."""

    name: str | None = None
    """Name of the filter."""
    sub_filter: SubFilterMatch | None = None
    """An HTTP filter inside the HTTP connection manager."""


class SubFilterMatch(Message, frozen=True):
    """An HTTP filter."""

    name: str | None = None
    """Name of the filter."""


class WaypointMatch(Message, frozen=True):
    """Ambient mode only; not supported."""

    port_number: UInt32 | None = None
    """Service port."""
    route: WaypointRouteMatch | None = None
    """A route."""
    filter: FilterMatch | None = None
    """A filter."""


class WaypointRouteMatch(Message, frozen=True):
    """Ambient mode only; not supported."""

    name: str | None = None
    """Name of the route."""


class Patch(Message, frozen=True):
    """A change."""

    operation: Operation | None = None
    """Kind of change; required."""
    value: dict[str, Any] | None = None
    """Envoy configuration as protobuf JSON; REMOVE needs none."""
    filter_class: FilterClass | None = None
    """Where ADD places a filter; no effect in Istio either."""
