"""IST0167, IST0002: Sidecars for workloads without a sidecar, and fields of Sidecars that are out of date.

Source: analyzers/sidecar/selector.go, analyzers/deprecation/deprecation.go.
"""

from lateen.analyze.catalogue import Code
from lateen.analyze.injection.labels import REDIRECTION, is_ambient
from lateen.analyze.report import found
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.sidecar import Sidecar
from lateen.engine import Database, deferred
from lateen.model import workload
from lateen.model.selectors import pairs


@deferred
def ambient(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell when a Sidecar is for a namespace or a pod in ambient mode, whose traffic passes no sidecar."""
    one = facts.get(db, ref)
    if one is None or not isinstance(one.spec, Sidecar):
        return ()
    selector = pairs(one.spec.workload_selector.labels) if one.spec.workload_selector else ()
    taken = [pod for pod in workload.selected(db, "Pod", ref.namespace, selector) if is_redirected(db, pod)]
    if selector and taken:
        message = f"pod {taken[0].name} is in ambient mode and has no sidecar: the Sidecar changes nothing"
        return (found(Code.INEFFECTIVE_POLICY, ref, "spec.workloadSelector", message),)
    if not selector and is_ambient(db, ref.namespace):
        message = f"namespace {ref.namespace} is in ambient mode: the Sidecar changes nothing"
        return (found(Code.INEFFECTIVE_POLICY, ref, "metadata.namespace", message),)
    return ()


def is_redirected(db: Database, pod: Ref) -> bool:
    """Tell whether a pod is in ambient mode."""
    one = facts.get(db, pod)
    return one is not None and one.meta.annotations.get(REDIRECTION) == "enabled"


@deferred
def deprecated(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell of a way out that Istio does not look at any more."""
    one = facts.get(db, ref)
    policy = one.spec.outbound_traffic_policy if one is not None and isinstance(one.spec, Sidecar) else None
    if policy is None or policy.egress_proxy is None:
        return ()
    path = "spec.outboundTrafficPolicy.egressProxy"
    return (found(Code.DEPRECATED, ref, path, "egressProxy is deprecated", "route to an egress gateway"),)
