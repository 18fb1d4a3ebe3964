"""Labels that select workloads, and which labels and node metadata any rule looks at.

The second part is what keeps views few: a label that no selector names cannot change a proxy's configuration.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from lateen.api import facts
from lateen.api.destination_rule import DestinationRule, TrafficPolicy
from lateen.api.envoy_filter import EnvoyFilter
from lateen.api.gateway import Gateway
from lateen.api.kubernetes import Service
from lateen.api.load_balancer import LocalityLoadBalancerSetting, ZoneAwareLoadBalancerSetting
from lateen.api.service_entry import ServiceEntry
from lateen.api.sidecar import Sidecar
from lateen.api.virtual_service import HTTPMatchRequest, L4MatchAttributes, TLSMatchAttributes, VirtualService
from lateen.engine import Database, query
from lateen.model import blocks

Label = tuple[str, str]
Pairs = tuple[Label, ...]
Routes = Literal["http", "opaque"]
"""Which routes of a VirtualService count: `http`, or `tls` and `tcp`."""
PlaceSetting = LocalityLoadBalancerSetting | ZoneAwareLoadBalancerSetting
Condition = HTTPMatchRequest | TLSMatchAttributes | L4MatchAttributes

FEW = 16
"""Objects of a kind up to which all are looked at together; blocks of them would be more to keep than to save."""
SELECTING_KINDS = (
    "Service", "ServiceEntry", "Sidecar", "Gateway", "DestinationRule", "VirtualService", "EnvoyFilter", "ProxyConfig",
)  # fmt: skip


GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
"""The label of a workload that serves a Gateway of Kubernetes' Gateway API."""


def pairs(labels: Mapping[str, str] | None) -> Pairs:
    """Freeze labels into sorted pairs, so that they can be an argument of a query."""
    return tuple(sorted((labels or {}).items()))


def selects(selector: Iterable[tuple[str, str]], labels: Iterable[tuple[str, str]]) -> bool:
    """Tell whether the labels hold every pair of the selector; an empty selector takes all."""
    have = dict(labels)
    return all(have.get(key) == value for key, value in selector)


@query
def selected_label_keys(db: Database) -> frozenset[str]:
    """Return every label key that some object's selector (or source match, or failover rule) names."""
    return mesh_label_keys(db).union(*(asked(db, kind).keys for kind in SELECTING_KINDS))


def mesh_label_keys(db: Database) -> frozenset[str]:
    """Return the label keys that the mesh's own failover rules name."""
    mesh = facts.mesh_config(db)
    settings = (mesh.locality_lb_setting, mesh.zone_aware_lb_setting)
    return frozenset(key for setting in settings for key in _failover_keys(setting))


class Asked(msgspec.Struct, frozen=True):
    """The labels that objects ask workloads for."""

    keys: frozenset[str] = frozenset()
    """Of all their selectors, source matches and failover rules."""
    http: frozenset[Label] = frozenset()
    """Those, with their values, by which they choose whom their outbound rules are for; of their HTTP routes."""
    opaque: frozenset[Label] = frozenset()
    """The same of their TLS and TCP routes."""


NOTHING = Asked()


@query
def asked(db: Database, kind: str) -> Asked:
    """Return the labels that objects of a kind ask for."""
    refs = facts.refs(db, kind)
    if len(refs) <= FEW:
        return _together(_by_one(one.spec) for ref in refs if (one := facts.get(db, ref)) is not None)
    return _together(_asked(db, kind, number) for number in blocks.refs_by_block(db, kind))


@query
def _asked(db: Database, kind: str, number: int) -> Asked:
    """Return the labels that a block of objects asks for; equal while anything else in them changes."""
    return _together(_by_one(one.spec) for one in blocks.objects(db, kind, number))


def _together(several: Iterable[Asked]) -> Asked:
    found = [one for one in several if one is not NOTHING]
    if not found:
        return NOTHING
    return Asked(
        *(frozenset().union(*parts) for parts in zip(*map(msgspec.structs.astuple, found), strict=True))
    )


def _by_one(spec: object) -> Asked:
    keys = frozenset(_keys(spec))
    if not keys:
        return NOTHING  # most ask for none
    return Asked(keys, *(frozenset(_labels(spec, routes)) for routes in ("http", "opaque")))


def _keys(spec: object) -> Iterable[str]:
    match spec:
        case Service():
            yield from spec.selector or {}
        case Gateway():
            yield from spec.selector or {}
        case ServiceEntry() | Sidecar():
            yield from spec.workload_selector.labels if spec.workload_selector else {}
        case EnvoyFilter():
            yield from spec.workload_selector.labels if spec.workload_selector else {}
            if spec.target_refs:
                yield GATEWAY_NAME
        case DestinationRule():
            yield from _destination_rule_keys(spec)
        case VirtualService():
            yield from _source_label_keys(spec)
        case _:
            selector = getattr(spec, "selector", None)
            yield from getattr(selector, "match_labels", None) or {}


def _destination_rule_keys(spec: DestinationRule) -> Iterable[str]:
    yield from spec.workload_selector.match_labels if spec.workload_selector else {}
    for policy in (spec.traffic_policy, *(subset.traffic_policy for subset in spec.subsets)):
        for setting in _locality_settings(policy):
            yield from _failover_keys(setting)


def _locality_settings(policy: TrafficPolicy | None) -> Iterable[PlaceSetting | None]:
    if policy is None:
        return
    for balancer in (policy.load_balancer, *(port.load_balancer for port in policy.port_level_settings)):
        if balancer is not None:
            yield balancer.locality_lb_setting
            yield balancer.zone_aware_lb_setting


def _failover_keys(setting: PlaceSetting | None) -> Iterable[str]:
    return (entry.partition("=")[0] for entry in (setting.failover_priority if setting else ()))


def conditions_of(spec: VirtualService) -> Iterable[Sequence[Condition]]:
    """Yield the match list of every route of a VirtualService, of all three kinds."""
    yield from (route.match for route in spec.http)
    yield from (route.match for route in spec.tls)
    yield from (route.match for route in spec.tcp)


def _source_label_keys(spec: VirtualService) -> Iterable[str]:
    for conditions in conditions_of(spec):
        for condition in conditions:
            yield from condition.source_labels


@query
def matched_metadata_keys(db: Database) -> frozenset[str]:
    """Return the node metadata keys that some EnvoyFilter matches."""
    keys: set[str] = set()
    for ref in facts.refs(db, "EnvoyFilter"):
        found = facts.get(db, ref)
        if found is not None and isinstance(found.spec, EnvoyFilter):
            for patch in found.spec.config_patches:
                if patch.match and patch.match.proxy:
                    keys |= set(patch.match.proxy.metadata)
    return frozenset(keys)


def _labels(spec: object, routes: Routes) -> Iterator[Label]:
    match spec:
        case VirtualService():
            yield from _source_labels(spec, routes)
        case DestinationRule():
            yield from spec.workload_selector.match_labels.items() if spec.workload_selector else ()
        case Sidecar():
            yield from spec.workload_selector.labels.items() if spec.workload_selector else ()


def _source_labels(spec: VirtualService, routes: Routes) -> Iterator[Label]:
    if routes == "http":
        for http in (condition for route in spec.http for condition in route.match):
            yield from http.source_labels.items()
        return
    for tls in (condition for route in spec.tls for condition in route.match):
        yield from tls.source_labels.items()
    for tcp in (condition for route in spec.tcp for condition in route.match):
        yield from tcp.source_labels.items()
