"""LAT0124: policies for a port that the service does not have."""

from lateen.analyze.catalogue import Code
from lateen.analyze.destination_rule.subject import destination_rule, services
from lateen.analyze.report import found, joined
from lateen.api.destination_rule import TrafficPolicy
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database


def policy_ports(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which `portLevelSettings` apply to nothing."""
    one, hosts = destination_rule(db, ref), services(db, ref)
    ports = sorted({port.number for service in hosts for port in service.ports})
    if one is None or not ports:
        return ()
    policies: list[tuple[str, TrafficPolicy | None]] = [("spec.trafficPolicy", one.spec.traffic_policy)]
    policies += [
        (f"spec.subsets[{i}].trafficPolicy", subset.traffic_policy)
        for i, subset in enumerate(one.spec.subsets)
    ]
    return tuple(
        found(
            Code.POLICY_PORT,
            ref,
            f"{path}.portLevelSettings[{index}].port.number",
            f"{one.spec.host} has no port {entry.port.number}: the policy applies to nothing",
            f"it has {joined(ports)}",
        )
        for path, policy in policies
        for index, entry in enumerate(policy.port_level_settings if policy else ())
        if entry.port is not None and entry.port.number not in ports
    )
