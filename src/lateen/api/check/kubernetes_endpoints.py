"""EndpointSlice and Endpoints, as far as a Kubernetes API server checks what matters here."""

from ipaddress import ip_address

from lateen.api.check.metadata import SUBDOMAIN
from lateen.api.check.primitives.addresses import is_ip
from lateen.api.check.primitives.kubernetes_names import LABEL, TRANSPORTS, one_of
from lateen.api.check.primitives.numbers import HIGHEST_PORT
from lateen.api.check.report import Report
from lateen.api.kubernetes import SERVICE_NAME, EndpointPort, Endpoints, EndpointSlice
from lateen.api.meta import Object

TYPES = {"IPv4": 4, "IPv6": 6, "FQDN": 0}
MOST_ENDPOINTS, MOST_ADDRESSES = 1000, 100


def endpoint_slice(report: Report, obj: Object[EndpointSlice]) -> None:
    """Check an EndpointSlice."""
    spec = obj.spec
    if not obj.meta.labels.get(SERVICE_NAME):
        report.warning(
            "metadata.labels", f"without the label {SERVICE_NAME} the endpoints belong to no Service"
        )
    if not spec.address_type:
        report.error("addressType", "addressType is missing", "write addressType: IPv4")
    one_of(report, "addressType", spec.address_type, tuple(TYPES))
    if len(spec.endpoints) > MOST_ENDPOINTS:
        report.error(
            "endpoints", f"{len(spec.endpoints)} endpoints are too many; at most {MOST_ENDPOINTS} are allowed"
        )
    for place, endpoint in enumerate(spec.endpoints):
        path = f"endpoints[{place}].addresses"
        if not 1 <= len(endpoint.addresses) <= MOST_ADDRESSES:
            report.error(
                path, f"an endpoint has 1 to {MOST_ADDRESSES} addresses, not {len(endpoint.addresses)}"
            )
        for index, text in enumerate(endpoint.addresses):
            if not report.wrong(
                f"{path}[{index}]", _address(text, spec.address_type or "IPv4")
            ) and _is_local(text):
                message = (
                    f"a Kubernetes API server refuses {text}, which means something else on each machine"
                )
                report.warning(f"{path}[{index}]", message)
    _ports(report, "ports", spec.ports)


def endpoints(report: Report, spec: Endpoints) -> None:
    """Check Endpoints."""
    for place, subset in enumerate(spec.subsets):
        path = f"subsets[{place}]"
        if not (subset.addresses or subset.not_ready_addresses):
            report.error(path, "a subset has addresses; there are neither addresses nor notReadyAddresses")
        for index, port in enumerate(subset.ports):
            if not port.name and len(subset.ports) > 1:
                report.error(f"{path}.ports[{index}].name", "one of several ports needs a name")
        for field, given in (
            ("addresses", subset.addresses),
            ("notReadyAddresses", subset.not_ready_addresses),
        ):
            for index, one in enumerate(given):
                if not is_ip(one.ip):
                    report.error(f"{path}.{field}[{index}].ip", f"{one.ip!r} is not an IP address")
        _ports(report, f"{path}.ports", subset.ports)


def _address(text: str, kind: str) -> str:
    version = TYPES.get(kind)
    if not version:
        return "" if SUBDOMAIN.fullmatch(text) else f"{text!r} is not a DNS name"
    return "" if is_ip(text) and ip_address(text).version == version else f"{text!r} is not an {kind} address"


def _is_local(text: str) -> bool:
    """Tell whether an address is no endpoint of a cluster (k8s.io/kubernetes pkg/apis/core/validation)."""
    if not is_ip(text):
        return False
    found = ip_address(text)
    return found.is_loopback or found.is_link_local or found.is_unspecified or text.startswith("224.0.0.")


def _ports(report: Report, path: str, ports: tuple[EndpointPort, ...]) -> None:
    names: set[str] = set()
    for place, one in enumerate(ports):
        where, name = f"{path}[{place}]", one.name or ""
        if name and not LABEL.fullmatch(name):
            report.error(f"{where}.name", f"{name!r} is not the name of a port")
        if name in names:
            report.error(f"{where}.name", f"the port name {name!r} is there twice")
        names.add(name)
        if one.port is not None and not 1 <= one.port <= HIGHEST_PORT:
            report.error(f"{where}.port", f"{one.port} is not a port; ports go from 1 to {HIGHEST_PORT}")
        one_of(report, f"{where}.protocol", one.protocol, TRANSPORTS)
