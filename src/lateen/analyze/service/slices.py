"""LAT0010: endpoints of a slice that wait for a Pod."""

from lateen.api import codes, facts
from lateen.api.finding import Finding, Level
from lateen.api.kubernetes import EndpointSlice
from lateen.api.meta import Ref
from lateen.engine import Database, deferred


@deferred
def slices(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which endpoints name a Pod that is not there: istiod leaves them out until it is."""
    one = facts.get(db, ref)
    if one is None or not isinstance(one.spec, EndpointSlice):
        return ()
    findings = []
    for place, member in enumerate(one.spec.endpoints):
        target = member.target_ref
        if target is None or target.kind != "Pod":
            continue
        pod = Ref("Pod", target.namespace or ref.namespace, target.name)
        if facts.get(db, pod) is None:
            message = f"{pod} is not there, so the endpoint is left out"
            path = f"endpoints[{place}].targetRef"
            findings.append(Finding(codes.WITHOUT_EFFECT, Level.WARNING, ref, path, message))
    return tuple(findings)
