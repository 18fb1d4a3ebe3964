"""Workloads that register themselves: a proxy that names a WorkloadGroup is a WorkloadEntry as long as it is connected.

A proxy that goes may come back: its entry stays for some seconds. An entry of the same name that somebody wrote is left
alone. Source: pilot/pkg/autoregistration/controller.go.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from msgspec.structs import replace

from lateen.api import facts
from lateen.api.meta import Meta, Object, Ref
from lateen.api.workload_entry import WorkloadEntry
from lateen.api.workload_group import WorkloadGroup
from lateen.engine import Database
from lateen.model.view import Proxy
from lateen.xds.request import Node

GROUP = "AUTO_REGISTER_GROUP"  # the node metadata that names the group
GROUP_ANNOTATION = "istio.io/autoRegistrationGroup"
GRACE = 10.0
"""Seconds that an entry outlives its proxy's connection (PILOT_WORKLOAD_ENTRY_GRACE_PERIOD)."""
_LONGEST_NAME = 253


class Timer(Protocol):
    """Something that will be done later."""

    def cancel(self) -> None:
        """Do it never."""


Later = Callable[[float, Callable[[], None]], Timer]


class Registrations:
    """The entries of the proxies that are connected now, and of those that left a moment ago."""

    def __init__(self, db: Database, later: Later, on_change: Callable[[], None]) -> None:
        """Write into this database; `later` calls something after so many seconds."""
        self._db, self._later, self._on_change = db, later, on_change
        self._present: frozenset[Proxy] = frozenset()
        self._own: set[Ref] = set()
        self._leaving: dict[Ref, Timer] = {}

    def follow(self, nodes: Iterable[Node]) -> None:
        """Take note of who is connected now."""
        named = (_proxy(node) for node in nodes if node.metadata.get(GROUP))
        present = frozenset(proxy for proxy in named if proxy is not None)
        if present != self._present:
            self._present = present
            self.refresh()

    def refresh(self) -> None:
        """Make the entries what the connected proxies and the groups say now."""
        if not self._present and not self._own:
            return
        wanted = {obj.ref: obj for proxy in self._present if (obj := entry_of(self._db, proxy)) is not None}
        wanted = {ref: obj for ref, obj in wanted.items() if ref in self._own or not facts.get(self._db, ref)}
        for ref in wanted.keys() & self._leaving.keys():
            self._leaving.pop(ref).cancel()
        for ref in self._own - wanted.keys() - self._leaving.keys():
            self._leaving[ref] = self._later(GRACE, lambda ref=ref: self._remove(ref))  # type: ignore[misc]
        changed = [obj for ref, obj in wanted.items() if facts.get(self._db, ref) != obj]
        self._own |= wanted.keys()
        if changed:
            facts.update(self._db, changed)
            self._on_change()

    def _remove(self, ref: Ref) -> None:
        self._leaving.pop(ref, None)
        self._own.discard(ref)
        facts.delete(self._db, ref)
        self._on_change()


def entry_of(db: Database, proxy: Proxy) -> Object[WorkloadEntry] | None:
    """Return the entry that a proxy registers; None when its group does not exist.

    The proxy's labels win over those of the group's metadata, and these over the template's.
    """
    group = facts.get(db, Ref("WorkloadGroup", proxy.namespace, proxy.meta(GROUP)))
    if group is None or not isinstance(group.spec, WorkloadGroup):
        return None
    template, metadata = group.spec.template or WorkloadEntry(), group.spec.metadata
    labels = {**template.labels, **(metadata.labels if metadata else {}), **dict(proxy.labels)}
    annotations = {**(metadata.annotations if metadata else {}), GROUP_ANNOTATION: group.meta.name}
    network = proxy.meta("NETWORK")
    entry = replace(
        template,
        address=proxy.address,
        labels=labels,
        locality=proxy.locality or template.locality,
        network=network or template.network,
    )
    name = "-".join(filter(None, (group.meta.name, proxy.address.replace(":", "-"), network)))[
        -_LONGEST_NAME:
    ]
    meta = Meta(name=name, namespace=proxy.namespace, labels=labels, annotations=annotations)
    made: Object[Any] = Object(
        api_version="networking.istio.io/v1", kind="WorkloadEntry", meta=meta, spec=entry
    )
    return made


def _proxy(node: Node) -> Proxy | None:
    try:
        return Proxy.from_node(node.id, node.metadata, node.locality)
    except ValueError:
        return None  # its stream is about to be refused for this
