"""LAT0122, LAT0123: outlierDetection and the preference for endpoints nearby depend on each other.

With outlierDetection a client's proxy prefers endpoints of its own locality even if nobody asked for it, and without it
no endpoint is ever given up, so failover never happens (pilot/pkg/networking/core/loadbalancer).
"""

from lateen.analyze.catalogue import Code
from lateen.analyze.destination_rule.subject import destination_rule, services
from lateen.analyze.report import found, joined
from lateen.api import facts
from lateen.api.destination_rule import TrafficPolicy
from lateen.api.finding import Finding
from lateen.api.load_balancer import LocalityLoadBalancerSetting
from lateen.api.meta import Ref
from lateen.engine import Database
from lateen.model.endpoints import instances


def locality(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Judge the policy of a rule and of its subsets."""
    one = destination_rule(db, ref)
    if one is None:
        return ()
    findings = _judged(db, ref, "spec.trafficPolicy", one.spec.traffic_policy, None)
    for index, subset in enumerate(one.spec.subsets):
        path = f"spec.subsets[{index}].trafficPolicy"
        findings += _judged(db, ref, path, subset.traffic_policy, one.spec.traffic_policy)
    return tuple(findings)


def _judged(
    db: Database, ref: Ref, path: str, policy: TrafficPolicy | None, base: TrafficPolicy | None
) -> list[Finding]:
    if policy is None:
        return []
    ejects = policy.outlier_detection or (base.outlier_detection if base else None)
    setting = _setting(policy) or (_setting(base) if base else None)
    if setting is not None and (setting.failover or setting.failover_priority) and not ejects:
        message = "failover never happens: without outlierDetection no endpoint is ever given up"
        hint = "add outlierDetection, for example consecutive5xxErrors: 5"
        return [
            found(
                Code.FAILOVER_WITHOUT_EJECTION, ref, f"{path}.loadBalancer.localityLbSetting", message, hint
            )
        ]
    if policy.outlier_detection is None or setting is not None or facts.mesh_config(db).locality_lb_setting:
        return []
    places = localities(db, ref)
    if len(places) < 2:
        return []
    message = f"it also makes clients prefer the endpoints of their own place; those of {one_host(db, ref)} are in {joined(places)}"
    hint = "set loadBalancer.localityLbSetting.enabled: false to use all of them alike"
    return [found(Code.FAILOVER_TURNED_ON, ref, f"{path}.outlierDetection", message, hint)]


def _setting(policy: TrafficPolicy) -> LocalityLoadBalancerSetting | None:
    return policy.load_balancer.locality_lb_setting if policy.load_balancer else None


def one_host(db: Database, ref: Ref) -> str:
    """Return the host as the rule writes it."""
    one = destination_rule(db, ref)
    return one.spec.host if one else ""


def localities(db: Database, ref: Ref) -> tuple[str, ...]:
    """Return the places of the endpoints of a rule's host, sorted."""
    return tuple(
        sorted(
            {
                one.locality
                for service in services(db, ref)
                for one in instances(db, service.origin)
                if one.locality
            }
        )
    )
