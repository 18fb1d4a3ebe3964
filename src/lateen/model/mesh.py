"""What a listener takes from the mesh's configuration.

Each answer is small and a query of its own, so that an edit of MeshConfig re-runs only what reads the changed part.
"""

import msgspec

from lateen.api import facts
from lateen.api.check.primitives.numbers import HIGHEST_PORT
from lateen.api.check.proxy_settings import wrong_settings
from lateen.api.decode import read_message
from lateen.api.duration import Duration
from lateen.api.proxy_settings import ProxySettings
from lateen.engine import Database, query
from lateen.model.defaults import INBOUND_PORT, OUTBOUND_PORT, READINESS_PORT, STATS_PORT, TRUE
from lateen.model.view import View

NO_INTERCEPTION = "NONE"
TRANSPARENT = "TPROXY"
FIRST_UNPRIVILEGED_PORT = 1024


class AccessLog(msgspec.Struct, frozen=True):
    """The mesh's access log file."""

    path: str
    is_json: bool = False
    format: str = ""
    """As configured; empty is Istio's own."""


@query
def listen_ports(db: Database) -> tuple[int, int]:
    """Return the ports that captured outbound and inbound connections are redirected to."""
    config = facts.mesh_config(db)
    return config.proxy_listen_port or OUTBOUND_PORT, config.proxy_inbound_listen_port or INBOUND_PORT


@query
def reserved_ports(db: Database) -> frozenset[int]:
    """Return the ports that no wildcard listener may take, for the proxy itself has them."""
    return frozenset({*listen_ports(db), READINESS_PORT, STATS_PORT})


@query
def detection_timeout(db: Database) -> int:
    """Return how long a listener waits for first bytes, in nanoseconds; 0 waits for ever."""
    return int(facts.mesh_config(db).protocol_detection_timeout or 0)


@query
def http_proxy_port(db: Database, view: View) -> int:
    """Return the port of the explicit HTTP proxy on 127.0.0.1; 0 for none."""
    own = view.meta("HTTP_PROXY_PORT")
    said = int(own) if own.isdecimal() and len(own) <= len(str(HIGHEST_PORT)) else 0
    return said if 0 < said <= HIGHEST_PORT else facts.mesh_config(db).proxy_http_port or 0


@query
def access_log(db: Database) -> AccessLog | None:
    """Return the mesh's access log; None when `accessLogFile` is empty."""
    config = facts.mesh_config(db)
    if not config.access_log_file:
        return None
    return AccessLog(
        config.access_log_file, config.access_log_encoding == "JSON", config.access_log_format or ""
    )


@query
def listener_log(db: Database) -> AccessLog | None:
    """Return the log of connections that no filter chain takes; None when it is off."""
    return None if facts.mesh_config(db).disable_envoy_listener_log else access_log(db)


@query
def proxy_settings(db: Database, view: View) -> ProxySettings:
    """Return the settings of a proxy: what its node says of itself, else the mesh's `defaultConfig`."""
    own = _read(view.meta("PROXY_CONFIG"))
    return own or facts.mesh_config(db).default_config or ProxySettings()


def _read(text: str) -> ProxySettings | None:
    """Read a node's settings; fields that nobody here knows do not matter, wrong values make all of them count for nothing."""
    try:
        value = msgspec.json.decode(text) if text else None
    except msgspec.DecodeError:
        return None
    found, problems = read_message(ProxySettings, value) if isinstance(value, dict) else (None, ())
    known = [one for one in problems if not one.message.startswith("unknown field")]
    if not isinstance(found, ProxySettings) or known or wrong_settings(found):
        return None
    return found


@query
def proxy_protocol(db: Database, view: View) -> bool:
    """Tell whether a gateway's clients send the PROXY protocol's header first."""
    topology = proxy_settings(db, view).gateway_topology
    return topology is not None and topology.proxy_protocol is not None


def idle_timeout(view: View) -> int | None:
    """Return the proxy's IDLE_TIMEOUT in nanoseconds; None when unset or not a duration that Envoy takes."""
    try:
        found = Duration.parse(view.meta("IDLE_TIMEOUT"))
    except ValueError:
        return None
    return found if found >= 0 else None


def is_privileged(view: View, port: int) -> bool:
    """Tell whether the proxy may not open this port."""
    return 0 < port < FIRST_UNPRIVILEGED_PORT and view.meta("UNPRIVILEGED_POD") in TRUE
