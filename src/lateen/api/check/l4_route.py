"""TLSRoute and TCPRoute of a VirtualService (pkg/config/validation/validation.go validateTLSRoute, validateTCPRoute)."""

from lateen.api.check.destinations import weighted
from lateen.api.check.match_source import match_source
from lateen.api.check.primitives.addresses import is_ip, subnet
from lateen.api.check.primitives.dns import is_label, is_subset, partial_wildcard, wildcard
from lateen.api.check.primitives.mesh_sni import MESH_SNI, mesh_sni
from lateen.api.check.report import Report
from lateen.api.virtual_service import L4MatchAttributes, TCPRoute, TLSMatchAttributes, TLSRoute


def tls_route(
    report: Report, path: str, route: TLSRoute, hosts: tuple[str, ...], *, gateway_only: bool
) -> None:
    """Check a rule for TLS that is passed on; `hosts` are those of the VirtualService."""
    if not route.match:
        report.error(path, "the rule has no match: TLS is routed by sniHosts")
    for place, match in enumerate(route.match):
        where = f"{path}.match[{place}]"
        if not match.sni_hosts:
            report.error(f"{where}.sniHosts", "sniHosts is missing")
        for index, host in enumerate(match.sni_hosts):
            _sni_host(report, f"{where}.sniHosts[{index}]", host, hosts, gateway_only=gateway_only)
        _match(report, where, match)
    _route(report, path, route)


def tcp_route(report: Report, path: str, route: TCPRoute) -> None:
    """Check a rule for TCP."""
    for place, match in enumerate(route.match):
        _match(report, f"{path}.match[{place}]", match)
    _route(report, path, route)


def _route(report: Report, path: str, route: TLSRoute | TCPRoute) -> None:
    if not route.route:
        report.error(path, "the rule leads nowhere: route is missing")
    weighted(report, path, route.route)


def _sni_host(report: Report, where: str, host: str, hosts: tuple[str, ...], *, gateway_only: bool) -> None:
    own = gateway_only and host.startswith(MESH_SNI)
    wrong = mesh_sni(host) if own else wildcard(host)
    if is_ip(host):
        report.warning(where, f"{host!r} is an address; clients send no address as SNI")
    elif report.wrong(where, wrong):
        return
    elif not any(is_subset(host, one) for one in hosts):
        named = ", ".join(hosts) or "none"
        report.error(where, f"{host!r} is not among the hosts of the VirtualService ({named})")
    elif partial_wildcard(host):
        report.envoy(where, f"{host!r}: in an SNI a '*' can only stand for whole labels, as in *.example.com")


def _match(report: Report, path: str, match: L4MatchAttributes | TLSMatchAttributes) -> None:
    for place, one in enumerate(match.destination_subnets):
        report.wrong(f"{path}.destinationSubnets[{place}]", subnet(one))
    match_source(report, path, match)
    if match.source_namespace and not is_label(match.source_namespace):
        report.warning(
            f"{path}.sourceNamespace", f"{match.source_namespace!r} is not the name of a namespace"
        )
