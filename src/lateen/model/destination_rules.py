"""Which DestinationRule a proxy uses for a host, and what is left of several rules for the same host.

The rules of one namespace and host are merged, oldest first; namespaces are never merged: the client's own wins, then
the service's, then the root's. Sources: pilot/pkg/model/push_context.go (setDestinationRules, destinationRule) and
pilot/pkg/model/destination_rule.go (mergeDestinationRule).
"""

from collections.abc import Iterable

import msgspec

from lateen.api import facts
from lateen.api.destination_rule import DestinationRule, Subset, TrafficPolicy
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model import host as hosts
from lateen.model import scope, visibility
from lateen.model.defaults import CLUSTER_DOMAIN
from lateen.model.root import root_namespace
from lateen.model.selectors import Pairs, pairs, selects
from lateen.model.view import View


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
    refs = refs_for(db, view, host)
    return merged(db, refs) if refs else None


def refs_for(db: Database, view: View, host: str) -> tuple[Ref, ...]:
    """Return the objects that are merged into a proxy's rule for a host; none when it has none."""
    found = _for_client(db, scope.scope_of(db, view), host)
    for one in found:
        if one.selector is not None and selects(one.selector, view.labels):
            return one.refs
    return _for_everyone(found)


@query
def inbound_rule_for(db: Database, view: View, host: str) -> Rule | None:
    """Return the rule that a proxy's own inbound clusters follow: those with a workloadSelector are outbound only."""
    refs = _for_everyone(_for_client(db, scope.scope_of(db, view), host))
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
    first = head(db, refs[0])
    return Rule(refs, policy, tuple(subsets.values()), bool(first and first.selector is not None))


@query
def head(db: Database, ref: Ref) -> Head | None:
    """Return what one rule is for."""
    found = facts.get(db, ref)
    if found is None or not isinstance(found.spec, DestinationRule):
        return None
    spec = found.spec
    selector = pairs(spec.workload_selector.match_labels) if spec.workload_selector else None
    return Head(
        ref=ref,
        host=hosts.fqdn(spec.host or "", ref.namespace, CLUSTER_DOMAIN).lower(),
        export_to=tuple(sorted(set(spec.export_to))) if selector is None else (visibility.PRIVATE,),
        selector=selector,
        created=found.meta.creation_timestamp,
    )


@query
def _heads(db: Database, namespace: str) -> tuple[Head, ...]:
    found = (head(db, ref) for ref in facts.refs(db, "DestinationRule") if ref.namespace == namespace)
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.precedence))


@query
def _local(db: Database, namespace: str) -> Groups:
    """Group the rules that a namespace's own proxies look at first: those exported at least to it."""
    own = {visibility.PUBLIC, visibility.PRIVATE, namespace}
    return _grouped(one for one in _heads(db, namespace) if not one.export_to or own & set(one.export_to))


@query
def _exported(db: Database, namespace: str) -> Groups:
    """Group the rules of a namespace that some other one may see."""
    return _grouped(one for one in _heads(db, namespace) if not _private(db, one))


@query
def _root_private(db: Database) -> Groups:
    """Group the root namespace's private rules: all that its own proxies look at first."""
    return _grouped(one for one in _heads(db, root_namespace(db)) if _private(db, one))


def _private(db: Database, one: Head) -> bool:
    if not one.export_to:
        return visibility.PRIVATE in facts.mesh_config(db).default_destination_rule_export_to
    return one.export_to in ((visibility.PRIVATE,), (one.ref.namespace,))


def _grouped(heads: Iterable[Head]) -> Groups:
    by_host: dict[str, list[Group]] = {}
    for one in heads:
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


@query
def _for_client(db: Database, place: scope.Scope, host: str) -> tuple[Group, ...]:
    """Return the groups of the first namespace that has a rule for the host, as the proxies of a scope see it."""
    service = scope.service(db, place, host)
    if service is None:
        return ()
    root = root_namespace(db)
    own = _root_private(db) if place.namespace == root else _local(db, place.namespace)
    found = (
        _closest(own, host)
        or _seen(_exported(db, service.namespace), host, place.namespace)
        or _seen(_exported(db, root), host, place.namespace)
    )
    return tuple(one for one in found if one.selector is None or one.refs[0].namespace == place.namespace)


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
