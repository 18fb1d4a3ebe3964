"""MeshConfig (pkg/config/validation/agent/validation.go ValidateMeshConfig). Paths begin at its own fields."""

from lateen.api import codes
from lateen.api.check.client_tls import client_tls
from lateen.api.check.connection_pool import connection_pool
from lateen.api.check.locality import locality, zone_aware
from lateen.api.check.outlier_detection import outlier_detection
from lateen.api.check.primitives.conditions import wrong_parts
from lateen.api.check.primitives.dns import is_label, wildcard
from lateen.api.check.primitives.durations import MILLISECOND, SECOND, duration, span
from lateen.api.check.primitives.export_to import export_to
from lateen.api.check.primitives.numbers import port
from lateen.api.check.proxy_settings import proxy_settings
from lateen.api.check.report import Report
from lateen.api.check.retries import retries
from lateen.api.check.server_tls import curves
from lateen.api.finding import Level
from lateen.api.mesh_config import MeshConfig, ServiceEntryVisibility

LONGEST_CONNECT = 3600 * SECOND
STAT_TOKENS = frozenset(
    {
        "SERVICE",
        "SERVICE_NAME",
        "SERVICE_FQDN",
        "SERVICE_PORT",
        "SERVICE_PORT_NAME",
        "TARGET_PORT",
        "SUBSET_NAME",
    }
)
"""What the patterns of cluster statistics may name (pilot/pkg/networking/util BuildStatPrefix)."""


def mesh_config(report: Report, spec: MeshConfig) -> None:
    """Check the mesh's settings."""
    _listening(report, spec)
    _trust(report, spec)
    locality(report, "localityLbSetting", spec.locality_lb_setting, ejects=True)
    zone_aware(report, "zoneAwareLbSetting", spec.zone_aware_lb_setting, ejects=True)
    for place, setting in enumerate(spec.service_settings):
        for index, host in enumerate(setting.hosts):
            report.wrong(f"serviceSettings[{place}].hosts[{index}]", wildcard(host))
    if spec.default_config is not None:
        proxy_settings(report, "defaultConfig", spec.default_config)
    if spec.default_traffic_policy is not None:
        connection_pool(
            report, "defaultTrafficPolicy.connectionPool", spec.default_traffic_policy.connection_pool
        )
        outlier_detection(
            report, "defaultTrafficPolicy.outlierDetection", spec.default_traffic_policy.outlier_detection
        )
    if spec.outbound_traffic_policy is not None:
        client_tls(report, "outboundTrafficPolicy.tls", spec.outbound_traffic_policy.tls)
    _retries(report, spec)
    _visibility(report, spec)
    if spec.service_entry_visibility is not None:
        _of_service_entries(report, spec.service_entry_visibility)
    for place, one in enumerate(spec.discovery_selectors):
        for field, problem in wrong_parts(one):
            words = f"{problem}; so no selector counts, and every namespace is read"
            report.warning(f"discoverySelectors[{place}].{field}", words)
    _patterns(report, spec)


def _listening(report: Report, spec: MeshConfig) -> None:
    numbers = {
        "proxyListenPort": spec.proxy_listen_port,
        "proxyInboundListenPort": spec.proxy_inbound_listen_port,
        "proxyHttpPort": spec.proxy_http_port or None,
    }
    for field, number in numbers.items():
        if number is not None:
            port(report, field, number)
    connect = spec.connect_timeout
    duration(report, "", "connectTimeout", connect)
    refresh = spec.dns_refresh_rate
    if refresh is not None and refresh <= MILLISECOND:
        report.envoy("dnsRefreshRate", f"dnsRefreshRate is {refresh}; it is more than 1ms")
    if connect is not None and connect > LONGEST_CONNECT:
        report.error("connectTimeout", f"connectTimeout is {connect}; it is 1h at most")
    detection = spec.protocol_detection_timeout
    if detection is not None and (detection < 0 or detection % MILLISECOND):
        report.error(
            "protocolDetectionTimeout",
            f"protocolDetectionTimeout is {detection}; it is 0s or whole milliseconds",
        )
    if spec.tcp_keepalive is not None:
        span(report, "tcpKeepalive", "time", spec.tcp_keepalive.time)
        span(report, "tcpKeepalive", "interval", spec.tcp_keepalive.interval)


