"""VirtualService (pkg/config/validation/validation.go ValidateVirtualService)."""

from lateen.api.check import gateway_names, http_route, l4_route, reachability
from lateen.api.check.primitives.addresses import is_ip
from lateen.api.check.primitives.dns import overlap, wildcard
from lateen.api.check.primitives.export_to import export_to
from lateen.api.check.primitives.mesh_sni import MESH_SNI, mesh_sni
from lateen.api.check.report import Report
from lateen.api.virtual_service import VirtualService


def virtual_service(report: Report, spec: VirtualService) -> None:
    """Check a VirtualService; one without hosts is a delegate."""
    gateway_only = bool(spec.gateways) and gateway_names.MESH not in spec.gateways
    if not spec.hosts:
        _delegate(report, spec)
    gateway_names.gateways(report, "spec.gateways", spec.gateways)
    _hosts(report, spec, gateway_only=gateway_only)
    if not (spec.http or spec.tls or spec.tcp):
        report.error("spec", "the VirtualService has no routes: one of http, tls and tcp is needed")
    rules = http_route.Rules(delegate=not spec.hosts, claims=gateway_only)
    for place, http in enumerate(spec.http):
        http_route.http_route(report, f"spec.http[{place}]", http, rules)
    for place, tls in enumerate(spec.tls):
        l4_route.tls_route(report, f"spec.tls[{place}]", tls, spec.hosts, gateway_only=gateway_only)
    for place, tcp in enumerate(spec.tcp):
        l4_route.tcp_route(report, f"spec.tcp[{place}]", tcp)
    export_to(report, "spec.exportTo", spec.export_to)
    reachability.l4(report, "spec.tcp", spec.tcp)
    reachability.l4(report, "spec.tls", spec.tls)


def _delegate(report: Report, spec: VirtualService) -> None:
    for field, given in (("gateways", spec.gateways), ("tls", spec.tls), ("tcp", spec.tcp)):
        if given:
            report.error(
                f"spec.{field}",
                f"without hosts the VirtualService is a delegate, which has no {field}",
                "add hosts",
            )


def _hosts(report: Report, spec: VirtualService, *, gateway_only: bool) -> None:
    valid = True
    sni = gateway_only and any(match.sni_hosts for route in spec.tls for match in route.match)
    for place, host in enumerate(spec.hosts):
        wrong = mesh_sni(host) if sni and host.startswith(MESH_SNI) else wildcard(host)
        if wrong and not is_ip(host):
            valid = not report.wrong(f"spec.hosts[{place}]", wrong)
        elif host == "*" and not gateway_only:
            valid = False
            report.error(
                f"spec.hosts[{place}]",
                "'*' is only for VirtualServices that are bound to gateways, not to the mesh",
            )
    if valid and len(spec.hosts) > 1:
        _overlapping(report, spec.hosts)


def _overlapping(report: Report, hosts: tuple[str, ...]) -> None:
    """Compare each host with those before it; without wildcards a set is enough."""
    seen: set[str] = set()
    wildcards: list[str] = []
    for place, host in enumerate(hosts):
        is_wildcard = host.startswith("*")
        rivals = hosts[:place] if is_wildcard else (host, *wildcards) if host in seen else wildcards
        other = next((rival for rival in rivals if overlap(host, rival)), None)
        if other is not None:
            report.error(
                f"spec.hosts[{place}]", f"{host!r} overlaps with {other!r}", "keep the wider one of the two"
            )
        seen.add(host)
        if is_wildcard:
            wildcards.append(host)
