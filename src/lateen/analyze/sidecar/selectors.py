"""IST0110, IST0111: Sidecars of one namespace for the same workloads. The oldest is used, which nobody sees."""

from lateen.analyze.catalogue import Code
from lateen.analyze.injection.labels import is_ambient
from lateen.analyze.report import found, joined
from lateen.analyze.sidecar.ambient import is_redirected
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.sidecar import Sidecar
from lateen.engine import Database, deferred
from lateen.model import workload
from lateen.model.selectors import Pairs, pairs


@deferred
def _of_namespace(db: Database, namespace: str) -> tuple[tuple[Ref, Pairs | None], ...]:
    found_ = (facts.get(db, ref) for ref in facts.refs(db, "Sidecar") if ref.namespace == namespace)
    return tuple(
        (one.ref, pairs(one.spec.workload_selector.labels) if one.spec.workload_selector else None)
        for one in found_
        if one is not None and isinstance(one.spec, Sidecar)
    )


@deferred
def selectors(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which other Sidecars are for the workloads of this one."""
    every = dict(_of_namespace(db, ref.namespace))
    own = every.get(ref)
    others = {other: selector for other, selector in every.items() if other != ref}
    if own is None:
        rivals = [other.name for other, selector in others.items() if selector is None]
        if not rivals or is_ambient(db, ref.namespace):
            return ()
        message = f"Sidecar {joined(rivals)} is for every workload of namespace {ref.namespace}, too; the oldest is used"
        return (found(Code.SIDECAR_WITHOUT_SELECTOR, ref, "metadata.name", message, "keep one of them"),)
    pods = set(workload.selected(db, "Pod", ref.namespace, own))
    return tuple(
        _shared(ref, other, min(both).name)
        for other, selector in others.items()
        if selector is not None
        and (both := pods & set(workload.selected(db, "Pod", ref.namespace, selector)))
        and not is_redirected(db, min(both))
    )


def _shared(ref: Ref, other: Ref, pod: str) -> Finding:
    message = f"Sidecar {other.name} selects pod {pod}, too; the oldest is used"
    return found(
        Code.SIDECAR_CONFLICT, ref, "spec.workloadSelector", message, "make their labels exclude each other"
    )
