"""What does not decide about a request although one would think so: rules that are there and are not used, and why."""

from collections.abc import Iterator

from lateen.api import facts
from lateen.api.meta import Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database
from lateen.model import host as hosts
from lateen.model import scope, visibility
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.destination_rules import head, rule_for
from lateen.model.root import root_namespace
from lateen.model.service import Service
from lateen.model.view import View
from lateen.model.virtual_services import Binding, by_gateway
from lateen.simulate.explain_steps import note
from lateen.simulate.explain_types import Step
from lateen.translate.names import parse_cluster


def scope_notes(db: Database, view: View, service: Service | None) -> Iterator[Step]:
    """Say when a service exists and this workload's proxy does not know it."""
    if (
        service is None
        or view.is_router
        or scope.service(db, scope.scope_of(db, view), service.host) is not None
    ):
        return
    chosen = scope.scope_of(db, view)
    if not visibility.visible_to(service.export_to, view.namespace):
        yield note(f"{service.host} is not exported to namespace {view.namespace}", service.origin)
    elif chosen.sidecar is not None:
        words = f"Sidecar {chosen.sidecar.namespace}/{chosen.sidecar.name} does not import {service.host}"
        yield note(words, chosen.sidecar, "spec.egress")


def virtual_service_notes(
    db: Database, view: View, service: Service | None, used: frozenset[Ref], *, is_http: bool
) -> Iterator[Step]:
    """Say which VirtualServices for the host are not used for sidecars."""
    if service is None or view.is_router:
        return
    for one in by_gateway(db).get(MESH_GATEWAY, ()):
        if (
            service.host in one.hosts
            and one.ref not in used
            and (why := _unused(db, one, view, used, is_http=is_http))
        ):
            yield note(
                f"VirtualService {one.ref.namespace}/{one.ref.name} is not used: {why}", one.ref, "spec.hosts"
            )
    if not used:
        yield from _for_gateways(db, service)


def _unused(db: Database, one: Binding, view: View, used: frozenset[Ref], *, is_http: bool) -> str:
    found = facts.get(db, one.ref)
    if not visibility.visible_to(one.export_to, view.namespace):
        return f"exportTo does not name {view.namespace}"
    if not is_http and found is not None and isinstance(found.spec, VirtualService) and found.spec.http:
        return "its http rules are for HTTP, and this connection is forwarded as bytes"
    if used:
        names = ", ".join(sorted(f"{ref.namespace}/{ref.name}" for ref in used))
        return f"{names} comes first for this host, and sidecars do not merge"
    return "it has no rule for this workload and port"


def _for_gateways(db: Database, service: Service) -> Iterator[Step]:
    told: set[Ref] = set()
    for gateway, bound in by_gateway(db).items():
        for one in bound if gateway != MESH_GATEWAY else ():
            if service.host in one.hosts and MESH_GATEWAY not in one.gateways and one.ref not in told:
                told.add(one.ref)
                words = f"it is for {gateway} only; add mesh to its gateways"
                yield note(
                    f"VirtualService {one.ref.namespace}/{one.ref.name} is not used: {words}",
                    one.ref,
                    "spec.gateways",
                )


def destination_rule_notes(db: Database, view: View, cluster: str) -> Iterator[Step]:
    """Say which DestinationRules for a cluster's host this proxy does not follow."""
    parsed = parse_cluster(cluster)
    if parsed is None or parsed[0] != "outbound":
        return
    rule = rule_for(db, view, parsed[3])
    used = rule.refs if rule else ()
    for ref in facts.refs(db, "DestinationRule"):
        one = head(db, ref)
        if ref in used or one is None or not hosts.subset_of(parsed[3], one.host):
            continue
        if used and used[0].namespace == ref.namespace and one.selector is None:
            why = (
                f"{used[0].name} is for the very host"
                if hosts.is_wildcard(one.host)
                else "another one comes first"
            )
        else:
            places = f"{view.namespace}, then where the service is, then in {root_namespace(db)}"
            why = f"clients in {view.namespace} look in {places}"
        yield note(f"DestinationRule {ref.namespace}/{ref.name} is not followed: {why}", ref, "spec.host")
