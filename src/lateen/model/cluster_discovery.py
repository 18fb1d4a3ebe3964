"""How Envoy finds the endpoints of a cluster.

Source: pilot/pkg/networking/core/{cluster,cluster_builder,cluster_traffic_policy}.go.
"""

from enum import StrEnum

from lateen.api import facts
from lateen.api.destination_rule import Subset, TrafficPolicy
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model import host as hosts
from lateen.model.service import Resolution, Service
from lateen.model.traffic_policy import Policy
from lateen.model.view import View

CONNECT_STRATEGY = "istio.io/connect-strategy"
RACE = "RACE_FIRST_TCP_CONNECT"


class Discovery(StrEnum):
    """How Envoy finds a cluster's endpoints, in its words."""

    EDS = "EDS"
    STRICT_DNS = "STRICT_DNS"
    LOGICAL_DNS = "LOGICAL_DNS"
    ORIGINAL_DST = "ORIGINAL_DST"
    DYNAMIC = "DYNAMIC_FORWARD_PROXY"

    @property
    def is_dns(self) -> bool:
        """Endpoints are in the cluster, by name."""
        return self in (Discovery.STRICT_DNS, Discovery.LOGICAL_DNS)


def discovery_of(
    db: Database, view: View, service: Service, subset: Subset | None, policies: tuple[Policy, Policy]
) -> tuple[Discovery, bool]:
    """Return how a cluster finds its endpoints, and whether it knows their names, even where it does not look them up.

    A rule with PASSTHROUGH lets connections go where they were meant. Names are known then, too, except by a subset that is
    made so: by its service's policy for the port, or by its own policy, whatever that says of the port (buildSubsetCluster).

    Args:
        db: the facts.
        view: the proxy's.
        service: whose cluster it is.
        subset: of the rule; None for the whole service.
        policies: of the port of the whole service, and of the cluster.
    """
    looks_up = service.resolution.is_dns
    whole, own = policies
    if is_dynamic(service):
        return Discovery.DYNAMIC, looks_up
    if subset is not None and (_passes(whole) or _passes(subset.traffic_policy)):
        return Discovery.ORIGINAL_DST, False
    if _passes(own):
        return Discovery.ORIGINAL_DST, looks_up
    return _by_resolution(db, view, service), looks_up


def _passes(chosen: Policy | TrafficPolicy | None) -> bool:
    balancing = chosen.load_balancer if chosen is not None else None
    return balancing is not None and balancing.simple == "PASSTHROUGH"


def _by_resolution(db: Database, view: View, service: Service) -> Discovery:
    if service.resolution is Resolution.DNS:
        return Discovery.LOGICAL_DNS if races(db, service) else Discovery.STRICT_DNS
    if service.resolution is Resolution.DNS_ROUND_ROBIN:
        return Discovery.LOGICAL_DNS
    if service.resolution is Resolution.PASSTHROUGH and not view.is_router:
        return Discovery.ORIGINAL_DST
    return Discovery.EDS


def is_dynamic(service: Service) -> bool:
    """The service is a wildcard whose names the proxy looks up as they are asked for."""
    return service.resolution is Resolution.DYNAMIC_DNS and hosts.is_wildcard(service.host)


@query
def _annotated_strategy(db: Database, origin: Ref) -> str:
    found = facts.get(db, origin)
    return found.meta.annotations.get(CONNECT_STRATEGY, "") if found else ""


def races(db: Database, service: Service) -> bool:
    """The service's names are resolved in both families, and the two raced."""
    return service.resolution.is_dns and _annotated_strategy(db, service.origin) == RACE
