"""IST0173: subsets that have no endpoints; an error when a route leads to one, or none of a rule's subsets has any."""

from msgspec.structs import replace

from lateen.analyze.catalogue import Code
from lateen.analyze.destination_rule.subject import destination_rule, services
from lateen.analyze.report import found
from lateen.analyze.spaces import by_namespace, refs_in
from lateen.analyze.templates import made_labels
from lateen.analyze.virtual_service.walk import destinations, virtual_service
from lateen.api.destination_rule import DestinationRule
from lateen.api.finding import Finding, Level
from lateen.api.meta import Object, Ref
from lateen.engine import Database, deferred
from lateen.model.defaults import CLUSTER_DOMAIN
from lateen.model.endpoints import instances
from lateen.model.host import fqdn
from lateen.model.selectors import Pairs, pairs, selects
from lateen.model.service import Registry, Service
from lateen.model.subsets import located


def empty_subsets(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which subsets select no workload; with endpoints that are written by hand nobody knows."""
    one, hosts = destination_rule(db, ref), services(db, ref)
    if one is None or not one.spec.subsets:
        return ()
    labels = [label for service in hosts for label in workload_labels(db, service)]
    labels = labels or [
        label for one in hosts for label in made_labels(db, one.namespace, one.selector or ())
    ]
    if not hosts or any(_is_by_hand(db, service) for service in hosts):
        return ()
    empty = [
        index
        for index, subset in enumerate(one.spec.subsets)
        if not any(selects(subset.labels.items(), have) for have in labels)
    ]
    told = (_finding(one, index, labels) for index in empty)
    if len(empty) == len(one.spec.subsets):
        return tuple(told)
    names = {name for host in hosts for name in _routed(db, host.host)}
    return tuple(
        own if one.spec.subsets[index].name in names else _idle(own)
        for index, own in zip(empty, told, strict=True)
    )


def _finding(one: Object[DestinationRule], index: int, labels: list[Pairs]) -> Finding:
    subset = one.spec.subsets[index]
    message = (
        f"subset {subset.name} selects no workload of {one.spec.host}: requests for it are answered 503 (UH)"
    )
    return found(
        Code.EMPTY_SUBSET, one.ref, f"spec.subsets[{index}].labels", message, _hint(subset.labels, labels)
    )


def _idle(finding: Finding) -> Finding:
    """Say no more than that of a subset that no route leads to: it may be for workloads to come."""
    return replace(finding, level=Level.INFO, message=f"{finding.message}; no route leads to it")


@deferred
def _routed(db: Database, host: str) -> frozenset[str]:
    """Return the names of the subsets of a host that VirtualServices send to."""
    return _routed_subsets(db).get(host, frozenset())


@deferred
def _routed_subsets(db: Database) -> dict[str, frozenset[str]]:
    index: dict[str, frozenset[str]] = {}
    for space in by_namespace(db, "VirtualService"):
        for host, names in _routed_from(db, space).items():
            index[host] = index[host] | names if host in index else names
    return index


@deferred
def _routed_from(db: Database, namespace: str) -> dict[str, frozenset[str]]:
    """Return the names of the subsets that a namespace's VirtualServices send to, by host."""
    named: dict[str, set[str]] = {}
    for ref in refs_in(db, "VirtualService", namespace):
        one = virtual_service(db, ref)
        for _, destination in destinations(one.spec) if one is not None else ():
            if destination.subset:
                host = fqdn(destination.host, ref.namespace, CLUSTER_DOMAIN).lower()
                named.setdefault(host, set()).add(destination.subset)
    return {host: frozenset(names) for host, names in named.items()}


def workload_labels(db: Database, service: Service) -> tuple[Pairs, ...]:
    """Return the labels of a service's workloads, those of their places included, each set once."""
    every = (
        located(dict(one.labels), one.locality, one.network, one.node)
        for one in instances(db, service.origin)
    )
    return tuple(dict.fromkeys(pairs(labels) for labels in every))


def _is_by_hand(db: Database, service: Service) -> bool:
    """Endpoints may come from EndpointSlices without labels, from DNS, or from a Service in another cluster."""
    if service.registry is not Registry.KUBERNETES and not instances(db, service.origin):
        return True
    return bool(refs_in(db, "EndpointSlice", service.namespace))


def _hint(wanted: dict[str, str], labels: list[Pairs]) -> str:
    for key, _ in pairs(wanted):
        values = sorted({dict(have)[key] for have in labels if key in dict(have)})
        if values and wanted[key] not in values:
            return f"the workloads have {key}: {', '.join(values)}"
        if not values:
            return f"none of the workloads has the label {key}"
    return "no workload has all of the labels" if labels else "the service has no workloads"
