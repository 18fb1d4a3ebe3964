"""Which DestinationRule a proxy uses for a host, and what is left of several rules for the same host.

The rules of one namespace and host are merged, oldest first; namespaces are never merged: the client's own wins, then
the service's, then the root's. Sources: pilot/pkg/model/push_context.go (setDestinationRules, destinationRule) and
pilot/pkg/model/destination_rule.go (mergeDestinationRule).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from lateen.api import facts
from lateen.api.destination_rule import DestinationRule, Subset, TrafficPolicy
from lateen.api.meta import Object, Ref
from lateen.engine import Database, entry_of, query
from lateen.model import blocks, scope, visibility
from lateen.model import host as hosts
from lateen.model.root import root_namespace
from lateen.model.selectors import Pairs, pairs, selects
from lateen.model.service import Service
from lateen.model.view import View

NOBODY = ""
"""A namespace that has no rules and that nobody exports any to by name."""


class Rule(msgspec.Struct, frozen=True):
    """A DestinationRule as a client sees it: one object, or several of the same host merged."""

    refs: tuple[Ref, ...]
    """The objects it comes from; the first one names it."""
    traffic_policy: TrafficPolicy | None = None
    subsets: tuple[Subset, ...] = ()
    selective: bool = False
    """It has a workloadSelector, so `credentialName` works on sidecars."""

    def subset(self, name: str) -> Subset | None:
        """Return the subset of this name."""
        return next((subset for subset in self.subsets if subset.name == name), None)


class Head(msgspec.Struct, frozen=True):
    """What a rule is for; stays equal when only its policy or its subsets change."""

    ref: Ref
    host: str
    export_to: tuple[str, ...]
    """As declared, sorted; `.` alone for a rule with a workloadSelector, which is never exported."""
    selector: Pairs | None
    created: str

    @property
    def precedence(self) -> tuple[bool, str, str, str]:
        """Sort key: rules with a workloadSelector first, then oldest first."""
        return self.selector is None, self.created, self.ref.name, self.ref.namespace


class Group(msgspec.Struct, frozen=True):
    """Rules of one namespace and host that merge."""

    export_to: tuple[str, ...]
    selector: Pairs | None
    refs: tuple[Ref, ...]


Groups = dict[str, tuple[Group, ...]]


def rule_for(db: Database, view: View, host: str) -> Rule | None:
    """Return the rule that a proxy's outbound traffic to a host of its scope follows, or None."""
    place = scope.scope_of(db, view)
    service = scope.service(db, place, host)
    return rule_for_service(db, place.namespace, view.labels, service) if service is not None else None


def rule_for_service(db: Database, namespace: str, labels: Pairs, service: Service) -> Rule | None:
    """Return the same for a service that a proxy of a namespace, with these labels, sees."""
    refs = refs_for_service(db, namespace, labels, service)
    return merged(db, refs) if refs else None


def refs_for_service(db: Database, namespace: str, labels: Pairs, service: Service) -> tuple[Ref, ...]:
    """Return the objects that are merged into the rule for a service of a proxy with these labels; none: it has none."""
    found = _for_client(db, namespace, service)
    for one in found:
        if one.selector is not None and selects(one.selector, labels):
            return one.refs
    return _for_everyone(found)


def differing(db: Database, namespace: str, services: Mapping[str, Service]) -> Iterator[Service]:
    """Yield those of the services for which a namespace may follow other rules than a namespace without any."""
    own = _own(db, namespace)
    if any(hosts.is_wildcard(host) for host in own):
        yield from services.values()
        return
    yield from (services[host] for host in own if host in services)
    spaces = {one.namespace for one in services.values()}
    restricted = {space for space in spaces if _is_restricted(db, space)}
    yield from (one for one in services.values() if one.namespace in restricted)


@query
def inbound_rule_for(db: Database, view: View, host: str) -> Rule | None:
    """Return the rule that a proxy's own inbound clusters follow: those with a workloadSelector are outbound only."""
    place = scope.scope_of(db, view)
    service = scope.service(db, place, host)
    refs = _for_everyone(_for_client(db, place.namespace, service)) if service is not None else ()
    return merged(db, refs) if refs else None


def _for_everyone(groups: Iterable[Group]) -> tuple[Ref, ...]:
    refs: tuple[Ref, ...] = ()
    for one in groups:
        if one.selector is None:
            refs = one.refs
    return refs


@query
def merged(db: Database, refs: tuple[Ref, ...]) -> Rule:
    """Merge rules in their order: subsets add up, the first of a name stays; the first policy wins whole."""
    policy: TrafficPolicy | None = None
    subsets: dict[str, Subset] = {}
    for ref in refs:
        spec = _spec(db, ref)
        if spec is not None:
            policy = spec.traffic_policy if policy is None else policy
            for subset in spec.subsets:
                subsets.setdefault(subset.name or "", subset)
    selective = any(_is_selective(db, ref) for ref in refs[:1])
    return Rule(refs, policy, tuple(subsets.values()), selective)


def _is_selective(db: Database, ref: Ref) -> bool:
    spec = _spec(db, ref)
    return spec is not None and spec.workload_selector is not None


def head(db: Database, ref: Ref) -> Head | None:
    """Return what one rule is for."""
    found = facts.get(db, ref)
    return _head(ref, found) if found is not None else None


