"""`proxy-config cluster`: istioctl's columns."""

from typing import Any, NamedTuple

from lateen.cli.envoy.admin import Message, origin
from lateen.cli.output import table

HEADERS = ("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE")


class ClusterName(NamedTuple):
    """The parts of `outbound|9080|v1|reviews.default.svc.cluster.local`."""

    direction: str
    port: int
    subset: str
    fqdn: str


def parse(name: str) -> ClusterName:
    """Split a cluster's name; a fixed one is all host."""
    parts = name.split("|")
    if len(parts) < 4:
        return ClusterName("", 0, "", name)
    return ClusterName(parts[0], int(parts[1]) if parts[1].isdigit() else 0, parts[2], parts[3])


def chosen(clusters: list[Message], fqdn: str, port: int, subset: str, direction: str) -> list[Message]:
    """Return the clusters that pass the filters, in istioctl's order: host, subset, port, direction."""
    kept = [one for one in clusters if _passes(parse(one["name"]), fqdn, port, subset, direction)]
    return sorted(kept, key=lambda one: _order(parse(one["name"])))


def _passes(name: ClusterName, fqdn: str, port: int, subset: str, direction: str) -> bool:
    return (
        (not fqdn or fqdn in name.fqdn)
        and (not port or port == name.port)
        and (not subset or subset == name.subset)
        and (not direction or direction == name.direction)
    )


def _order(name: ClusterName) -> tuple[Any, ...]:
    return name.fqdn, name.subset, name.port, name.direction


def summary(clusters: list[Message]) -> str:
    """Write the table."""
    return table(HEADERS, [_line(one) for one in clusters])


def _line(one: Message) -> tuple[str, ...]:
    name = parse(one["name"])
    kind = one.get("type") or one.get("cluster_type", {}).get("name") or "STATIC"
    if not name.direction:
        return one["name"], "-", "-", "-", kind, origin(one.get("metadata"))
    return name.fqdn, str(name.port), name.subset or "-", name.direction, kind, origin(one.get("metadata"))
