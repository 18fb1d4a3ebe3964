"""TLS towards a service, and the PROXY header in front of it (Envoy: `transport_socket` of clusters)."""

from envoy.config.core.v3 import base_pb2, proxy_protocol_pb2
from envoy.extensions.transport_sockets.proxy_protocol.v3.upstream_proxy_protocol_pb2 import (
    ProxyProtocolUpstreamTransport,
)
from envoy.extensions.transport_sockets.raw_buffer.v3.raw_buffer_pb2 import RawBuffer
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, tls_pb2

from lateen.api.destination_rule import ProxyProtocol
from lateen.model.upstream_tls import UpstreamTLS
from lateen.translate import names
from lateen.translate.tls import exact_names, secret_source, tls_parameters, tls_socket, transport_socket

PROXY_PROTOCOL_SOCKET = "envoy.transport_sockets.upstream_proxy_protocol"


def cluster_socket(tls: UpstreamTLS | None, proxy: ProxyProtocol | None) -> base_pb2.TransportSocket | None:
    """Return a cluster's transport socket; None is plain TCP."""
    inner = None if tls is None else tls_socket(upstream_context(tls))
    if proxy is None:
        return inner
    wrapped = ProxyProtocolUpstreamTransport(
        config=proxy_protocol_pb2.ProxyProtocolConfig(version=proxy.version or "V1"),
        transport_socket=inner or raw_socket(),
    )
    return transport_socket(PROXY_PROTOCOL_SOCKET, wrapped)


def raw_socket() -> base_pb2.TransportSocket:
    """Return the plain transport socket, where one has to be named."""
    return transport_socket(names.RAW_BUFFER_TRANSPORT_SOCKET, RawBuffer())


def upstream_context(tls: UpstreamTLS) -> tls_pb2.UpstreamTlsContext:
    """Return the client's side of TLS (cluster_tls.go constructUpstreamTLS)."""
    common = tls_pb2.CommonTlsContext(
        tls_params=tls_parameters(tls.ecdh_curves, tls.cipher_suites),
        alpn_protocols=tls.application_protocols,
    )
    if tls.certificate:
        common.tls_certificate_sds_secret_configs.append(secret_source(tls.certificate))
    if tls.roots:
        common.combined_validation_context.CopyFrom(_validation(tls))
    elif not tls.certificate.startswith("kubernetes"):
        common.validation_context.SetInParent()  # explicit: nothing is checked
    return tls_pb2.UpstreamTlsContext(common_tls_context=common, sni=tls.sni)


def _validation(tls: UpstreamTLS) -> tls_pb2.CommonTlsContext.CombinedCertificateValidationContext:
    own = common_pb2.CertificateValidationContext(match_subject_alt_names=exact_names(tls.subject_alt_names))
    if tls.revoked:
        own.crl.filename = tls.revoked
    return tls_pb2.CommonTlsContext.CombinedCertificateValidationContext(
        default_validation_context=own, validation_context_sds_secret_config=secret_source(tls.roots)
    )
