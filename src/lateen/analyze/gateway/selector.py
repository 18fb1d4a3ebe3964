"""IST0101: a Gateway whose selector takes no workload."""

from lateen.analyze.catalogue import Code
from lateen.analyze.gateway.subject import gateway, namespaces
from lateen.analyze.report import found
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model.selectors import pairs


@deferred
def selector(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell when nobody serves a Gateway. The ingress gateway that every mesh has counts, written down or not."""
    one = gateway(db, ref)
    wanted = pairs(one.spec.selector) if one else ()
    if not wanted or namespaces(db, wanted):
        return ()
    words = ", ".join(f"{key}={value}" for key, value in wanted)
    message = f"no workload has the labels {words}: the Gateway is not served anywhere"
    hint = "use istio: ingressgateway, or add a Deployment with these labels and the annotation inject.istio.io/templates: gateway"
    return (found(Code.REFERENCE, ref, "spec.selector", message, hint),)
