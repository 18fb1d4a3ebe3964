"""Ingress listeners of a Sidecar (pkg/config/validation/validation.go ValidateSidecar)."""

from lateen.api.check.connection_pool import connection_pool
from lateen.api.check.primitives import protocols
from lateen.api.check.primitives.addresses import UNIX, ip, unix_path
from lateen.api.check.primitives.dns import label
from lateen.api.check.primitives.numbers import port as check_port
from lateen.api.check.report import Report
from lateen.api.check.server_tls import server_tls
from lateen.api.gateway import ServerTLSSettings
from lateen.api.sidecar import IstioIngressListener, SidecarPort

LOCAL = ("", "127.0.0.1", "0.0.0.0", "::1", "::")  # noqa: S104  the workload's own address
FORM = "127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix:///PATH"


def ingress(report: Report, listeners: tuple[IstioIngressListener, ...]) -> None:
    """Check inbound ports."""
    taken: set[int] = set()
    for place, listener in enumerate(listeners):
        path = f"spec.ingress[{place}]"
        if listener.port is None:
            report.error(f"{path}.port", "the port is missing")
            continue
        port(report, f"{path}.port", listener.port)
        number = listener.port.number or 0
        check_port(report, f"{path}.port.number", number)
        if number and number in taken:
            report.error(f"{path}.port.number", f"the port {number} is there twice")
        taken.add(number)
        if listener.bind:
            report.wrong(f"{path}.bind", ip(listener.bind))
        if listener.default_endpoint:
            _endpoint(report, f"{path}.defaultEndpoint", listener.default_endpoint)
        _tls(report, f"{path}.tls", listener.port, listener.tls)
        _pool(report, path, listener, listener.port)


def port(report: Report, path: str, given: SidecarPort) -> None:
    """Check name and protocol of a Sidecar's port."""
    if given.name:
        report.wrong(f"{path}.name", label(given.name, "the name of a port"))
    if given.protocol and (wrong := protocols.protocol(given.protocol)):
        report.error(f"{path}.protocol", wrong, protocols.near(given.protocol))
    if given.target_port:
        report.error(f"{path}.targetPort", "targetPort has no effect in a Sidecar", "use defaultEndpoint")


def _endpoint(report: Report, path: str, text: str) -> None:
    if text.startswith(UNIX):
        report.wrong(path, unix_path(text))
        return
    host, colon, number = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or host.strip("[]") not in LOCAL or (":" in host and not bracketed):
        report.error(path, f"{text!r} is not of the form {FORM}")
    elif not (number.isascii() and number.isdigit()):
        report.error(path, f"{number!r} is not a port")
    else:
        check_port(report, path, int(number))


def _pool(report: Report, path: str, listener: IstioIngressListener, port: SidecarPort) -> None:
    pool = listener.connection_pool
    connection_pool(report, f"{path}.connectionPool", pool)
    if pool is not None and pool.http is not None and (port.protocol or "").lower() not in protocols.HTTP:
        message = f"port {port.number} is not an HTTP port, so the limits of HTTP have no effect"
        report.warning(f"{path}.connectionPool.http", message)


def _tls(report: Report, path: str, port: SidecarPort, given: ServerTLSSettings | None) -> None:
    if given is None:
        return
    foreign = {
        "subjectAltNames": given.subject_alt_names,
        "httpsRedirect": given.https_redirect,
        "credentialName": given.credential_name,
        "credentialNames": given.credential_names,
        "tlsCertificates": given.tls_certificates,
    }
    for field, value in foreign.items():
        if value:
            report.error(f"{path}.{field}", f"{field} is for gateways, not for a Sidecar")
    if given.mode in ("ISTIO_MUTUAL", "AUTO_PASSTHROUGH"):
        report.error(f"{path}.mode", f"{given.mode} is for gateways, not for a Sidecar")
    if (port.protocol or "").lower() not in protocols.TLS:
        report.error(path, "only a port with protocol HTTPS or TLS has tls")
    server_tls(report, path, given)
