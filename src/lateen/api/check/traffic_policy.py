"""TrafficPolicy of a DestinationRule and its subsets (validation.go validateTrafficPolicy, validatePortTrafficPolicies)."""

from lateen.api.check.client_tls import client_tls
from lateen.api.check.connection_pool import connection_pool
from lateen.api.check.load_balancer import load_balancer
from lateen.api.check.outlier_detection import outlier_detection
from lateen.api.check.primitives.addresses import is_ip
from lateen.api.check.primitives.dns import fqdn
from lateen.api.check.primitives.durations import span
from lateen.api.check.primitives.numbers import HIGHEST_PORT, percent, port
from lateen.api.check.report import Report
from lateen.api.destination_rule import PortTrafficPolicy, RetryBudget, TrafficPolicy, TunnelSettings

MOST_PORTS = 4096
EMPTY = TrafficPolicy()
TUNNELS = ("CONNECT", "POST")


def traffic_policy(report: Report, path: str, policy: TrafficPolicy | None) -> None:
    """Check a policy with its ports."""
    if policy is None:
        return
    if policy == EMPTY:
        report.error(path, "the policy is empty", "leave it out, or set one of its fields")
        return
    if policy.tunnel is not None and policy.proxy_protocol is not None:
        report.error(f"{path}.proxyProtocol", "tunnel and proxyProtocol exclude each other")
    _blocks(report, path, policy)
    if len(policy.port_level_settings) > MOST_PORTS:
        report.error(f"{path}.portLevelSettings", f"at most {MOST_PORTS} ports can have policies")
    for place, own in enumerate(policy.port_level_settings):
        _of_port(report, f"{path}.portLevelSettings[{place}]", own)
    if policy.tunnel is not None:
        _tunnel(report, f"{path}.tunnel", policy.tunnel)
    if policy.retry_budget is not None:
        _retry_budget(report, f"{path}.retryBudget", policy.retry_budget)


def _blocks(report: Report, path: str, policy: TrafficPolicy | PortTrafficPolicy) -> None:
    connection_pool(report, f"{path}.connectionPool", policy.connection_pool)
    outlier_detection(report, f"{path}.outlierDetection", policy.outlier_detection)
    ejects = policy.outlier_detection is not None
    load_balancer(report, f"{path}.loadBalancer", policy.load_balancer, ejects=ejects)
    client_tls(report, f"{path}.tls", policy.tls)


def _of_port(report: Report, path: str, policy: PortTrafficPolicy) -> None:
    if policy.port is None:
        report.error(f"{path}.port", "the port is missing", "write port: {number: 80}")
    elif not 1 <= policy.port.number <= HIGHEST_PORT:
        report.warning(f"{path}.port.number", f"no service has a port {policy.port.number}")
    blocks = (policy.load_balancer, policy.connection_pool, policy.outlier_detection, policy.tls)
    if all(block is None for block in blocks):
        words = "loadBalancer, connectionPool, outlierDetection and tls"
        report.error(path, f"the port's policy is empty: one of {words} is needed")
    _blocks(report, path, policy)


def _tunnel(report: Report, path: str, tunnel: TunnelSettings) -> None:
    if tunnel.protocol and tunnel.protocol not in TUNNELS:
        report.error(f"{path}.protocol", f"{tunnel.protocol!r} is not CONNECT or POST")
    if not is_ip(tunnel.target_host):
        report.wrong(f"{path}.targetHost", fqdn(tunnel.target_host))
    port(report, f"{path}.targetPort", tunnel.target_port)


def _retry_budget(report: Report, path: str, budget: RetryBudget) -> None:
    percent(report, f"{path}.percent", budget.percent)
    span(report, path, "budgetInterval", budget.budget_interval)
