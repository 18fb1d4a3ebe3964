"""What a listener takes from the mesh's configuration.

Each answer is small and a query of its own, so that an edit of MeshConfig re-runs only what reads the changed part.
"""

import msgspec

from lateen.api import facts
from lateen.api.decode import read_message
from lateen.api.duration import Duration
from lateen.api.proxy_settings import ProxySettings
from lateen.engine import Database, query
from lateen.model.defaults import INBOUND_PORT, OUTBOUND_PORT, READINESS_PORT, STATS_PORT
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
    return int(own) if own.isdigit() else facts.mesh_config(db).proxy_http_port or 0


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
    """Read a node's settings; None when there are none, or they are of a version that nobody here knows."""
    try:
        value = msgspec.json.decode(text) if text else None
    except msgspec.DecodeError:
        return None
    found, problems = read_message(ProxySettings, value) if isinstance(value, dict) else (None, ())
    return found if isinstance(found, ProxySettings) and not problems else None


@query
def proxy_protocol(db: Database, view: View) -> bool:
    """Tell whether a gateway's clients send the PROXY protocol's header first."""
    topology = proxy_settings(db, view).gateway_topology
    return topology is not None and topology.proxy_protocol is not None


def idle_timeout(view: View) -> int | None:
    """Return the proxy's IDLE_TIMEOUT in nanoseconds; None when unset or not a duration."""
    try:
        return Duration.parse(view.meta("IDLE_TIMEOUT"))
    except ValueError:
        return None


def is_privileged(view: View, port: int) -> bool:
    """Tell whether the proxy may not open this port."""
    return 0 < port < FIRST_UNPRIVILEGED_PORT and view.meta("UNPRIVILEGED_POD") in ("true", "True", "1")
