"""Locality load balancing: which endpoints a proxy prefers, by where it and they run.

Everything here is arithmetic over groups of endpoints; `load_assignment` asks it. Source:
pilot/pkg/networking/core/loadbalancer/loadbalancer.go.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from lateen.api.load_balancer import (
    LoadBalancerSettings,
    LocalityLoadBalancerSetting,
    ZoneAwareLoadBalancerSetting,
)
from lateen.api.mesh_config import MeshConfig
from lateen.model.distribution import SAME_NODE, SAME_ZONE
from lateen.model.endpoint import Endpoint
from lateen.model.mesh_networks import NETWORK_LABEL
from lateen.model.service import Service
from lateen.model.subsets import NODE, located_labels, split_locality
from lateen.model.workload import REGION, SUBZONE, ZONE

Pairs = tuple[tuple[str, str], ...]

_SAME_ZONE = (NETWORK_LABEL, REGION, ZONE)
_SAME_NODE = (NETWORK_LABEL, REGION, ZONE, SUBZONE, NODE)
_DISTRIBUTIONS = {SAME_ZONE: _SAME_ZONE, SAME_NODE: _SAME_NODE}


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """How a cluster's endpoints are preferred by their place."""

    distribute: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    """(from, ((to, percent), …)); wins over failover."""
    failover: Pairs = ()
    """(from region, to region)."""
    failover_priority: tuple[str, ...] = ()
    """Labels, `key` or `key=value`; the more leading ones agree, the better."""
    zone_aware: bool = False
    """Envoy balances over zones itself; the failover above is by region alone."""
    routing: bool = True
    """False switches Envoy's own zone awareness off (`zoneAwareLbSetting.enabled: false`)."""
    min_cluster_size: int | None = None
    force: bool = False
    """Priorities apply without outlier detection too."""

    def acts(self, *, detects: bool) -> bool:
        """Tell whether anything is preferred.

        Without outlier detection (`detects`) Envoy would never leave the first priority, so failover is not applied then.
        """
        if self.zone_aware:
            return self.routing
        return bool(self.distribute) or detects or self.force


class Member(msgspec.Struct, frozen=True):
    """An endpoint as one proxy sees it."""

    endpoint: Endpoint
    weight: int
    mtls: bool = False
    """The proxy speaks the mesh's mutual TLS to it."""


class Group(msgspec.Struct, frozen=True):
    """The endpoints of one locality and priority."""

    locality: str
    members: tuple[Member, ...]
    weight: int
    priority: int = 0


class Client(msgspec.Struct, frozen=True):
    """The proxy whose view of the endpoints is asked for."""

    locality: str
    labels: Mapping[str, str]


def preference(
    mesh: MeshConfig, balancer: LoadBalancerSettings | None, service: Service
) -> Preference | None:
    """Choose what applies: the rule's, else the service's trafficDistribution, else the mesh's; None is none."""
    if balancer is not None and balancer.zone_aware_lb_setting is not None:
        return _zone_aware(balancer.zone_aware_lb_setting)
    if balancer is not None and balancer.locality_lb_setting is not None:
        return _by_locality(balancer.locality_lb_setting)
    labels = distribution(service)
    if labels:
        return Preference(failover_priority=labels, force=True)
    if mesh.zone_aware_lb_setting is not None:
        return _zone_aware(mesh.zone_aware_lb_setting)
    return _by_locality(mesh.locality_lb_setting)


def distribution(service: Service) -> tuple[str, ...]:
    """Return the labels that a service's trafficDistribution compares; empty for any endpoint alike."""
    return _DISTRIBUTIONS.get(service.traffic_distribution, ())


def _by_locality(setting: LocalityLoadBalancerSetting | None) -> Preference | None:
    if setting is None:
        return Preference()  # the mesh's default: on, with nothing said
    if setting.enabled is False:
        return None
    return Preference(
        distribute=tuple((one.from_ or "", tuple(one.to.items())) for one in setting.distribute),
        failover=tuple((one.from_ or "", one.to or "") for one in setting.failover),
        failover_priority=tuple(setting.failover_priority),
    )


def _zone_aware(setting: ZoneAwareLoadBalancerSetting) -> Preference:
    enabled = setting.enabled is not False
    return Preference(
        zone_aware=True,
        routing=enabled,
        force=enabled,
        min_cluster_size=setting.min_cluster_size,
        failover=tuple((one.from_ or "", one.to or "") for one in setting.failover),
        failover_priority=tuple(setting.failover_priority),
    )


