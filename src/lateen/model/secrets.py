"""Secrets by their SDS names: which object or files a name means, and whether this proxy may have it.

Sources: pilot/pkg/model/credentials/resource.go (names), pilot/pkg/credentials/kube/secrets.go (keys),
pilot/pkg/xds/sds.go (who may). The objects' bytes stay in the facts; a name that resolves to nothing has no secret.
"""

import msgspec

from lateen.api import facts
from lateen.api.kubernetes import ConfigMap, Secret
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model.view import View

AUTHORITY_SUFFIX = "-cacert"
KUBERNETES = "kubernetes://"
CONFIG_MAP = "configmap://"
TYPED = (KUBERNETES, "kubernetes-gateway://", CONFIG_MAP)
BUILTIN = "builtin://"
INVALID = "invalid://"
"""What is never there."""
EXTERNAL = "sds://"
OWN_CERTIFICATE = "default"
"""The workload's own identity."""
OWN_ROOTS = "ROOTCA"
FILE_CERTIFICATE = "file-cert:"
FILE_ROOT = "file-root:"
SYSTEM = "system"
"""In place of a file: the operating system's bundle of CAs."""
SYSTEM_ROOTS = "LATEEN_SYSTEM_ROOTS"
"""Node metadata: where that bundle is."""
USUAL_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
PAIRS = (("cert", "key"), ("tls.crt", "tls.key"))  # a generic secret's keys, then those of kubernetes.io/tls
AUTHORITIES = (("cacert", "crl"), ("ca.crt", "ca.crl"))
STAPLE = "tls.ocsp-staple"


class Certificate(msgspec.Struct, frozen=True):
    """A certificate with its key, in PEM."""

    chain: bytes
    key: bytes
    staple: bytes = b""

    def __repr__(self) -> str:
        """Hide the key."""
        return f"Certificate({len(self.chain)} bytes)"


class Authorities(msgspec.Struct, frozen=True):
    """CAs, and a list of certificates that they revoked, in PEM."""

    roots: bytes
    revoked: bytes = b""


class CertificateFiles(msgspec.Struct, frozen=True):
    """A certificate and its key, as files beside the proxy."""

    chain: str
    key: str


class AuthorityFile(msgspec.Struct, frozen=True):
    """CAs in a file beside the proxy."""

    path: str


Material = Certificate | Authorities | CertificateFiles | AuthorityFile


def certificate_of(credential: str) -> str:
    """Name the secret that a `credentialName` means; one that says its type stays as it is (resource.go ToResourceName)."""
    name = credential.removeprefix(EXTERNAL)
    if name.startswith(BUILTIN):
        return OWN_CERTIFICATE
    if name.startswith(INVALID):
        return INVALID
    return name if name.startswith(TYPED) else f"{KUBERNETES}{name}"


def file_certificate(certificate: str, key: str) -> str:
    """Name the SDS secret of a certificate in files."""
    return f"{FILE_CERTIFICATE}{certificate}~{key}"


def file_root(path: str) -> str:
    """Name the SDS validation context of a CA in a file (`system`: the operating system's bundle)."""
    return f"{FILE_ROOT}{path}"


def authorities_of(credential: str) -> str:
    """Name the secret with the CAs that belong to a `credentialName`."""
    name = certificate_of(credential)
    if name == OWN_CERTIFICATE:
        return OWN_ROOTS
    return name if name == INVALID else f"{name}{AUTHORITY_SUFFIX}"


@query
def material(db: Database, view: View, name: str) -> Material | None:
    """Return what an SDS name stands for; None when there is no such thing, or it is not this proxy's to have."""
    if name.startswith(FILE_CERTIFICATE):
        chain, _, key = name.removeprefix(FILE_CERTIFICATE).partition("~")
        return CertificateFiles(chain, key) if chain and key else None
    if name.startswith(FILE_ROOT):
        path = name.removeprefix(FILE_ROOT)
        return AuthorityFile(_system_bundle(view) if path == SYSTEM else path)
    if name.startswith(CONFIG_MAP):
        return _of_config_map(db, name.removeprefix(CONFIG_MAP).removesuffix(AUTHORITY_SUFFIX))
    if name.startswith(KUBERNETES):
        return _of_secret(db, view, name.removeprefix(KUBERNETES))
    return None


def _system_bundle(view: View) -> str:
    """Return the file: Envoy reads `system_root_certs` and then verifies nothing, so it has to be named."""
    return view.meta(SYSTEM_ROOTS) or USUAL_BUNDLE


def _of_secret(db: Database, view: View, text: str) -> Material | None:
    """Secrets come from the proxy's own namespace only, also when the name spells out another one."""
    namespace, _, name = text.rpartition("/")
    if namespace not in ("", view.namespace):
        return None
    if not name.endswith(AUTHORITY_SUFFIX):
        return _certificate(_values(db, view.namespace, name))
    own = _values(db, view.namespace, name)
    return _authorities(own or _values(db, view.namespace, name.removesuffix(AUTHORITY_SUFFIX)))


def _of_config_map(db: Database, text: str) -> Authorities | None:
    namespace, _, name = text.rpartition("/")
    found = facts.get(db, Ref("ConfigMap", namespace, name)) if namespace and name else None
    if found is None or not isinstance(found.spec, ConfigMap):
        return None
    return _authorities({key: value.encode() for key, value in found.spec.data.items()})


def _values(db: Database, namespace: str, name: str) -> dict[str, bytes]:
    found = facts.get(db, Ref("Secret", namespace, name))
    if found is None or not isinstance(found.spec, Secret):
        return {}
    return {**found.spec.data, **found.spec.string_data}


def _certificate(values: dict[str, bytes]) -> Certificate | None:
    for chain, key in PAIRS:
        if values.get(chain) and values.get(key):
            staple = values.get(STAPLE, b"") if chain == "tls.crt" else b""
            return Certificate(bytes(values[chain]), bytes(values[key]), bytes(staple))
    return None


def _authorities(values: dict[str, bytes]) -> Authorities | None:
    for roots, revoked in AUTHORITIES:
        if values.get(roots):
            return Authorities(bytes(values[roots]), bytes(values.get(revoked, b"")))
    return None
