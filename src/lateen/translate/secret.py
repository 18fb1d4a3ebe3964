"""Certificates and CAs → Envoy's secrets. Files are only named: Envoy reads and watches them itself."""

from envoy.config.core.v3.base_pb2 import DataSource, WatchedDirectory
from envoy.extensions.transport_sockets.tls.v3.common_pb2 import CertificateValidationContext, TlsCertificate
from envoy.extensions.transport_sockets.tls.v3.secret_pb2 import Secret

from lateen.model.secrets import Authorities, AuthorityFile, Certificate, CertificateFiles, Material
from lateen.translate import message


def secret(name: str, material: Material) -> bytes:
    """Return a secret, serialised."""
    match material:
        case Certificate() | CertificateFiles():
            built = Secret(name=name, tls_certificate=_certificate(material))
        case _:
            built = Secret(name=name, validation_context=_authorities(material))
    return message.serialized(built)


def _certificate(material: Certificate | CertificateFiles) -> TlsCertificate:
    if isinstance(material, CertificateFiles):
        return TlsCertificate(
            certificate_chain=DataSource(filename=material.chain),
            private_key=DataSource(filename=material.key),
            watched_directory=_directory(material.chain),
        )
    return TlsCertificate(
        certificate_chain=DataSource(inline_bytes=material.chain),
        private_key=DataSource(inline_bytes=material.key),
        ocsp_staple=DataSource(inline_bytes=material.staple) if material.staple else None,
    )


def _authorities(material: Authorities | AuthorityFile) -> CertificateValidationContext:
    if isinstance(material, Authorities):
        return CertificateValidationContext(
            trusted_ca=DataSource(inline_bytes=material.roots),
            crl=DataSource(inline_bytes=material.revoked) if material.revoked else None,
        )
    return CertificateValidationContext(
        trusted_ca=DataSource(filename=material.path), watched_directory=_directory(material.path)
    )


def _directory(path: str) -> WatchedDirectory:
    """Name the directory to watch: a mounted secret changes by renaming a link in it."""
    parent = path.rpartition("/")[0]
    return WatchedDirectory(path=parent or ("/" if path.startswith("/") else "."))
