"""Pods: what the objects want, and what is seen of those that run. Only the latter are endpoints.

The store completes pods as if they ran, at addresses of its own, which is right for files alone. In a running mesh a pod
has an address when whoever runs it says so; and one that no object wants any more stays an endpoint until it is reported
gone, because it still answers.
"""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from lateen.api import facts
from lateen.api.meta import Object, Ref
from lateen.engine import Database
from lateen.sources.store import Applied

Pod = Object[Any]


class Pods:
    """The pods' facts in a running mesh."""

    def __init__(self, db: Database) -> None:
        """Write into this database."""
        self._db = db
        self._wanted: dict[Ref, Pod] = {}
        self._seen: dict[Ref, Pod] = {}

    @property
    def wanted(self) -> tuple[Pod, ...]:
        """The pods that should run, by namespace and name, without a status."""
        return tuple(self._wanted[ref] for ref in sorted(self._wanted))

    def follow(self, applied: Applied) -> None:
        """Take over what a change of the objects has done to the facts of pods, and put what is seen in its place."""
        touched = {ref for ref in (*applied.changed, *applied.removed) if ref.kind == "Pod"}
        for ref in touched:
            made = facts.get(self._db, ref)
            self._wanted.pop(ref, None)
            if made is not None:
                self._wanted[ref] = replace(made, status=None)
        facts.update(
            self._db,
            [self._seen[ref] for ref in touched if ref in self._seen],
            [ref for ref in touched if ref not in self._seen],
        )

    def observe(self, pods: Iterable[Pod], removed: Iterable[Ref]) -> None:
        """Take a report: these run like this, those do not run any more."""
        shown = {pod.ref: pod for pod in pods}
        gone = [ref for ref in removed if ref not in shown]
        for ref in gone:
            self._seen.pop(ref, None)
        self._seen |= shown
        facts.update(self._db, shown.values(), gone)
