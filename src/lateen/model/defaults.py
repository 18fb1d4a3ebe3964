"""Istio's constants, each with its source; the one place where a default value is written.

Durations are in nanoseconds, as `api.common.Duration` is.
"""

SECOND = 1_000_000_000
TRUE = ("1", "t", "T", "TRUE", "true", "True")  # what Go's strconv.ParseBool reads as true

ROOT_NAMESPACE = "istio-system"  # pkg/config/constants
NAMESPACE_NAME = "kubernetes.io/metadata.name"  # a label that Kubernetes gives every namespace
CLUSTER_DOMAIN = "cluster.local"  # pkg/config/constants DefaultClusterLocalDomain
MESH_GATEWAY = "mesh"  # pkg/config/constants IstioMeshGateway: the sidecars

OUTBOUND_PORT = 15001  # pkg/config/mesh/mesh.go proxyListenPort
INBOUND_PORT = 15006  # pkg/config/mesh/mesh.go proxyInboundListenPort
SCHEME_PORTS = {"http": 80, "https": 443}  # RFC 9110 4.2: where a URL names no port
READINESS_PORT = 15021  # pilot/pkg/bootstrap: Envoy's health listener
STATS_PORT = 15090  # pilot/pkg/bootstrap: Envoy's Prometheus listener

CONNECT_TIMEOUT = 10 * SECOND  # pkg/config/mesh/mesh.go connectTimeout
DNS_REFRESH_RATE = 60 * SECOND  # pkg/config/mesh/mesh.go dnsRefreshRate
PASSTHROUGH_IDLE_TIMEOUT = 300 * SECOND  # cluster_builder.go, PassthroughCluster

RETRY_ATTEMPTS = 2  # pilot/pkg/networking/core/route/retry/retry.go
RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"  # the same
RETRY_HOST_SELECTION_ATTEMPTS = 5  # the same

INBOUND_SOURCE_ADDRESS = "127.0.0.6"  # listener_inbound.go: Envoy's own calls to the application
AUTO_ALLOCATED_NETWORK = "240.240.0.0/16"  # pilot/pkg/features: addresses for ServiceEntries without one
UNLIMITED = 4294967295  # cluster_builder.go: circuit breaker thresholds without a setting
