"""Containers of a pod: names, ports, environment, mounts and probes, as a Kubernetes API server checks them."""

from collections.abc import Set as AbstractSet

from lateen.api.check.kubernetes_service import target_port
from lateen.api.check.primitives.kubernetes_names import LABEL, TRANSPORTS, VARIABLE, one_of, port_name
from lateen.api.check.primitives.numbers import port
from lateen.api.check.probe_counts import probe_counts
from lateen.api.check.report import Report
from lateen.api.workload import Container, ContainerPort, EnvVar, Pod, Probe

PROBES = {
    "readinessProbe": "readiness_probe",
    "livenessProbe": "liveness_probe",
    "startupProbe": "startup_probe",
}


def containers(report: Report, path: str, spec: Pod, volumes: AbstractSet[str]) -> None:
    """Check all containers of a pod; `volumes` are the names that they may mount."""
    if not spec.containers:
        report.error(f"{path}.containers", "a pod has at least one container")
    names: set[str] = set()
    for field, given in (("initContainers", spec.init_containers), ("containers", spec.containers)):
        for place, one in enumerate(given):
            where = f"{path}.{field}[{place}]"
            if not LABEL.fullmatch(one.name):
                words = (
                    f"{one.name!r} is not the name of a container"
                    if one.name
                    else "the container has no name"
                )
                report.error(f"{where}.name", words)
            elif one.name in names:
                report.error(f"{where}.name", f"the container {one.name} is there twice")
            names.add(one.name)
            _container(report, where, one, volumes)


def _container(report: Report, path: str, given: Container, volumes: AbstractSet[str]) -> None:
    _ports(report, f"{path}.ports", given.ports)
    for place, variable in enumerate(given.env):
        _variable(report, f"{path}.env[{place}]", variable)
    for place, source in enumerate(given.env_from):
        if (source.config_map_ref is None) == (source.secret_ref is None):
            report.error(f"{path}.envFrom[{place}]", "one of configMapRef and secretRef is needed")
    for place, mount in enumerate(given.volume_mounts):
        where = f"{path}.volumeMounts[{place}]"
        if mount.name not in volumes:
            report.error(f"{where}.name", f"the pod has no volume {mount.name!r}")
        if not mount.mount_path:
            report.error(f"{where}.mountPath", "mountPath is missing")
    for field, attribute in PROBES.items():
        probe: Probe | None = getattr(given, attribute)
        if probe is not None:
            _probe(report, f"{path}.{field}", probe)


def _ports(report: Report, path: str, ports: tuple[ContainerPort, ...]) -> None:
    names: set[str] = set()
    for place, one in enumerate(ports):
        where = f"{path}[{place}]"
        port(report, f"{where}.containerPort", one.container_port)
        one_of(report, f"{where}.protocol", one.protocol, TRANSPORTS)
        if one.name:
            report.wrong(f"{where}.name", port_name(one.name))
            if one.name in names:
                report.error(f"{where}.name", f"the port name {one.name} is there twice")
            names.add(one.name)


def _variable(report: Report, path: str, given: EnvVar) -> None:
    if not VARIABLE.fullmatch(given.name):
        report.error(f"{path}.name", f"{given.name!r} is not the name of a variable")
    source = given.value_from
    if source is None:
        return
    if given.value:
        report.error(f"{path}.valueFrom", "value and valueFrom exclude each other")
    sources = (source.field_ref, source.config_map_key_ref, source.secret_key_ref, source.resource_field_ref)
    if sum(one is not None for one in sources) != 1:
        words = "fieldRef, configMapKeyRef, secretKeyRef and resourceFieldRef"
        report.error(f"{path}.valueFrom", f"exactly one of {words} is needed")


def _probe(report: Report, path: str, given: Probe) -> None:
    probe_counts(report, path, given)
    asked = (given.http_get, given.tcp_socket, given.exec, given.grpc)
    if sum(one is not None for one in asked) != 1:
        report.error(path, "a probe has exactly one of httpGet, tcpSocket, exec and grpc")
    if given.http_get is not None:
        target_port(report, f"{path}.httpGet.port", given.http_get.port)
        one_of(report, f"{path}.httpGet.scheme", given.http_get.scheme, ("HTTP", "HTTPS"))
    if given.tcp_socket is not None:
        target_port(report, f"{path}.tcpSocket.port", given.tcp_socket.port)
    if given.exec is not None and not given.exec.command:
        report.error(f"{path}.exec.command", "the command is missing")
    if given.grpc is not None:
        port(report, f"{path}.grpc.port", given.grpc.port)
