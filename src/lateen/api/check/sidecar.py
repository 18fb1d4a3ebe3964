"""Sidecar (pkg/config/validation/validation.go ValidateSidecar)."""

from lateen.api.check import sidecar_egress, sidecar_ingress
from lateen.api.check.connection_pool import connection_pool
from lateen.api.check.destinations import destination
from lateen.api.check.primitives.dns import fqdn
from lateen.api.check.primitives.labels import selector
from lateen.api.check.report import Report
from lateen.api.sidecar import OutboundTrafficPolicy, Sidecar


def sidecar(report: Report, spec: Sidecar) -> None:
    """Check a Sidecar."""
    if spec.workload_selector is not None:
        path = "spec.workloadSelector.labels"
        selector(
            report, path, spec.workload_selector.labels, "the Sidecar is for every workload in the namespace"
        )
    says = (
        spec.egress,
        spec.ingress,
        spec.outbound_traffic_policy is not None,
        spec.inbound_connection_pool is not None,
    )
    if not any(says):
        words = "egress, ingress, outboundTrafficPolicy and inboundConnectionPool"
        report.error("spec", f"the Sidecar is empty: one of {words} is needed")
    sidecar_ingress.ingress(report, spec.ingress)
    connection_pool(report, "spec.inboundConnectionPool", spec.inbound_connection_pool)
    sidecar_egress.egress(report, spec.egress)
    if spec.outbound_traffic_policy is not None:
        _unknown_traffic(report, "spec.outboundTrafficPolicy", spec.outbound_traffic_policy)


def _unknown_traffic(report: Report, path: str, policy: OutboundTrafficPolicy) -> None:
    proxy = policy.egress_proxy
    if proxy is None:
        return
    if policy.mode != "ALLOW_ANY":
        report.error(f"{path}.egressProxy", "egressProxy needs mode: ALLOW_ANY")
    if wrong := fqdn(proxy.host):
        report.error(f"{path}.egressProxy.host", wrong)
    else:
        destination(report, f"{path}.egressProxy", proxy)
        if "." not in proxy.host:
            message = f"{proxy.host} is taken as it is written: short names are not completed here"
            report.warning(f"{path}.egressProxy.host", message, "write the full name of the service")
    if proxy.port is None:
        report.error(f"{path}.egressProxy.port", "the port is missing")
