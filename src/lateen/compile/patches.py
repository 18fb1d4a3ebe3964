"""Patches of EnvoyFilters, put on resources that are made without them.

What a patch says is decoded once, in a query of its own; which patches a proxy has is asked once per kind of resource, and
when there are none nothing else here runs. A patched resource is a query over the unpatched one, so that queries below
stay shared among proxies that have different patches.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from lateen.api.meta import Ref
from lateen.compile.resource import Resource, resource
from lateen.engine import Database, query
from lateen.model import envoy_filters
from lateen.model.envoy_filters import Context
from lateen.model.view import View
from lateen.translate import patch_cluster, patch_listener
from lateen.translate.patch import Failure, Patch, Patched
from lateen.translate.patch_value import Value, decoded

Source = Callable[..., Resource | None]
"""A query that makes a resource without patches."""


class Group(Enum):
    """What is patched together."""

    LISTENERS = ("LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER", "LISTENER_FILTER")
    ROUTES = ("ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE")
    CLUSTERS = ("CLUSTER",)
    EXTENSIONS = ("EXTENSION_CONFIG",)
    BOOTSTRAP = ("BOOTSTRAP",)


class Part(NamedTuple):
    """A resource that is to be made: for what, by which query, of which arguments."""

    context: Context
    source: Source
    args: tuple[Any, ...]
    hosts: tuple[str, ...] = ()
    """The services behind an inbound cluster."""


class Outcome(msgspec.Struct, frozen=True):
    """A patched resource; None when it was removed or never was."""

    resource: Resource | None = None
    failures: tuple[Failure, ...] = ()


@query
def value(db: Database, ref: Ref, index: int) -> Value:
    """Decode the value of one patch; REMOVE needs none, and one that is there must be good all the same."""
    found = next((one for one in envoy_filters.config_patches(db, ref) if one.index == index), None)
    if found is None:
        return Value(None, "there is no such patch")
    if found.operation == "REMOVE":
        read = decoded(found.apply_to, found.value) if found.value is not None else Value(b"")
        return Value(b"" if read.body is not None else None, read.problem)
    if found.apply_to == "INVALID" or found.value is None:
        return Value(None, "the value is missing")
    return decoded(found.apply_to, found.value)


def patches(db: Database, view: View, group: Group) -> tuple[Patch, ...]:
    """Return the patches of a proxy for one kind of resource, in order; those that cannot be read are left out."""
    return _patches(db, view, group) if are_there(db, view) else ()


@query
def are_there(db: Database, view: View) -> bool:
    """Tell whether a proxy has any patches: one question for most proxies, and not one for each kind of resource."""
    return bool(envoy_filters.patches(db, view))


@query
def _patches(db: Database, view: View, group: Group) -> tuple[Patch, ...]:
    mine = (one for one in envoy_filters.patches(db, view) if one.apply_to in group.value)
    found = ((one, value(db, one.ref, one.index).body) for one in mine)
    return tuple(
        Patch(
            ref=one.ref,
            index=one.index,
            apply_to=one.apply_to,
            operation=one.operation,
            match=one.match,
            value=body,
        )
        for one, body in found
        if body is not None
    )


def clusters(db: Database, view: View, parts: Iterable[Part]) -> dict[str, Resource]:
    """Return clusters by name, patched, with those that patches add; of two with one name, the first."""
    mine = patches(db, view, Group.CLUSTERS)
    made = (_cluster(db, view, one).resource if mine else one.source(db, *one.args) for one in parts)
    more = (one for context in _contexts(view) for one in patch_cluster.added(context, mine)) if mine else ()
    return _by_name(made, more)


def listeners(db: Database, view: View, parts: Iterable[Part]) -> dict[str, Resource]:
    """Return listeners by name, patched, with those that patches add; of two with one name, the first."""
    mine = patches(db, view, Group.LISTENERS)
    any_patch = mine or patches(db, view, Group.ROUTES)
    made = (_listener(db, view, one).resource if any_patch else one.source(db, *one.args) for one in parts)
    more = (one for context in _contexts(view) for one in patch_listener.added(context, mine)) if mine else ()
    return _by_name(made, more)


def _by_name(made: Iterable[Resource | None], more: Iterable[tuple[str, bytes]]) -> dict[str, Resource]:
    """Join what is made and what patches add; of two with one name, the first."""
    found: dict[str, Resource] = {}
    for one in made:
        if one is not None:
            found.setdefault(one.name, one)
    for name, body in more:
        found.setdefault(name, resource(name, body))
    return found


@query
def cluster_failures(db: Database, view: View, part: Part) -> tuple[Failure, ...]:
    """Return the patches that could not be put on a cluster."""
    return _cluster(db, view, part).failures


@query
def listener_failures(db: Database, view: View, part: Part) -> tuple[Failure, ...]:
    """Return the patches that could not be put on a listener."""
    return _listener(db, view, part).failures


def context_of(view: View) -> Context:
    """Return what a proxy's outbound resources are for."""
    return Context.GATEWAY if view.is_router else Context.SIDECAR_OUTBOUND


def _contexts(view: View) -> tuple[Context, ...]:
    return (Context.GATEWAY,) if view.is_router else (Context.SIDECAR_OUTBOUND, Context.SIDECAR_INBOUND)


@query
def _cluster(db: Database, view: View, part: Part) -> Outcome:
    made = part.source(db, *part.args)
    mine = patches(db, view, Group.CLUSTERS)
    if made is None or not patch_cluster.touches(made.name, part.hosts, part.context, mine):
        return Outcome(made)
    return outcome(patch_cluster.patched(made.name, made.body, part.context, mine, part.hosts))


@query
def _listener(db: Database, view: View, part: Part) -> Outcome:
    made = part.source(db, *part.args)
    mine = patches(db, view, Group.LISTENERS)
    if part.context == Context.SIDECAR_INBOUND:  # where routes are inline
        mine = (*patches(db, view, Group.ROUTES), *mine)
    if made is None or not patch_listener.touches(made.name, part.context, mine):
        return Outcome(made)
    return outcome(patch_listener.patched(made.name, made.body, part.context, mine))


def outcome(found: Patched) -> Outcome:
    """Return a patched message as a resource."""
    made = resource(found.name, found.body) if found.name and found.body is not None else None
    return Outcome(made, found.failures)
