"""TLS from a proxy to a service: which certificates, which names, which checks.

Source: pilot/pkg/networking/core/cluster_tls.go.
"""

import msgspec

from lateen.api.destination_rule import ClientTLSSettings
from lateen.api.mesh_config import TLSConfig
from lateen.model.secrets import (
    CONFIG_MAP,
    OWN_CERTIFICATE,
    OWN_ROOTS,
    SYSTEM,
    authorities_of,
    certificate_of,
    file_certificate,
    file_root,
)

MESH_PROTOCOLS = ("istio",)


class UpstreamTLS(msgspec.Struct, frozen=True, kw_only=True):
    """The TLS of one cluster. Certificates and roots are names of SDS secrets."""

    certificate: str = ""
    """Empty: none is shown to the server."""
    roots: str = ""
    """Empty: any server is believed."""
    subject_alt_names: tuple[str, ...] = ()
    sni: str = ""
    auto_sni: bool = False
    """Ask for the request's host."""
    auto_san: bool = False
    """Expect the request's host in the server's certificate."""
    revoked: str = ""
    """A file of revoked certificates."""
    application_protocols: tuple[str, ...] = ()
    ecdh_curves: tuple[str, ...] = ()
    cipher_suites: tuple[str, ...] = ()


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What TLS has to know of a cluster."""

    http2: bool = False
    """The cluster is always HTTP/2, and TLS says so."""
    selected: bool = True
    """`credentialName` counts here: on gateways, and by a rule with a workloadSelector."""
    dynamic: bool = False
    """The cluster finds its hosts by the request's name."""
    own_name: str = ""
    """SNI of the mesh's own TLS."""
    accepted: tuple[str, ...] = ()
    """The names that its ServiceEntry and endpoints have, when the rule gives none."""


def upstream_tls(
    settings: ClientTLSSettings | None, target: Target, defaults: TLSConfig | None
) -> UpstreamTLS | None:
    """Resolve `tls` for a cluster; None is plain text.

    Args:
        settings: of the policy; None until auto mTLS has certificates to decide about.
        target: the cluster.
        defaults: the mesh's curves and ciphers outside the mesh.
    """
    if settings is None:
        return None
    if settings.mode == "ISTIO_MUTUAL":
        return _of_mesh(settings, target)
    if settings.mode not in ("SIMPLE", "MUTUAL") or not (target.selected or _is_public(settings)):
        return None
    certificate = _certificate(settings)
    if certificate is None:
        return None
    skip = bool(settings.insecure_skip_verify)
    checks_host = not skip and (target.dynamic or not (settings.sni or settings.subject_alt_names))
    return UpstreamTLS(
        certificate=certificate,
        roots="" if skip else _roots(settings),
        subject_alt_names=() if skip else settings.subject_alt_names or target.accepted,
        sni=settings.sni or "",
        auto_sni=not settings.sni,
        auto_san=checks_host,
        revoked="" if settings.credential_name or skip else settings.ca_crl or "",
        application_protocols=("h2",) if target.http2 else (),
        ecdh_curves=defaults.ecdh_curves if defaults else (),
        cipher_suites=defaults.cipher_suites if defaults else (),
    )


def _of_mesh(settings: ClientTLSSettings, target: Target) -> UpstreamTLS:
    """Resolve ISTIO_MUTUAL. The names to expect, when the rule gives none, are the endpoints' identities."""
    return UpstreamTLS(
        certificate=OWN_CERTIFICATE,
        roots=OWN_ROOTS,
        subject_alt_names=settings.subject_alt_names,
        sni=settings.sni or target.own_name,
        application_protocols=(*MESH_PROTOCOLS, "h2") if target.http2 else MESH_PROTOCOLS,
    )


def _is_public(settings: ClientTLSSettings) -> bool:
    """Tell whether any proxy may read what the settings name; a secret is for those it was meant for."""
    return not settings.credential_name or settings.credential_name.startswith(CONFIG_MAP)


def _certificate(settings: ClientTLSSettings) -> str | None:
    """Name the client's certificate: empty for SIMPLE, None when MUTUAL lacks it."""
    if settings.mode == "SIMPLE":
        return ""
    if settings.credential_name:
        return certificate_of(settings.credential_name)
    if settings.client_certificate and settings.private_key:
        return file_certificate(settings.client_certificate, settings.private_key)
    return None


def _roots(settings: ClientTLSSettings) -> str:
    if settings.credential_name:
        return authorities_of(settings.credential_name)
    return file_root(settings.ca_certificates or SYSTEM)
