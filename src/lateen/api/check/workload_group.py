"""WorkloadGroup (validation.go ValidateWorkloadGroup, validateReadinessProbe, and the CRD's schema)."""

from lateen.api.check.primitives.addresses import UNIX
from lateen.api.check.primitives.headers import PROBE
from lateen.api.check.primitives.labels import impossible, istio_labels
from lateen.api.check.primitives.numbers import port
from lateen.api.check.probe_counts import probe_counts
from lateen.api.check.report import Report
from lateen.api.check.workload_entry import entry, socket
from lateen.api.workload_group import HTTPHealthCheckConfig, ReadinessProbe, WorkloadGroup


def workload_group(report: Report, spec: WorkloadGroup) -> None:
    """Check a WorkloadGroup."""
    if spec.template is None:
        report.error("spec.template", "the template is missing")
    else:
        entry(report, "spec.template", spec.template, None)
        if (spec.template.address or "").startswith(UNIX):  # the schema looks at no other address here
            socket(report, "spec.template.address", spec.template)
        impossible(report, "spec.template.labels", spec.template.labels)
    if spec.metadata is not None:
        istio_labels(report, "spec.metadata.labels", spec.metadata.labels)
    if spec.probe is not None:
        probe(report, "spec.probe", spec.probe)


def probe(report: Report, path: str, given: ReadinessProbe) -> None:
    """Check how a workload is asked whether it is ready."""
    probe_counts(report, path, given)
    if given.http_get is not None:
        _http(report, f"{path}.httpGet", given.http_get)
    elif given.tcp_socket is not None:
        port(report, f"{path}.tcpSocket.port", given.tcp_socket.port)
    elif given.exec is not None:
        _command(report, f"{path}.exec.command", given.exec.command)
    elif given.grpc is not None:
        report.error(
            f"{path}.grpc", "Istio has no gRPC probes for WorkloadGroups", "use httpGet, tcpSocket or exec"
        )
    else:
        report.error(path, "the probe asks nothing: one of httpGet, tcpSocket and exec is needed")


def _command(report: Report, path: str, command: tuple[str, ...]) -> None:
    if not command:
        report.error(path, "the command is missing")
    for place, word in enumerate(command):
        if not word:
            report.error(f"{path}[{place}]", "the word is empty")


def _http(report: Report, path: str, given: HTTPHealthCheckConfig) -> None:
    port(report, f"{path}.port", given.port)
    if given.scheme and given.scheme not in ("HTTP", "HTTPS"):
        report.error(f"{path}.scheme", f"{given.scheme!r} is not HTTP or HTTPS")
    for place, header in enumerate(given.http_headers):
        if not PROBE.fullmatch(header.name or ""):
            report.error(
                f"{path}.httpHeaders[{place}].name", f"{header.name or ''!r} is not the name of a header"
            )
