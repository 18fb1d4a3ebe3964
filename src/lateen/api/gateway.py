"""Gateway (networking.istio.io): ports that proxies at the edge listen on."""

from __future__ import annotations

from typing import Literal

from lateen.api.message import Message, UInt32

ServerTLSMode = Literal[
    "PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"
]
TLSProtocol = Literal["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"]


class Gateway(Message, frozen=True):
    """Servers of the gateway proxies that `selector` picks."""

    servers: tuple[Server, ...] = ()
    """Ports with their hosts. Envoy: listeners; servers on one port share one."""
    selector: dict[str, str] = {}
    """Labels of the gateway's pods, in any namespace; empty is every gateway."""


class Server(Message, frozen=True):
    """One port of a gateway."""

    port: Port | None = None
    """Required. Envoy: listener port, through the gateway's Service."""
    bind: str | None = None
    """Address or `unix://` path; unset is every address. Envoy: listener address."""
    hosts: tuple[str, ...] = ()
    """`host` or `namespace/host`, wildcards allowed; required. Envoy: virtual host domains, server names."""
    tls: ServerTLSSettings | None = None
    """Required for HTTPS and TLS ports. Envoy: `DownstreamTlsContext`."""
    default_endpoint: str | None = None
    """Reserved; no effect."""
    name: str | None = None
    """Shown in status; EnvoyFilters may match it."""


class Port(Message, frozen=True):
    """A gateway's port."""

    number: UInt32 = 0
    """Port of the gateway's Service; required."""
    protocol: str = ""
    """HTTP, HTTPS, GRPC, GRPC-WEB, HTTP2, MONGO, REDIS, MYSQL, TCP or TLS; required."""
    name: str = ""
    """Unique in the Gateway; required. Envoy: in the route name of HTTPS servers."""
    target_port: UInt32 | None = None
    """Deprecated; no effect, refused when set."""


class ServerTLSSettings(Message, frozen=True):
    """TLS that a gateway (or a sidecar's ingress listener) terminates or passes on."""

    https_redirect: bool | None = None
    """Answer 301 to https; for plain HTTP servers. Envoy: `require_tls: ALL`."""
    mode: ServerTLSMode | None = None
    """Unset is PASSTHROUGH. Envoy: a TLS context, or none when passed through."""
    server_certificate: str | None = None
    """File with the certificate. Envoy: SDS `file-cert:`."""
    private_key: str | None = None
    """File with its key. Envoy: SDS `file-cert:`."""
    ca_certificates: str | None = None
    """File with the CAs of clients. Envoy: validation context."""
    ca_crl: str | None = None
    """File with revoked client certificates. Envoy: `crl`."""
    credential_name: str | None = None
    """Secret with certificate and key, in the gateway's namespace. Envoy: SDS `kubernetes://`."""
    credential_names: tuple[str, ...] = ()
    """Several such secrets, e.g. RSA and ECDSA. Envoy: several SDS certificates."""
    ca_cert_credential_name: str | None = None
    """Secret or ConfigMap with the CAs of clients. Envoy: SDS validation context."""
    tls_certificates: tuple[TLSCertificate, ...] = ()
    """Several pairs of files. Envoy: several SDS certificates."""
    subject_alt_names: tuple[str, ...] = ()
    """Accepted names of clients; empty is any. Envoy: `match_typed_subject_alt_names`."""
    verify_certificate_spki: tuple[str, ...] = ()
    """Pinned client keys. Envoy: the field of the same name."""
    verify_certificate_hash: tuple[str, ...] = ()
    """Pinned client certificates. Envoy: the field of the same name."""
    min_protocol_version: TLSProtocol | None = None
    """Unset is TLS 1.2. Envoy: `tls_minimum_protocol_version`."""
    max_protocol_version: TLSProtocol | None = None
    """Unset is TLS 1.3. Envoy: `tls_maximum_protocol_version`."""
    cipher_suites: tuple[str, ...] = ()
    """Empty is Envoy's. Envoy: `cipher_suites`."""
    ecdh_curves: tuple[str, ...] = ()
    """Key exchange groups; empty is the mesh's. Envoy: `ecdh_curves`."""
    insecure_skip_verify: bool | None = None
    """Accept any client certificate; unset is false. Envoy: `ACCEPT_UNTRUSTED`."""


class TLSCertificate(Message, frozen=True):
    """A pair of files (`ServerTLSSettings.TLSCertificate`)."""

    server_certificate: str | None = None
    """File with the certificate."""
    private_key: str | None = None
    """File with its key."""
    ca_certificates: str | None = None
    """File with the CAs of clients."""
