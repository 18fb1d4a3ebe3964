"""TLS pieces for both directions: where secrets come from, and transport sockets."""

from collections.abc import Iterable

from envoy.config.core.v3 import base_pb2, config_source_pb2, grpc_service_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, secret_pb2
from envoy.type.matcher.v3.string_pb2 import StringMatcher
from google.protobuf.message import Message

from lateen.translate import names
from lateen.translate.message import any_of, duration

SDS_CLUSTER = "sds-grpc"  # the agent beside the proxy: it reads files and holds the workload's identity
_FROM_CONTROL_PLANE = ("kubernetes://", "kubernetes-gateway://", "configmap://")
_IDENTITY = ("default", "ROOTCA")


def transport_socket(name: str, settings: Message) -> base_pb2.TransportSocket:
    """Wrap the settings of a transport socket."""
    return base_pb2.TransportSocket(name=name, typed_config=any_of(settings))


def tls_socket(context: Message) -> base_pb2.TransportSocket:
    """Wrap a TLS context, upstream or downstream."""
    return transport_socket(names.TLS_TRANSPORT_SOCKET, context)


def secret_source(name: str) -> secret_pb2.SdsSecretConfig:
    """Say where a secret comes from: Kubernetes' from the control plane, files and identity from the agent."""
    source = _ads() if name.startswith(_FROM_CONTROL_PLANE) else _agent()
    if name in _IDENTITY:
        source.initial_fetch_timeout.CopyFrom(duration(0))
    return secret_pb2.SdsSecretConfig(name=name, sds_config=source)


def exact_names(accepted: Iterable[str]) -> list[StringMatcher]:
    """Match subject alternative names that equal one of these."""
    return [StringMatcher(exact=name) for name in accepted]


def tls_parameters(
    minimum: int, maximum: int, ecdh_curves: Iterable[str] = (), cipher_suites: Iterable[str] = ()
) -> common_pb2.TlsParameters:
    """Bound the TLS version (Envoy's enum numbers) and the algorithms; none given are Envoy's own."""
    return common_pb2.TlsParameters(
        tls_minimum_protocol_version=common_pb2.TlsParameters.TlsProtocol.Name(minimum),
        tls_maximum_protocol_version=common_pb2.TlsParameters.TlsProtocol.Name(maximum),
        ecdh_curves=ecdh_curves,
        cipher_suites=cipher_suites,
    )


def _ads() -> config_source_pb2.ConfigSource:
    return config_source_pb2.ConfigSource(
        ads=config_source_pb2.AggregatedConfigSource(), resource_api_version=config_source_pb2.V3
    )


def _agent() -> config_source_pb2.ConfigSource:
    service = grpc_service_pb2.GrpcService(
        envoy_grpc=grpc_service_pb2.GrpcService.EnvoyGrpc(cluster_name=SDS_CLUSTER)
    )
    return config_source_pb2.ConfigSource(
        api_config_source=config_source_pb2.ApiConfigSource(
            api_type=config_source_pb2.ApiConfigSource.GRPC,
            transport_api_version=config_source_pb2.V3,
            set_node_on_first_message_only=True,
            grpc_services=[service],
        ),
        resource_api_version=config_source_pb2.V3,
    )