def _trust(report: Report, spec: MeshConfig) -> None:
    aliases = {f"trustDomainAliases[{place}]": name for place, name in enumerate(spec.trust_domain_aliases)}
    for path, name in ({"trustDomain": spec.trust_domain} | aliases).items():
        if name is not None and not all(is_label(part) for part in name.removesuffix(".").split(".")):
            report.error(
                path, f"{name!r} is not a trust domain: labels of letters, digits and '-' between dots"
            )
    if spec.mesh_mtls is not None and spec.mesh_mtls.ecdh_curves:
        report.error(
            "meshMTLS.ecdhCurves", "the groups inside the mesh cannot be chosen", "use tlsDefaults.ecdhCurves"
        )
    if spec.tls_defaults is not None:
        curves(report, "tlsDefaults.ecdhCurves", spec.tls_defaults.ecdh_curves)


def _retries(report: Report, spec: MeshConfig) -> None:
    _default_retries(report, spec)
    inbound, path = spec.default_inbound_http_retry_policy, "defaultInboundHttpRetryPolicy"
    retries(report, path, inbound)
    if inbound is None:
        return
    if not inbound.attempts and inbound.backoff is not None:
        report.error(
            f"{path}.backoff",
            "without attempts there are no retries, so backoff means nothing",
            "set attempts",
        )
    foreign = {
        "perTryTimeout": inbound.per_try_timeout,
        "retryRemoteLocalities": inbound.retry_remote_localities,
        "retryIgnorePreviousHosts": inbound.retry_ignore_previous_hosts,
    }
    for field, value in foreign.items():
        if value is not None:
            report.warning(f"{path}.{field}", f"{field} has no effect on the way to the own application")


def _default_retries(report: Report, spec: MeshConfig) -> None:
    """Check the mesh's own policy as a rule's: Istio does not, so what Envoy can be told is only warned about."""
    as_rule = Report(report.ref)
    retries(as_rule, "defaultHttpRetryPolicy", spec.default_http_retry_policy)
    for one in as_rule.found:
        impossible = one.code == codes.ENVOY or one.path.endswith(".attempts")
        tell = report.error if one.level is Level.ERROR and impossible else report.warning
        tell(one.path, one.message, one.suggestion, one.code)


def _visibility(report: Report, spec: MeshConfig) -> None:
    export_to(report, "defaultServiceExportTo", spec.default_service_export_to, nobody=True)
    export_to(report, "defaultVirtualServiceExportTo", spec.default_virtual_service_export_to)
    export_to(report, "defaultDestinationRuleExportTo", spec.default_destination_rule_export_to)


def _of_service_entries(report: Report, setting: ServiceEntryVisibility) -> None:
    path = "serviceEntryVisibility"
    if not setting.apply_to_sidecars:
        words = "without applyToSidecars it is for ambient mode only"
        report.warning(path, f"{path} has no effect: {words}", code=codes.WITHOUT_EFFECT)
    for index, policy in enumerate(setting.policies):
        for place, rule in enumerate(policy.matching_rules):
            where = f"{path}.policies[{index}].matchingRules[{place}]"
            if rule.namespace_selector is None:
                report.warning(where, "a rule without namespaceSelector never holds")
            else:
                for field, problem in wrong_parts(rule.namespace_selector):
                    report.warning(
                        f"{where}.namespaceSelector.{field}", f"{problem}; so the rule never holds"
                    )


def _patterns(report: Report, spec: MeshConfig) -> None:
    given = {
        "inboundClusterStatName": spec.inbound_cluster_stat_name,
        "outboundClusterStatName": spec.outbound_cluster_stat_name,
    }
    for field, pattern in given.items():
        unknown = [name for name in (pattern or "").split("%")[1::2] if name not in STAT_TOKENS]
        if unknown:
            known = ", ".join(f"%{name}%" for name in sorted(STAT_TOKENS))
            report.warning(field, f"%{unknown[0]}% stands for nothing; there are {known}")
