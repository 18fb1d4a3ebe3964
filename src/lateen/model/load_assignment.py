"""The endpoints of a cluster as one proxy sees them: filtered, grouped by locality, preferred by place.

Source: pilot/pkg/xds/endpoints/endpoint_builder.go.
"""

from collections.abc import Iterable, Iterator

from lateen.api import facts
from lateen.api.destination_rule import Subset
from lateen.engine import Database
from lateen.model import host as hosts
from lateen.model import locality, networks, subsets
from lateen.model.endpoint import Endpoint
from lateen.model.endpoints import endpoints
from lateen.model.locality import Client, Group, Member
from lateen.model.seen import Seen
from lateen.model.service import PERSISTENT_SESSION, Service
from lateen.model.traffic_policy import Policy, declared, of_subset, policy
from lateen.model.view import View
from lateen.model.workload import Health


def load_assignment(
    db: Database, view: View, seen: Seen, port: int, subset: Subset | None
) -> tuple[Group, ...]:
    """Return what EDS answers for a cluster of a port; empty when the service has no such port.

    Names are not addresses that EDS may carry, and clusters that resolve names carry their own endpoints.
    """
    if seen.service.port(port) is None or seen.service.resolution.is_dns:
        return ()
    found = _of_subset(_addresses(db, seen.service, port), subset)
    return _assigned(db, view, seen.service, declared(seen.rule, port, subset), found)


def load_assignments(
    db: Database, view: View, seen: Seen, port: int
) -> Iterator[tuple[str, tuple[Group, ...]]]:
    """Yield the same for all clusters of a port that has them: of the whole service, named "", and of each subset.

    A subset that has all endpoints, and no policy of its own, has the very same.
    """
    service, chosen = seen.service, declared(seen.rule, port)
    everything = _addresses(db, service, port)
    whole = _assigned(db, view, service, chosen, everything)
    yield "", whole
    for subset in seen.subsets:
        own, its = of_subset(chosen, subset, port), _of_subset(everything, subset)
        alike = own is chosen and len(its) == len(everything)
        yield subset.name, whole if alike else _assigned(db, view, service, own, its)


def inline_assignment(
    db: Database, view: View, seen: Seen, port: int, subset: Subset | None
) -> tuple[Group, ...]:
    """Return what a cluster that resolves names carries in itself: addresses and names alike.

    The cluster's own outlier detection decides about failover here, the mesh's default included.
    """
    found = _of_subset(endpoints(db, seen.service.host, seen.service.namespace, port), subset)
    groups = _grouped(db, view, seen.service, declared(seen.rule, port, subset), found)
    return _preferred(db, view, seen.service, policy(db, seen.rule, port, subset), groups)


def sends_unhealthy(service: Service, chosen: Policy) -> bool:
    """Tell whether endpoints that are not ready are sent, marked so.

    Not when a panic threshold would let Envoy use them, except that trafficDistribution lives by their health.
    """
    if locality.distribution(service):
        return True
    detection = chosen.outlier_detection
    return detection is None or not detection.min_health_percent or detection.min_health_percent < 0


def speaks_mtls(_endpoint: Endpoint, _policy: Policy) -> bool:
    """Tell whether the proxy speaks the mesh's mutual TLS to an endpoint.

    The mesh has no certificates of its own yet, so nobody does. With them: the endpoint's tlsMode is `istio`, its
    PeerAuthentication does not forbid it, and the policy's `tls` is unset or ISTIO_MUTUAL (mtls_checker.go).
    """
    return False


def _addresses(db: Database, service: Service, port: int) -> tuple[Endpoint, ...]:
    found = endpoints(db, service.host, service.namespace, port)
    return tuple(one for one in found if one.is_unix or hosts.is_address(one.address))


def _of_subset(found: tuple[Endpoint, ...], subset: Subset | None) -> tuple[Endpoint, ...]:
    selector = subsets.labels_of(subset)
    return tuple(one for one in found if subsets.belongs(one, selector)) if selector else found


def _assigned(
    db: Database, view: View, service: Service, chosen: Policy, found: Iterable[Endpoint]
) -> tuple[Group, ...]:
    return _preferred(db, view, service, chosen, _grouped(db, view, service, chosen, found))


def _grouped(
    db: Database, view: View, service: Service, chosen: Policy, found: Iterable[Endpoint]
) -> tuple[Group, ...]:
    by_locality: dict[str, list[Member]] = {}
    unhealthy = sends_unhealthy(service, chosen)
    for one in found:
        if _usable(view, service, one) and (unhealthy or one.health is not Health.UNHEALTHY):
            member = Member(one, one.weight, speaks_mtls(one, chosen))
            by_locality.setdefault(one.locality, []).append(member)
    groups = [
        Group(place, tuple(members), sum(member.weight for member in members))
        for place, members in sorted(by_locality.items())
    ]
    return networks.through_gateways(db, groups, view.network)


def _usable(view: View, service: Service, one: Endpoint) -> bool:
    if service.node_local and one.node != view.node:
        return False
    keeps = one.health is not Health.DRAINING or bool(dict(service.labels).get(PERSISTENT_SESSION))
    return bool(one.address) and keeps  # the label of sessions by header keeps none (endpoint_builder.go)


def _preferred(
    db: Database, view: View, service: Service, chosen: Policy, groups: tuple[Group, ...]
) -> tuple[Group, ...]:
    wanted = locality.preference(facts.mesh_config(db), chosen.load_balancer, service)
    detects = chosen.outlier_detection is not None
    if wanted is None or not wanted.acts(detects=detects):
        return groups
    labels = subsets.located(dict(view.labels), view.locality, view.network, view.node)
    client = Client(view.locality, labels)
    return locality.prefer(groups, wanted, client, detects=detects)
