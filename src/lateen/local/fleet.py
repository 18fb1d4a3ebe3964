"""Which pods must run, and what to start and stop for that; pure, so that it can be tested without processes.

A change of a Deployment's template makes pods of new names. The new ones are started first, and the old ones stop when
the new are ready: make before break, so a change drops no request.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from lateen.api.meta import Object, Ref


class Plan(msgspec.Struct, frozen=True):
    """What to do now."""

    start: tuple[Object[Any], ...] = ()
    stop: tuple[Ref, ...] = ()
    replace: tuple[Object[Any], ...] = ()
    """Pods of the same name but another content: stopped, then started."""


def owner_of(pod: Object[Any]) -> Ref:
    """Return the Deployment that a pod belongs to, or the pod itself."""
    owners = pod.meta.owner_references
    return Ref(owners[0].kind, pod.meta.namespace, owners[0].name) if owners else pod.ref


def plan(wanted: Iterable[Object[Any]], running: Mapping[Ref, Object[Any]], ready: frozenset[Ref]) -> Plan:
    """Compare what should run with what does.

    Args:
        wanted: the pods there should be.
        running: the pods that run or are being started.
        ready: those of them that take traffic.

    Returns:
        What to start and stop now; call it again when a pod becomes ready.
    """
    by_ref = {pod.ref: pod for pod in wanted}
    start = tuple(pod for ref, pod in by_ref.items() if ref not in running)
    replace = tuple(pod for ref, pod in by_ref.items() if ref in running and _differs(pod, running[ref]))
    waiting = {owner_of(pod) for ref, pod in by_ref.items() if ref not in ready}
    kept = {owner_of(pod) for pod in by_ref.values()}
    surplus = (ref for ref in running if ref not in by_ref)
    stop = tuple(ref for ref in surplus if owner_of(running[ref]) not in waiting & kept)
    return Plan(start, stop, replace)


def _differs(wanted: Object[Any], running: Object[Any]) -> bool:
    """Tell whether the pod itself changed; its status does not count."""
    return (wanted.spec, wanted.meta) != (running.spec, running.meta)
