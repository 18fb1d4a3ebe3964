"""What of a proxy's settings goes into its bootstrap and onto its command line (pkg/bootstrap/config.go)."""

from lateen.api.proxy_settings import ProxySettings
from lateen.model.defaults import SECOND

CONNECTIONS = "ISTIO_META_GLOBAL_DOWNSTREAM_MAX_CONNECTIONS"
OLD_CONNECTIONS = "overload.global_downstream_max_connections"
MOST_CONNECTIONS = 2**31 - 1
MOST_DIGITS = 15

Flag = bool | int | str


def connection_limit(settings: ProxySettings) -> int | None:
    """Return how many connections of clients a proxy takes at once; None when nobody says.

    `connectionSettings` counts first, then the environment, then the older runtime value.
    """
    own = settings.connection_settings
    if own is not None and (own.global_downstream_connection_limit or 0) > 0:
        return own.global_downstream_connection_limit
    for text in (
        settings.proxy_metadata.get(CONNECTIONS, ""),
        settings.runtime_values.get(OLD_CONNECTIONS, ""),
    ):
        if text.isdecimal() and 0 < int(text[:MOST_DIGITS]) <= MOST_CONNECTIONS:
            return int(text)
    return None


def runtime_flags(settings: ProxySettings) -> dict[str, Flag | None]:
    """Return Envoy's runtime values, in their types; None takes back what is usual here.

    The number of connections is not among them: Envoy refuses to be told twice.
    """
    return {key: _flag(text) for key, text in settings.runtime_values.items() if key != OLD_CONNECTIONS}


def _flag(text: str) -> Flag | None:
    if text in ("true", "false"):
        return text == "true"
    is_number = text.isascii() and text.removeprefix("-").isdecimal() and len(text) < MOST_DIGITS
    return int(text) if is_number else text or None


def drain_seconds(settings: ProxySettings) -> int | None:
    """Return how long listeners that go away keep answering; None when nobody says."""
    return None if settings.drain_duration is None else settings.drain_duration // SECOND


def flush_options(settings: ProxySettings) -> dict[str, str]:
    """Return the options of Envoy's command line that say when access logs are written."""
    interval, size = settings.file_flush_interval, settings.file_flush_min_size_kb
    found = {
        "--file-flush-interval-msec": None if interval is None else interval // (SECOND // 1000),
        "--file-flush-min-size-kb": size,
    }
    return {option: str(value) for option, value in found.items() if value is not None}
