"""TLS that a proxy ends → Envoy's downstream TLS context; certificates are fetched by name over SDS.

Sources: pilot/pkg/networking/core/listener.go BuildListenerTLSContext, pilot/pkg/security/model/authentication.go.
"""

from envoy.config.core.v3.base_pb2 import DataSource, TransportSocket
from envoy.extensions.transport_sockets.tls.v3.common_pb2 import CertificateValidationContext, TlsParameters
from envoy.extensions.transport_sockets.tls.v3.tls_pb2 import CommonTlsContext, DownstreamTlsContext
from envoy.type.matcher.v3.string_pb2 import StringMatcher

from lateen.api.check.primitives.ciphers import usable
from lateen.api.gateway import ServerTLSSettings
from lateen.model.secrets import (
    OWN_CERTIFICATE,
    OWN_ROOTS,
    authorities_of,
    certificate_of,
    file_certificate,
    file_root,
)
from lateen.model.tls_defaults import TlsDefaults
from lateen.translate import message, names
from lateen.translate.tls import secret_source

HTTP = ("h2", "http/1.1")
MESH_TCP = ("istio-peer-exchange", "h2", "http/1.1")


def downstream_tls(
    settings: ServerTLSSettings, defaults: TlsDefaults, *, is_http: bool = True
) -> TransportSocket:
    """Return the transport socket of a server that ends TLS.

    Args:
        settings: the server's; its mode is one that ends TLS.
        defaults: what the mesh says about versions, ciphers and curves.
        is_http: the connection carries HTTP; else mesh clients may also negotiate peer exchange.
    """
    mode = settings.mode or "SIMPLE"
    is_mesh = mode == "ISTIO_MUTUAL"
    common = CommonTlsContext(
        alpn_protocols=MESH_TCP if is_mesh and not is_http else HTTP,
        tls_certificate_sds_secret_configs=[secret_source(name) for name in certificate_names(settings)],
    )
    if not is_mesh:
        _set_parameters(common, settings, defaults)
    _set_validation(common, settings)
    context = DownstreamTlsContext(
        common_tls_context=common,
        require_client_certificate=message.boolean(mode in ("MUTUAL", "ISTIO_MUTUAL")),
    )
    return TransportSocket(name=names.TLS_TRANSPORT_SOCKET, typed_config=message.any_of(context))


def certificate_names(settings: ServerTLSSettings) -> tuple[str, ...]:
    """Name the secrets of a server's certificates: `credentialName(s)`, the mesh's own, or files."""
    if settings.mode == "ISTIO_MUTUAL":
        return (OWN_CERTIFICATE,)
    if settings.credential_names:
        return tuple(certificate_of(name) for name in settings.credential_names)
    if settings.credential_name:
        return (certificate_of(settings.credential_name),)
    if settings.tls_certificates:
        return tuple(
            file_certificate(pair.server_certificate or "", pair.private_key or "")
            for pair in settings.tls_certificates
        )
    return (file_certificate(settings.server_certificate or "", settings.private_key or ""),)


def authority_name(settings: ServerTLSSettings) -> str:
    """Name the secret with the CAs of clients."""
    if settings.mode == "ISTIO_MUTUAL":
        return OWN_ROOTS
    if settings.ca_cert_credential_name:
        return certificate_of(settings.ca_cert_credential_name)
    by_name = next(iter(settings.credential_names), settings.credential_name)
    if by_name:
        return authorities_of(by_name)
    return file_root(settings.ca_certificates or "") if settings.ca_certificates else OWN_ROOTS


def _set_parameters(common: CommonTlsContext, settings: ServerTLSSettings, defaults: TlsDefaults) -> None:
    parameters = TlsParameters(
        cipher_suites=usable(settings.cipher_suites) or defaults.cipher_suites,
        ecdh_curves=settings.ecdh_curves or defaults.ecdh_curves,
        tls_minimum_protocol_version=_version(settings.min_protocol_version)
        or _version(defaults.min_protocol_version),
        tls_maximum_protocol_version=_version(settings.max_protocol_version),
    )
    if parameters != TlsParameters():
        common.tls_params.CopyFrom(parameters)


def _version(name: str | None) -> str | None:
    """Spell a version as Envoy does; None leaves it to Envoy, whose servers begin at TLS 1.2 (and so do Istio's)."""
    return None if name in (None, "", "TLS_AUTO") else str(name).replace("TLSV", "TLSv")


def _set_validation(common: CommonTlsContext, settings: ServerTLSSettings) -> None:
    by_credential = bool(settings.credential_name or settings.credential_names)
    if settings.mode not in ("MUTUAL", "OPTIONAL_MUTUAL", "ISTIO_MUTUAL"):
        return  # nobody is asked for a certificate; names without an authority, as Istio sends them, Envoy refuses
    combined = common.combined_validation_context
    combined.validation_context_sds_secret_config.CopyFrom(secret_source(authority_name(settings)))
    default = combined.default_validation_context
    default.match_subject_alt_names.extend(_exact(settings))
    default.verify_certificate_spki.extend(settings.verify_certificate_spki)
    default.verify_certificate_hash.extend(settings.verify_certificate_hash)
    if settings.ca_crl and not by_credential:
        default.crl.CopyFrom(DataSource(filename=settings.ca_crl))
    if settings.insecure_skip_verify:
        default.trust_chain_verification = CertificateValidationContext.ACCEPT_UNTRUSTED


def _exact(settings: ServerTLSSettings) -> list[StringMatcher]:
    return [StringMatcher(exact=name) for name in settings.subject_alt_names]
