"""IST0140: a gateway routes to a host by itself, so the subset rules that sidecars have for the host do not apply."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.analyze.virtual_service.conflicts import claims_of
from lateen.analyze.virtual_service.destinations import service_of
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database
from lateen.model import host as hosts
from lateen.model.defaults import CLUSTER_DOMAIN, MESH_GATEWAY
from lateen.model.destination_rules import rule_for
from lateen.model.endpoints import instances
from lateen.model.selectors import pairs, selects
from lateen.model.service import Service
from lateen.model.view import View


def ingress_subsets(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell where a gateway sends to all versions of a host, and sidecars only to some."""
    one = virtual_service(db, ref)
    if one is None or set(one.spec.gateways) <= {MESH_GATEWAY}:
        return ()
    return tuple(_of_routes(db, one))


def _of_routes(db: Database, one: Object[VirtualService]) -> Iterator[Finding]:
    for index, rule in enumerate(one.spec.http):
        for place, weighted in enumerate(rule.route):
            destination = weighted.destination
            service = service_of(db, destination.host, one.meta.namespace) if destination else None
            if destination is None or service is None or destination.subset:
                continue
            other = _by_subset(db, service)
            if other is not None:
                message = (
                    f"the subsets that VirtualService {other.namespace}/{other.name} chooses for {destination.host} "
                    "are for sidecars: requests from this gateway go to all of its endpoints"
                )
                path = f"spec.http[{index}].route[{place}].destination"
                yield found(Code.INGRESS_IGNORES_SUBSETS, one.ref, path, message, "name the subset here, too")


def _by_subset(db: Database, service: Service) -> Ref | None:
    """Return the VirtualService for sidecars that sends to only some endpoints of a service."""
    for claim in claims_of(db, service.host):
        one = virtual_service(db, claim.ref)
        names = _subsets(one, service) if one else set()
        if names and not _are_everything(db, service, names):
            return claim.ref
    return None


def _subsets(one: Object[VirtualService], service: Service) -> set[str]:
    every = (weighted.destination for rule in one.spec.http for weighted in rule.route)
    return {
        destination.subset
        for destination in every
        if destination and destination.subset and _is(destination.host, one, service)
    }


def _is(host: str, one: Object[VirtualService], service: Service) -> bool:
    return hosts.fqdn(host, one.meta.namespace, CLUSTER_DOMAIN).lower() == service.host


def _are_everything(db: Database, service: Service, names: set[str]) -> bool:
    rule = rule_for(db, View(type="sidecar", namespace=service.namespace), service.host)
    labels = [pairs(one.labels) for one in (rule.subsets if rule else ()) if one.name in names]
    workloads = instances(db, service.origin)
    return bool(workloads) and all(any(selects(wanted, one.labels) for wanted in labels) for one in workloads)
