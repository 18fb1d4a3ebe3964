"""`proxy-config endpoint`: istioctl's columns, from Envoy's `/clusters`, which knows health."""

from typing import NamedTuple

from lateen.cli.envoy.admin import Message
from lateen.cli.output import table

HEADERS = ("ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER")


class Filter(NamedTuple):
    """What to show; empty and 0 mean everything."""

    address: str = ""
    port: int = 0
    cluster: str = ""
    status: str = ""


def chosen(statuses: list[Message], wanted: Filter) -> list[Message]:
    """Return the clusters that have an endpoint which passes, with those endpoints alone."""
    found = []
    for cluster in statuses:
        hosts = [host for host in cluster.get("host_statuses", ()) if _passes(host, cluster["name"], wanted)]
        if hosts:
            found.append({**cluster, "host_statuses": hosts})
    return found


def summary(statuses: list[Message]) -> str:
    """Write the table, by address, port and cluster."""
    lines = sorted(
        (_address(host), _port(host), cluster["name"], status(host), _outlier(host))
        for cluster in statuses
        for host in cluster["host_statuses"]
    )
    return table(
        HEADERS,
        [
            (f"{place}:{port}" if port else place, health, check, name)
            for place, port, name, health, check in lines
        ],
    )


def status(host: Message) -> str:
    """Return what EDS says of the endpoint's health."""
    return str(host.get("health_status", {}).get("eds_health_status") or "UNKNOWN")


def _passes(host: Message, cluster: str, wanted: Filter) -> bool:
    return (
        (not wanted.address or wanted.address == _address(host))
        and (not wanted.port or wanted.port == _port(host))
        and (not wanted.cluster or wanted.cluster == cluster)
        and (not wanted.status or wanted.status.upper() == status(host))
    )


def _address(host: Message) -> str:
    place = host.get("address", {})
    if "pipe" in place:
        return f"unix://{place['pipe'].get('path', '')}"
    return str(place.get("socket_address", {}).get("address", "unknown"))


def _port(host: Message) -> int:
    return int(host.get("address", {}).get("socket_address", {}).get("port_value", 0))


def _outlier(host: Message) -> str:
    return "FAILED" if host.get("health_status", {}).get("failed_outlier_check") else "OK"
