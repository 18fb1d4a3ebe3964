"""IST0173: subsets that have no endpoints."""

from lateen.analyze.catalogue import Code
from lateen.analyze.destination_rule.subject import destination_rule, services
from lateen.analyze.report import found
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model.endpoints import instances
from lateen.model.selectors import Pairs, pairs, selects
from lateen.model.service import Service


@query
def empty_subsets(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which subsets select no workload; nothing is told of services whose workloads are not known at all."""
    one, hosts = destination_rule(db, ref), services(db, ref)
    if one is None or not one.spec.subsets:
        return ()
    labels = [label for service in hosts for label in workload_labels(db, service)]
    if not labels or any(_is_by_hand(db, service) for service in hosts):
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
    """Return the labels of a service's workloads, each set once."""
    return tuple(dict.fromkeys(one.labels for one in instances(db, service.origin)))


def _is_by_hand(db: Database, service: Service) -> bool:
    """Endpoints may come from EndpointSlices without labels."""
    return any(one.namespace == service.namespace for one in facts.refs(db, "EndpointSlice"))


def _hint(wanted: dict[str, str], labels: list[Pairs]) -> str:
    for key, _ in pairs(wanted):
        values = sorted({dict(have)[key] for have in labels if key in dict(have)})
        if values and wanted[key] not in values:
            return f"the workloads have {key}: {', '.join(values)}"
        if not values:
            return f"none of the workloads has the label {key}"
    return "no workload has all of the labels"