def _head(ref: Ref, found: Object[Any]) -> Head | None:
    spec = found.spec
    if not isinstance(spec, DestinationRule):
        return None
    selector = pairs(spec.workload_selector.match_labels) if spec.workload_selector else None
    return Head(
        ref=ref,
        host=hosts.canonical(spec.host or "", ref.namespace),
        export_to=tuple(sorted(set(spec.export_to))) if selector is None else (visibility.PRIVATE,),
        selector=selector,
        created=found.meta.creation_timestamp,
    )


@query
def _heads_of(db: Database, number: int) -> tuple[Head, ...]:
    """Return what a block of rules is for; stays equal when only policies and subsets change."""
    found = (_head(ref, one) for ref, one in blocks.by_ref(db, "DestinationRule", number))
    return tuple(one for one in found if one is not None)


@query
def _heads_by_namespace(db: Database) -> dict[str, tuple[Head, ...]]:
    index: dict[str, list[Head]] = {}
    for number in blocks.refs_by_block(db, "DestinationRule"):
        for one in _heads_of(db, number):
            index.setdefault(one.ref.namespace, []).append(one)
    return {space: tuple(sorted(found, key=lambda one: one.precedence)) for space, found in index.items()}


@entry_of(_heads_by_namespace)
def heads(db: Database, namespace: str) -> tuple[Head, ...] | None:
    """Return what the rules of a namespace are for, in the order of precedence; None without any."""
    return _heads_by_namespace(db).get(namespace)


@query
def _own(db: Database, namespace: str) -> Groups:
    """Group the rules that a namespace's own proxies look at first: exported at least to it; the root's private ones."""
    found = heads(db, namespace) or ()
    if namespace == root_namespace(db):
        return _grouped(one for one in found if _private(db, one))
    own = {visibility.PUBLIC, visibility.PRIVATE, namespace}
    return _grouped(one for one in found if not one.export_to or own & set(one.export_to))


@query
def _exported(db: Database, namespace: str) -> Groups:
    """Group the rules of a namespace that some other one may see."""
    return _grouped(one for one in heads(db, namespace) or () if not _private(db, one))


def _private(db: Database, one: Head) -> bool:
    if not one.export_to:
        return visibility.PRIVATE in facts.mesh_config(db).default_destination_rule_export_to
    return one.export_to in ((visibility.PRIVATE,), (one.ref.namespace,))


def _grouped(several: Iterable[Head]) -> Groups:
    by_host: dict[str, list[Group]] = {}
    for one in several:
        _add(by_host.setdefault(one.host, []), one)
    return {host: tuple(groups) for host, groups in by_host.items()}


def _add(groups: list[Group], one: Head) -> None:
    """Merge a rule into the groups that it may join; keep it apart as well where it is seen more widely."""
    apart = True
    for index, group in enumerate(groups):
        equal = set(one.export_to) == set(group.export_to)
        wider = bool(group.export_to) and set(one.export_to) > set(group.export_to)
        if not (equal or wider):
            apart = True
            continue
        both_select = one.selector is not None and group.selector is not None
        if both_select and one.selector != group.selector:
            apart = True
            continue
        apart = wider and one.selector != group.selector
        groups[index] = msgspec.structs.replace(group, refs=(*group.refs, one.ref))
    if apart:
        groups.append(Group(one.export_to, one.selector, (one.ref,)))


def _for_client(db: Database, namespace: str, service: Service) -> tuple[Group, ...]:
    """Return the groups of the first namespace that has a rule for a service, as proxies of a namespace see it.

    Most namespaces have no say about most services, and see what a namespace without any rules sees.
    """
    host, own = service.host, _own(db, namespace)
    says = host in own or (bool(own) and hosts.most_specific(host, own) is not None)
    if not says and not _is_restricted(db, service.namespace):
        return _found(db, NOBODY, service.namespace, host)
    return _found(db, namespace, service.namespace, host)


@query
def _found(db: Database, namespace: str, owner: str, host: str) -> tuple[Group, ...]:
    root = root_namespace(db)
    found = (
        _closest(_own(db, namespace), host)
        or _seen(_exported(db, owner), host, namespace)
        or _seen(_exported(db, root), host, namespace)
    )
    return tuple(one for one in found if one.selector is None or one.refs[0].namespace == namespace)


@query
def _is_restricted(db: Database, owner: str) -> bool:
    """Tell whether some rule that is looked at for a namespace's services is seen by some namespaces only.

    Rules of the root namespace are looked at for all.
    """
    spaces = (owner, root_namespace(db))
    groups = (one for space in spaces for several in _exported(db, space).values() for one in several)
    return any(one.export_to and visibility.PUBLIC not in one.export_to for one in groups)


def _closest(groups: Groups, host: str) -> tuple[Group, ...]:
    closest = hosts.most_specific(host, groups)
    return groups[closest] if closest is not None else ()


def _seen(groups: Groups, host: str, namespace: str) -> tuple[Group, ...]:
    visible = (visibility.PUBLIC, namespace)
    return tuple(
        one for one in _closest(groups, host) if not one.export_to or set(visible) & set(one.export_to)
    )


def _spec(db: Database, ref: Ref) -> DestinationRule | None:
    found = facts.get(db, ref)
    return found.spec if found is not None and isinstance(found.spec, DestinationRule) else None
