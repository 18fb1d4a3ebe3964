"""IST0116, IST0137: Services of one Deployment that contradict each other about a port."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.injection.labels import has_proxy, is_managed
from lateen.analyze.report import found, joined
from lateen.analyze.spaces import refs_in
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.kubernetes import Service
from lateen.api.meta import Object, Ref
from lateen.api.workload import Deployment
from lateen.engine import Database, deferred
from lateen.model.selectors import Pairs, pairs, selects


@deferred
def _selectors(db: Database, namespace: str) -> dict[tuple[str, str], tuple[tuple[Ref, Pairs], ...]]:
    """Index a namespace's Services by the first label of their selector."""
    index: dict[tuple[str, str], tuple[tuple[Ref, Pairs], ...]] = {}
    for ref in refs_in(db, "Service", namespace):
        one = facts.get(db, ref)
        selector = pairs(one.spec.selector) if one is not None and isinstance(one.spec, Service) else ()
        if selector:
            index[selector[0]] = (*index.get(selector[0], ()), (ref, selector))
    return index


@deferred
def deployment(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which ports the Services of a Deployment do not agree about."""
    one = facts.get(db, ref)
    if one is None or not isinstance(one.spec, Deployment) or one.spec.template is None:
        return ()
    if is_managed(one.meta.labels) or has_proxy(db, ref.namespace, one.spec.template) is False:
        return ()
    labels = pairs(one.spec.template.metadata.labels)
    services = [
        service
        for label in labels
        for name, selector in _selectors(db, ref.namespace).get(label, ())
        if selects(selector, labels) and (service := facts.get(db, name)) is not None
    ]
    return (*_protocols(ref, services), *_targets(ref, services)) if len(services) > 1 else ()


def _protocols(ref: Ref, services: list[Object[Service]]) -> Iterator[Finding]:
    ports: dict[int, dict[str, str]] = {}
    for one in services:
        for port in one.spec.ports:
            ports.setdefault(port.port, {})[port.protocol or "TCP"] = one.meta.name
    for number, spoken in ports.items():
        if len(spoken) > 1:
            message = (
                f"Services {joined(sorted(spoken.values()))} use port {number} for {joined(sorted(spoken))}"
            )
            yield found(
                Code.PORT_OF_TWO_PROTOCOLS, ref, "metadata.name", message, "give one of them another number"
            )


def _targets(ref: Ref, services: list[Object[Service]]) -> Iterator[Finding]:
    targets: dict[str, dict[int, str]] = {}
    for one in services:
        for port in one.spec.ports:
            targets.setdefault(str(port.target_port or port.port), {}).setdefault(port.port, one.meta.name)
    for target, numbers in targets.items():
        if len(set(numbers.values())) > 1:
            message = f"Services {joined(sorted(numbers.values()))} lead to the pods' port {target} as ports {joined(sorted(numbers))}"
            hint = "use one number, or a target port for each: inbound rules of only one of them apply"
            yield found(Code.TARGET_PORT_CONFLICT, ref, "metadata.name", message, hint)
