"""The next thing to say about one type: from what the client has and what the database answers to a response.

Nothing here changes a watch's promises (`resend`, `tell`, `owed`) except where there turns out to be nothing to say.
"""

import msgspec

from lateen.compile.blocks import Resources, version_of
from lateen.xds import order
from lateen.xds.change import Change, Owed, Said, merged
from lateen.xds.watch import Watch


class Step(msgspec.Struct, frozen=True):
    """What to say about one type, and what the client has then."""

    said: Said
    sent: Resources
    """What the client has when it accepts."""
    lone: bool = False
    """This is one resource of a rejected response, and keeps no other promise."""


def full(watch: Watch, change: Change, *, removable: bool) -> Step | None:
    """Say everything that differs or is owed.

    Args:
        watch: the type.
        change: from what the client has to what the database says.
        removable: nothing at the client uses what is gone any more.
    """
    kept = _kept(watch, change, removable=removable)
    watch.answer = None if kept else change.new
    if kept or watch.resend or watch.tell:
        return _mixed(watch, change, kept)
    if change.difference or watch.owed:
        return Step(change.difference, change.new)
    watch.sent = change.new  # equal, and now shared with the others who have it
    return None


def owed(watch: Watch, answer: Resources) -> Step | None:
    """Say only what was asked for, while changes wait."""
    if not watch.resend and not watch.tell and not watch.owed:
        return None
    resources = tuple(resource for resource in answer if resource.name in watch.resend)
    absent = watch.tell - {resource.name for resource in answer}
    if not resources and not absent and not watch.owed:
        return None
    present = {resource.name for resource in resources}
    kept = tuple(r for r in watch.sent if r.name not in present and r.name not in absent)
    watch.answer = None
    return Step(Said(resources, tuple(sorted(absent)), version_of(answer)), merged(resources, kept))


def alone(watch: Watch, answer: Resources) -> Step | None:
    """Say the next resource of a rejected response again, by itself."""
    watch.answer = None
    present = {resource.name: resource for resource in answer}
    while watch.alone:
        name = watch.alone.pop(0)
        if name in present:
            found = (present[name],)
            kept = tuple(resource for resource in watch.sent if resource.name != name)
            return Step(Said(found, (), version_of(answer)), merged(found, kept), lone=True)
    watch.rejections = tuple(rejection for rejection in watch.rejections if rejection.resource)
    return None


def _kept(watch: Watch, change: Change, *, removable: bool) -> tuple[str, ...]:
    """Return what is gone from the database but not to be taken from the client, or not yet."""
    if watch.type_url in order.BY_NAME:
        names, told = watch.subscription.names, watch.tell
        return tuple(name for name in change.gone if name in names and name not in told)
    return () if removable else tuple(change.gone)


def _mixed(watch: Watch, change: Change, kept: tuple[str, ...]) -> Step | None:
    """Say a change without what is kept, and with it what is owed whatever its version."""
    said = change.with_owed(Owed(frozenset(watch.resend), frozenset(watch.tell), kept))
    if said or watch.owed:
        return Step(said, change.keeping(kept))
    watch.resend, watch.tell = set(), set()
    return None
