"""Sidecar (networking.istio.io): what one workload's proxy accepts and knows."""

from __future__ import annotations

from typing import Literal

from lateen.api.common import Destination, WorkloadSelector
from lateen.api.destination_rule import ConnectionPoolSettings
from lateen.api.gateway import ServerTLSSettings
from lateen.api.message import Message, UInt32

CaptureMode = Literal["DEFAULT", "IPTABLES", "NONE"]
SidecarOutboundMode = Literal["REGISTRY_ONLY", "ALLOW_ANY"]


class Sidecar(Message, frozen=True):
    """Inbound ports and outbound scope of the workloads it selects; in the root namespace, of all."""

    workload_selector: WorkloadSelector | None = None
    """Workloads in the namespace; unset is all."""
    ingress: tuple[IstioIngressListener, ...] = ()
    """Inbound ports; empty takes them from the services. Envoy: inbound chains and clusters."""
    egress: tuple[IstioEgressListener, ...] = ()
    """Hosts the proxy may know; empty is everything. Envoy: which clusters, listeners and routes exist."""
    inbound_connection_pool: ConnectionPoolSettings | None = None
    """Limits of inbound ports. Envoy: circuit breakers of inbound clusters."""
    outbound_traffic_policy: OutboundTrafficPolicy | None = None
    """Traffic to unknown hosts; unset is the mesh's. Envoy: PassthroughCluster or BlackHoleCluster."""


class IstioIngressListener(Message, frozen=True):
    """An inbound port."""

    port: SidecarPort | None = None
    """Required. Envoy: inbound chain and cluster `inbound|port||`."""
    bind: str | None = None
    """Address to listen on; unset is the workload's."""
    capture_mode: CaptureMode | None = None
    """How traffic comes in; unset is DEFAULT."""
    default_endpoint: str | None = None
    """Where the application listens: `127.0.0.1:port`, `0.0.0.0:port` (the workload's address) or `unix:///path`."""
    tls: ServerTLSSettings | None = None
    """TLS of callers outside the mesh that the proxy terminates."""
    connection_pool: ConnectionPoolSettings | None = None
    """Limits of this port. Envoy: circuit breakers of the inbound cluster."""


class IstioEgressListener(Message, frozen=True):
    """Hosts that the proxy may know, for all ports or one."""

    port: SidecarPort | None = None
    """Limits the hosts to one port; unset is every port."""
    bind: str | None = None
    """Address or `unix://` path to listen on."""
    capture_mode: CaptureMode | None = None
    """How traffic comes in; unset is DEFAULT. Envoy: `bind_to_port`."""
    hosts: tuple[str, ...] = ()
    """`namespace/host` with `.`, `*`, `~` for the namespace; required."""


class OutboundTrafficPolicy(Message, frozen=True):
    """What happens to traffic for hosts that the proxy does not know."""

    mode: SidecarOutboundMode | None = None
    """Unset in a present policy is REGISTRY_ONLY."""
    egress_proxy: Destination | None = None
    """Where such traffic goes instead; with ALLOW_ANY only."""


class SidecarPort(Message, frozen=True):
    """A port of a Sidecar's listener."""

    number: UInt32 | None = None
    """Port number; unset or 0 only with a UNIX socket."""
    protocol: str | None = None
    """HTTP, HTTPS, GRPC, HTTP2, MONGO, TCP or TLS."""
    name: str | None = None
    """Name of the port."""
    target_port: UInt32 | None = None
    """Deprecated; refused when set."""
