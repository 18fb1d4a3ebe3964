"""Pieces of TLS towards services: where secrets come from, versions, names, transport sockets."""

from collections.abc import Iterable

from envoy.config.core.v3 import base_pb2, config_source_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, secret_pb2
from envoy.type.matcher.v3.string_pb2 import StringMatcher
from google.protobuf.message import Message

from lateen.translate import names
from lateen.translate.message import any_of


def transport_socket(name: str, settings: Message) -> base_pb2.TransportSocket:
    """Wrap the settings of a transport socket."""
    return base_pb2.TransportSocket(name=name, typed_config=any_of(settings))


def tls_socket(context: Message) -> base_pb2.TransportSocket:
    """Wrap a TLS context, upstream or downstream."""
    return transport_socket(names.TLS_TRANSPORT_SOCKET, context)


def secret_source(name: str) -> secret_pb2.SdsSecretConfig:
    """Ask the control plane for a secret, whatever it is made of.

    Istio asks the agent beside the proxy for files. Here the answer names them, and Envoy reads and watches them itself.
    The first fetch keeps Envoy's limit of 15 s: a secret that does not exist must not hold its listener back for ever.
    """
    source = config_source_pb2.ConfigSource(
        ads=config_source_pb2.AggregatedConfigSource(), resource_api_version=config_source_pb2.V3
    )
    return secret_pb2.SdsSecretConfig(name=name, sds_config=source)


def exact_names(accepted: Iterable[str]) -> list[StringMatcher]:
    """Match subject alternative names that equal one of these."""
    return [StringMatcher(exact=name) for name in accepted]


def tls_parameters(ecdh_curves: Iterable[str], cipher_suites: Iterable[str]) -> common_pb2.TlsParameters:
    """Speak TLS 1.2 or 1.3 with these algorithms; none given are Envoy's own (cluster_tls.go)."""
    return common_pb2.TlsParameters(
        tls_minimum_protocol_version=common_pb2.TlsParameters.TLSv1_2,
        tls_maximum_protocol_version=common_pb2.TlsParameters.TLSv1_3,
        ecdh_curves=ecdh_curves,
        cipher_suites=cipher_suites,
    )
