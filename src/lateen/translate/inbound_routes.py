"""The inline route configuration of an inbound filter chain (httproute.go, buildSidecarInboundHTTPRouteConfig)."""

from envoy.config.route.v3.route_components_pb2 import RouteAction, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.api.virtual_service import HTTPRetry
from lateen.translate import message, names
from lateen.translate.retry import inbound_retry_policy
from lateen.translate.route import default_route


def inbound_route_configuration(
    *, cluster: str, host: str, port: int, retries: HTTPRetry | None = None, is_grpc: bool = False
) -> RouteConfiguration:
    """Return the one route from a port of the workload to its application: no timeout, any host.

    Args:
        cluster: the inbound cluster, `inbound|9080||` or `InboundPassthroughCluster`; also names the configuration.
        host: the service's host, in traces; empty when unknown.
        port: the service's port.
        retries: the mesh's `defaultInboundHttpRetryPolicy`; None is Istio's default.
        is_grpc: gRPC streams are never retried.
    """
    no_limit = RouteAction.MaxStreamDuration(
        max_stream_duration=message.duration(0), grpc_timeout_header_max=message.duration(0)
    )
    action = RouteAction(cluster=cluster, timeout=message.duration(0), max_stream_duration=no_limit)
    policy = None if is_grpc else inbound_retry_policy(retries)
    if policy is not None:
        action.retry_policy.CopyFrom(policy)
    only = VirtualHost(
        name=names.inbound_virtual_host(port),
        domains=["*"],
        routes=[default_route(action, names.virtual_host(host, port))],
    )
    return RouteConfiguration(name=cluster, virtual_hosts=[only], validate_clusters=message.boolean(False))