def prefer(
    groups: Sequence[Group], wanted: Preference, client: Client, *, detects: bool
) -> tuple[Group, ...]:
    """Give the groups their priorities and weights; `detects`: the cluster has outlier detection."""
    if not wanted.acts(detects=detects):
        return tuple(groups)
    if wanted.zone_aware:
        return _prefer_region(groups, wanted, client)
    if wanted.distribute:
        return _distributed(groups, wanted, client)
    if wanted.failover_priority:
        ranked = _by_labels(groups, wanted.failover_priority, client)
        return _by_place(ranked, wanted, client) if wanted.failover else ranked
    return _by_place(groups, wanted, client)


def _distributed(groups: Sequence[Group], wanted: Preference, client: Client) -> tuple[Group, ...]:
    """Weigh the localities as told for the client's; one that is not named keeps no endpoint."""
    shares = next((to for origin, to in wanted.distribute if covers(origin, client.locality)), None)
    if shares is None:
        return tuple(groups)
    weights: dict[int, int] = {}
    for pattern, percent in shares:
        taken = {
            i: g.weight for i, g in enumerate(groups) if i not in weights and covers(pattern, g.locality)
        }
        total = sum(taken.values())
        weights.update({i: -(-weight * percent // total) for i, weight in taken.items()})
    return tuple(
        msgspec.structs.replace(group, weight=weights[index] or group.weight)
        if index in weights
        else msgspec.structs.replace(group, members=())
        for index, group in enumerate(groups)
    )


def covers(pattern: str, locality: str) -> bool:
    """Tell whether a pattern of a rule (`region/zone/*`, `region`) covers a locality."""
    wanted, actual = split_locality(pattern), split_locality(locality)
    if wanted[0] not in ("*", actual[0]):
        return False
    return all(want in ("*", "", have) for want, have in zip(wanted[1:], actual[1:], strict=True))


def _by_place(groups: Sequence[Group], wanted: Preference, client: Client) -> tuple[Group, ...]:
    """Rank by region, zone and subzone (0 to 3), and 4 for a region that failover does not name."""
    home = split_locality(client.locality)
    target = dict(reversed(wanted.failover)).get(home[0])
    ranks = []
    for group in groups:
        place = split_locality(group.locality)
        rank = _distance(home, place)
        if rank == 3 and target is not None and place[0] != target:
            rank = 4
        ranks.append(group.priority * 5 + rank)
    return _compacted(groups, ranks)


def _distance(home: tuple[str, str, str], place: tuple[str, str, str]) -> int:
    for distance, parts in enumerate((3, 2, 1)):
        if home[:parts] == place[:parts]:
            return distance
    return 3


def _prefer_region(groups: Sequence[Group], wanted: Preference, client: Client) -> tuple[Group, ...]:
    """Keep the client's region together, for Envoy to balance over its zones; then the failover's, then the rest."""
    if wanted.failover_priority:
        groups = _by_labels(groups, wanted.failover_priority, client)
    home = split_locality(client.locality)[0]
    target = dict(reversed(wanted.failover)).get(home)
    ranks = []
    for group in groups:
        region = split_locality(group.locality)[0]
        rank = 0 if region == home else 1 if target is not None and region == target else 2
        ranks.append(group.priority * 3 + rank)
    return _compacted(groups, ranks)


def _by_labels(groups: Sequence[Group], labels: Sequence[str], client: Client) -> tuple[Group, ...]:
    """Split each locality by how many leading labels the endpoints share with the client."""
    found: list[Group] = []
    for group in groups:
        ranked: dict[int, list[Member]] = {}
        for member in group.members:
            rank = _label_rank(labels, client.labels, located_labels(member.endpoint))
            ranked.setdefault(rank, []).append(member)
        for rank in sorted(ranked):
            members = tuple(ranked[rank])
            found.append(Group(group.locality, members, sum(m.weight for m in members), rank))
    return _compacted(found, [group.priority for group in found])


def _label_rank(labels: Sequence[str], client: Mapping[str, str], endpoint: Mapping[str, str]) -> int:
    """Return 0 when all agree, else how many are left from the first that differs.

    A first label `topology.istio.io/network` is outside the count: another network comes after everything else.
    """
    elsewhere = 0
    for index, entry in enumerate(labels):
        key, given, value = entry.partition("=")
        if (value if given else client.get(key, "")) != endpoint.get(key, ""):
            if index == 0 and key == NETWORK_LABEL and not given:
                elsewhere = len(labels)
                continue
            return len(labels) - index + elsewhere
    return elsewhere


def _compacted(groups: Iterable[Group], ranks: Sequence[int]) -> tuple[Group, ...]:
    """Number the ranks 0, 1, 2 … without gaps, as Envoy wants priorities."""
    order = {rank: number for number, rank in enumerate(sorted(set(ranks)))}
    return tuple(msgspec.structs.replace(g, priority=order[r]) for g, r in zip(groups, ranks, strict=True))
