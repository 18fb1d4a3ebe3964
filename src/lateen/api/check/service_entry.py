"""ServiceEntry (pkg/config/validation/validation.go ValidateServiceEntry, and the CRD's schema)."""

from lateen.api.check import service_entry_resolution
from lateen.api.check.primitives import protocols
from lateen.api.check.primitives.addresses import subnet
from lateen.api.check.primitives.dns import label, partial_wildcard, wildcard
from lateen.api.check.primitives.export_to import export_to
from lateen.api.check.primitives.labels import selector
from lateen.api.check.primitives.numbers import port
from lateen.api.check.report import Report
from lateen.api.meta import Object
from lateen.api.service_entry import ServiceEntry, ServicePort

MOST = 256
"""Hosts, addresses or ports of one entry."""
WAYPOINT = "istio.io/use-waypoint"
NO_ADDRESS = "networking.istio.io/enable-autoallocate-ip"


def service_entry(report: Report, obj: Object[ServiceEntry]) -> None:
    """Check a ServiceEntry."""
    spec = obj.spec
    _hosts(report, spec)
    _addresses(report, spec)
    _ports(report, obj)
    if spec.workload_selector is not None:
        path = "spec.workloadSelector.labels"
        selector(
            report, path, spec.workload_selector.labels, "every workload in the namespace is an endpoint"
        )
        if spec.endpoints:
            report.error("spec.endpoints", "endpoints and workloadSelector exclude each other")
    service_entry_resolution.resolution(report, spec)
    waypoint = obj.meta.labels.get(WAYPOINT, "")
    if (
        spec.resolution == "DYNAMIC_DNS"
        and spec.location == "MESH_INTERNAL"
        and waypoint.lower() not in ("", "none")
    ):
        report.error("spec.location", "behind a waypoint, DYNAMIC_DNS is for MESH_EXTERNAL only")
    _distinguishable(report, spec)
    export_to(report, "spec.exportTo", spec.export_to, nobody=True)


def _hosts(report: Report, spec: ServiceEntry) -> None:
    if not spec.hosts:
        report.error("spec.hosts", "the entry has no hosts")
    for field, given in (("hosts", spec.hosts), ("addresses", spec.addresses), ("ports", spec.ports)):
        if len(given) > MOST:
            report.error(f"spec.{field}", f"{len(given)} {field} are too many; at most {MOST} are allowed")
    for place, host in enumerate(spec.hosts):
        path = f"spec.hosts[{place}]"
        if host == "*":
            report.error(
                path, "'*' is not a host of its own", "name the hosts, or allow all by outboundTrafficPolicy"
            )
        elif not report.wrong(path, wildcard(host)) and partial_wildcard(host):
            _partial(report, path, spec, host)


def _partial(report: Report, path: str, spec: ServiceEntry, host: str) -> None:
    message = f"{host!r}: a '*' stands for whole labels, as in *.example.com"
    if any((one.protocol or "").lower() in protocols.TLS for one in spec.ports):
        report.envoy(path, f"{message}; for TLS ports Envoy takes nothing else")
    elif spec.resolution != "DYNAMIC_DNS":
        report.warning(path, message)


def _addresses(report: Report, spec: ServiceEntry) -> None:
    for place, one in enumerate(spec.addresses):
        path = f"spec.addresses[{place}]"
        fine = not report.wrong(path, subnet(one))
        if fine and "/" in one and spec.resolution not in (None, "NONE", "STATIC"):
            report.error(
                path, f"{one!r} is a range, which needs resolution NONE or STATIC, not {spec.resolution}"
            )


def _ports(report: Report, obj: Object[ServiceEntry]) -> None:
    names: set[str] = set()
    numbers: set[int] = set()
    allocated = _is_allocated(obj)
    for place, one in enumerate(obj.spec.ports):
        path = f"spec.ports[{place}]"
        if one.name in names:
            report.error(f"{path}.name", f"the port name {one.name!r} is there twice")
        if one.number in numbers:
            report.error(f"{path}.number", f"the port {one.number} is there twice")
        names.add(one.name)
        numbers.add(one.number)
        _port(report, path, one)
        if not obj.spec.addresses and not allocated and (one.protocol or "TCP") == "TCP":
            message = f"without an address, port {one.number} takes TCP connections to every address"
            report.warning(f"{path}.protocol", message, "add addresses, or name the protocol")


def _port(report: Report, path: str, one: ServicePort) -> None:
    report.wrong(f"{path}.name", label(one.name, "the name of a port"))
    port(report, f"{path}.number", one.number)
    if one.target_port is not None:
        port(report, f"{path}.targetPort", one.target_port)
    if one.protocol and (wrong := protocols.protocol(one.protocol)):
        report.error(f"{path}.protocol", wrong, protocols.near(one.protocol))


def _is_allocated(obj: Object[ServiceEntry]) -> bool:
    """Tell whether the mesh gives the entry an address (pilot/pkg/networking/serviceentry)."""
    spec = obj.spec
    if obj.meta.labels.get(NO_ADDRESS, "").lower() == "false":
        return False
    if spec.addresses or spec.resolution in (None, "NONE"):
        return False
    return spec.resolution == "DYNAMIC_DNS" or not any(host.startswith("*") for host in spec.hosts)


def _distinguishable(report: Report, spec: ServiceEntry) -> None:
    """Check that connections to several hosts can be told apart; with NONE the hosts do not matter."""
    if spec.resolution in (None, "NONE") or len(spec.hosts) < 2:
        return
    for place, one in enumerate(spec.ports):
        if (one.protocol or "").lower() not in protocols.HTTP | protocols.TLS:
            message = "several hosts can be told apart on HTTP and TLS ports only"
            report.error(f"spec.ports[{place}].protocol", message, "write an entry for each host")
            return
