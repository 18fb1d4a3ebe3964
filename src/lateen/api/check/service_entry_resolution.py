"""Which endpoints, hosts and addresses fit a ServiceEntry's resolution (validation.go ValidateServiceEntry)."""

from lateen.api.check import workload_entry
from lateen.api.check.primitives import protocols
from lateen.api.check.primitives.addresses import UNIX
from lateen.api.check.primitives.dns import fqdn
from lateen.api.check.primitives.labels import istio_labels
from lateen.api.check.report import Report
from lateen.api.service_entry import ServiceEntry

DYNAMIC_PROTOCOLS = frozenset({"http", "tls", "grpc", "http2"})


def resolution(report: Report, spec: ServiceEntry) -> None:
    """Check the endpoints against the resolution."""
    chosen = spec.resolution or "NONE"
    if chosen == "NONE":
        _none(report, spec)
    elif chosen == "DYNAMIC_DNS":
        _dynamic(report, spec)
    else:
        names = frozenset(port.name for port in spec.ports)
        for place, endpoint in enumerate(spec.endpoints):
            path = f"spec.endpoints[{place}]"
            _address(report, f"{path}.address", spec, place)
            workload_entry.entry(report, path, endpoint, names)
            istio_labels(report, f"{path}.labels", endpoint.labels)
    if chosen in ("DNS", "DNS_ROUND_ROBIN"):
        _dns(report, spec)


def _none(report: Report, spec: ServiceEntry) -> None:
    if spec.endpoints:
        report.error(
            "spec.endpoints",
            "resolution NONE takes the address that was called",
            "set resolution: STATIC or DNS",
        )
    if spec.workload_selector is not None:
        report.warning(
            "spec.workloadSelector",
            "resolution NONE takes the address that was called, so nothing is selected",
        )


def _address(report: Report, path: str, spec: ServiceEntry, place: int) -> None:
    endpoint = spec.endpoints[place]
    text = endpoint.address or ""
    if spec.resolution != "STATIC" and text.startswith(UNIX):
        report.error(
            path,
            f"{text!r} is neither an IP address nor a DNS name",
            "use resolution: STATIC for UNIX sockets",
        )
    elif text:
        workload_entry.address(report, path, endpoint, names=spec.resolution != "STATIC")
        if text.startswith(UNIX) and len(spec.ports) != 1:
            report.error(path, "an entry with a UNIX socket has exactly one port")
    elif spec.resolution == "STATIC" and endpoint.network:
        report.warning(
            path, f"without an address it is only known that it is in the network {endpoint.network}"
        )
    else:
        report.error(path, "the address is missing")


def _dns(report: Report, spec: ServiceEntry) -> None:
    if not spec.endpoints:
        for place, host in enumerate(spec.hosts):
            if fqdn(host):
                message = f"{host!r} cannot be looked up; without endpoints, {spec.resolution} needs a host without '*'"
                report.error(f"spec.hosts[{place}]", message, "add endpoints, or set resolution: NONE")
    if spec.resolution == "DNS_ROUND_ROBIN" and len(spec.endpoints) > 1:
        report.error("spec.endpoints", "DNS_ROUND_ROBIN has one endpoint at most", "use resolution: DNS")
    if (
        spec.addresses
        and len(spec.hosts) > 1
        and any((one.protocol or "").lower() in protocols.TCP for one in spec.ports)
    ):
        message = "several hosts share the addresses, so on TCP ports they cannot be told apart"
        report.warning("spec.addresses", message, "write an entry for each host")


def _dynamic(report: Report, spec: ServiceEntry) -> None:
    for place, host in enumerate(spec.hosts):
        if not host.startswith("*"):
            report.error(
                f"spec.hosts[{place}]",
                f"{host!r} has no '*'; DYNAMIC_DNS is for wildcards",
                "use resolution: DNS",
            )
    for field, given in (("addresses", spec.addresses), ("endpoints", spec.endpoints)):
        if given:
            report.error(
                f"spec.{field}", f"DYNAMIC_DNS looks up the host that is called, so it has no {field}"
            )
    for place, port in enumerate(spec.ports):
        if (port.protocol or "").lower() not in DYNAMIC_PROTOCOLS:
            report.error(
                f"spec.ports[{place}].protocol", "DYNAMIC_DNS is for HTTP, HTTP2, GRPC and TLS ports"
            )
