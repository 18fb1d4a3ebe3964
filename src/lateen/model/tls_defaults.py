"""The mesh's defaults for TLS that proxies end for clients outside the mesh (MeshConfig `tlsDefaults`)."""

import msgspec

from lateen.api import facts
from lateen.engine import Database, query


class TlsDefaults(msgspec.Struct, frozen=True):
    """What a server does not say itself; empty is Envoy's choice."""

    min_protocol_version: str = ""
    cipher_suites: tuple[str, ...] = ()
    ecdh_curves: tuple[str, ...] = ()


@query
def tls_defaults(db: Database) -> TlsDefaults:
    """Return the mesh's defaults."""
    own = facts.mesh_config(db).tls_defaults
    if own is None:
        return TlsDefaults()
    return TlsDefaults(own.min_protocol_version or "", own.cipher_suites, own.ecdh_curves)
