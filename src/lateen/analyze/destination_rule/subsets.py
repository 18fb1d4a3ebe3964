"""IST0173: subsets that have no endpoints."""

from lateen.analyze.catalogue import Code
from lateen.analyze.destination_rule.subject import destination_rule, services
from lateen.analyze.report import found
from lateen.analyze.templates import made_labels
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model.endpoints import instances
from lateen.model.selectors import Pairs, pairs, selects
from lateen.model.service import Registry, Service
from lateen.model.subsets import located


@query
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
    return tuple(
        found(
            Code.EMPTY_SUBSET,
            ref,
            f"spec.subsets[{index}].labels",
            f"subset {subset.name} selects no workload of {one.spec.host}: requests for it are answered 503 (UH)",
            _hint(subset.labels, labels),
        )
        for index, subset in enumerate(one.spec.subsets)
        if not any(selects(subset.labels.items(), have) for have in labels)
    )


@query
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
    return any(one.namespace == service.namespace for one in facts.refs(db, "EndpointSlice"))


def _hint(wanted: dict[str, str], labels: list[Pairs]) -> str:
    for key, _ in pairs(wanted):
        values = sorted({dict(have)[key] for have in labels if key in dict(have)})
        if values and wanted[key] not in values:
            return f"the workloads have {key}: {', '.join(values)}"
        if not values:
            return f"none of the workloads has the label {key}"
    return "no workload has all of the labels" if labels else "the service has no workloads"
