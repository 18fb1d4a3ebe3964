"""Service, as far as a Kubernetes API server checks what matters here."""

from lateen.api.check.metadata import SUBDOMAIN
from lateen.api.check.primitives.addresses import is_ip
from lateen.api.check.primitives.kubernetes_names import LABEL, SERVICE, TRANSPORTS, one_of, port_name
from lateen.api.check.primitives.labels import key, labels
from lateen.api.check.primitives.numbers import port
from lateen.api.check.report import Report
from lateen.api.kubernetes import IntOrString, Service, ServicePort

TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
HEADLESS = "None"
DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")


def service(report: Report, spec: Service) -> None:
    """Check a Service."""
    if not SERVICE.fullmatch(report.ref.name):
        message = f"{report.ref.name!r} is not a name for a Service: it begins with a letter, has no dots, at most 63 characters"
        report.error("metadata.name", message)
    one_of(report, "spec.type", spec.type, TYPES)
    one_of(report, "spec.internalTrafficPolicy", spec.internal_traffic_policy, ("Cluster", "Local"))
    one_of(report, "spec.trafficDistribution", spec.traffic_distribution, DISTRIBUTIONS)
    one_of(report, "spec.sessionAffinity", spec.session_affinity, ("None", "ClientIP"))
    labels(report, "spec.selector", spec.selector)
    if spec.type == "ExternalName":
        _external(report, spec)
    elif not spec.ports and spec.cluster_ip != HEADLESS:
        report.error("spec.ports", "the Service has no ports")
    if spec.cluster_ip == HEADLESS and spec.type in ("NodePort", "LoadBalancer"):
        report.error("spec.clusterIP", f"a Service of type {spec.type} has an address", "use type: ClusterIP")
    _addresses(report, spec)
    _ports(report, spec.ports)


def _external(report: Report, spec: Service) -> None:
    name = (spec.external_name or "").removesuffix(".")
    if not name:
        report.error("spec.externalName", "an ExternalName service needs externalName")
    elif not SUBDOMAIN.fullmatch(name):
        report.error("spec.externalName", f"{spec.external_name!r} is not a DNS name")
    if spec.cluster_ip:
        report.error("spec.clusterIP", "an ExternalName service has no address", "remove it")


def _addresses(report: Report, spec: Service) -> None:
    given = {f"spec.clusterIPs[{place}]": one for place, one in enumerate(spec.cluster_ips)}
    given |= {"spec.clusterIP": spec.cluster_ip or HEADLESS}
    for path, one in given.items():
        if one != HEADLESS and not is_ip(one):
            report.error(path, f"{one!r} is neither an IP address nor None")
    if spec.cluster_ip and spec.cluster_ips and spec.cluster_ips[0] != spec.cluster_ip:
        report.error("spec.clusterIPs[0]", f"the first address must be clusterIP, {spec.cluster_ip}")
    for place, one in enumerate(spec.external_ips):
        if not is_ip(one):
            report.error(f"spec.externalIPs[{place}]", f"{one!r} is not an IP address")


def _ports(report: Report, ports: tuple[ServicePort, ...]) -> None:
    names: set[str] = set()
    numbers: set[tuple[int, str]] = set()
    for place, one in enumerate(ports):
        path = f"spec.ports[{place}]"
        port(report, f"{path}.port", one.port)
        _name(report, f"{path}.name", one.name or "", names, alone=len(ports) == 1)
        transport = one.protocol or "TCP"
        one_of(report, f"{path}.protocol", transport, TRANSPORTS)
        if (one.port, transport) in numbers:
            report.error(f"{path}.port", f"the port {one.port}/{transport} is there twice")
        numbers.add((one.port, transport))
        target_port(report, f"{path}.targetPort", one.target_port)
        if one.app_protocol and key(one.app_protocol):
            report.error(f"{path}.appProtocol", f"{one.app_protocol!r} is not the name of a protocol")


def _name(report: Report, path: str, name: str, names: set[str], *, alone: bool) -> None:
    if not name and not alone:
        report.error(path, "a Service with several ports names each of them", "e.g. name: http")
    elif name and not LABEL.fullmatch(name):
        report.error(
            path,
            f"{name!r} is not the name of a port: lower-case letters, digits and '-', at most 63 characters",
        )
    elif name and name in names:
        report.error(path, f"the port name {name} is there twice")
    names.add(name)


def target_port(report: Report, path: str, given: IntOrString | None) -> None:
    """Check a port of a pod, by number or name."""
    if isinstance(given, int):
        port(report, path, given)
    elif given is not None:
        report.wrong(path, port_name(given))
