"""IST0162: ports of a Gateway that no Service of the gateway's pods leads to.

Without a pod for it in the files, the ingress gateway is as Istio's charts install it (local/istiod_analyze.go adds the same).
"""

from lateen.analyze.catalogue import Code
from lateen.analyze.gateway.subject import gateway, namespaces, views
from lateen.analyze.report import found, joined
from lateen.analyze.selection import INGRESS_NAMESPACE
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model import workload
from lateen.model.inbound import service_targets
from lateen.model.selectors import Pairs, pairs

INGRESS_PORTS = {80: 8080, 443: 8443, 15021: 15021, 15443: 15443, 31400: 31400}
"""Ports and target ports of the ingress gateway's Service in Istio's charts."""
CHART = {"istio": "ingressgateway"}
"""Whom that Service selects."""


@deferred
def ports(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which servers cannot be reached through a Service."""
    one = gateway(db, ref)
    targets = [target for view in views(db, ref) for target in service_targets(db, view)]
    assumed = not targets and _is_assumed(db, pairs(one.spec.selector) if one else ())
    numbers = frozenset(INGRESS_PORTS) if assumed else {target.port.number for target in targets}
    open_ = set(INGRESS_PORTS.values() if assumed else (target.target_port for target in targets)) | numbers
    if one is None or not namespaces(db, pairs(one.spec.selector)):
        return ()
    has = f"the Service has {joined(sorted(numbers))}" if numbers else "the workloads have no Service"
    return tuple(
        found(
            Code.GATEWAY_PORT,
            ref,
            f"spec.servers[{index}].port.number",
            f"no Service of the gateway's workloads has port {server.port.number}: it is not reached from outside",
            has,
        )
        for index, server in enumerate(one.spec.servers)
        if server.port is not None and server.port.number and server.port.number not in open_
    )


def _is_assumed(db: Database, selector: Pairs) -> bool:
    """Tell whether the Gateway is served by the ingress gateway of Istio's charts, whose Service nobody wrote down."""
    if facts.get(db, Ref("Service", INGRESS_NAMESPACE, "istio-ingressgateway")) is not None:
        return False
    spaces = sorted({ref.namespace for ref in facts.refs(db, "Pod")})
    taken = [space for space in spaces if workload.selected(db, "Pod", space, selector)]
    ingress = pairs({**dict(selector), **CHART})
    return not taken or bool(workload.selected(db, "Pod", INGRESS_NAMESPACE, ingress))
