"""Gateway (pkg/config/validation/validation.go ValidateGateway)."""

from lateen.api.check.primitives import protocols
from lateen.api.check.primitives.addresses import UNIX, ip, unix_path
from lateen.api.check.primitives.dns import is_label
from lateen.api.check.primitives.labels import impossible
from lateen.api.check.primitives.numbers import port as check_port
from lateen.api.check.report import Report
from lateen.api.check.scoped_hosts import gateway_host
from lateen.api.check.server_tls import server_tls
from lateen.api.gateway import Gateway, Port, Server, ServerTLSSettings


def gateway(report: Report, spec: Gateway) -> None:
    """Check a Gateway."""
    if not is_label(report.ref.name):
        message = f"{report.ref.name!r} is not a name for a Gateway: no dots, at most 63 characters"
        report.error("metadata.name", message)
    if not spec.servers:
        report.error("spec.servers", "the Gateway has no servers")
    names: set[str] = set()
    for place, server in enumerate(spec.servers):
        path = f"spec.servers[{place}]"
        _server(report, path, server)
        name = server.port.name if server.port is not None else ""
        if name and name in names:
            report.error(
                f"{path}.port.name",
                f"the port name {name} is there twice",
                "port names are unique in a Gateway",
            )
        names.add(name)
    impossible(report, "spec.selector", spec.selector)


def _server(report: Report, path: str, server: Server) -> None:
    if not server.hosts:
        report.error(f"{path}.hosts", "the server has no hosts", "write hosts: ['*'] for all")
    for place, host in enumerate(server.hosts):
        gateway_host(report, f"{path}.hosts[{place}]", host)
    _bind(report, path, server)
    server_tls(report, f"{path}.tls", server.tls)
    if server.port is None:
        report.error(f"{path}.port", "the port is missing")
    elif _port(report, f"{path}.port", server.port, server.bind or ""):
        _tls_for(report, path, server.port.protocol.lower(), server.tls)


def _port(report: Report, path: str, port: Port, bind: str) -> bool:
    """Check a server's port; tells whether its protocol is known."""
    if port.number or not bind.startswith(UNIX):
        check_port(report, f"{path}.number", port.number)
    if port.target_port:
        report.error(f"{path}.targetPort", "targetPort has no effect in a Gateway", "remove it")
    if not port.name:
        report.error(f"{path}.name", "the port has no name")
    if not port.protocol:
        report.error(f"{path}.protocol", "the protocol is missing", f"there are {protocols.SHOWN}")
    elif wrong := protocols.protocol(port.protocol):
        report.error(f"{path}.protocol", wrong, protocols.near(port.protocol))
    return port.protocol.lower() in protocols.KNOWN


def _bind(report: Report, path: str, server: Server) -> None:
    bind = server.bind or ""
    if bind.startswith(UNIX):
        report.wrong(f"{path}.bind", unix_path(bind))
        if server.port is not None and server.port.number:
            report.error(f"{path}.port.number", "a UNIX socket has no port number", "write number: 0")
    elif bind:
        report.wrong(f"{path}.bind", ip(bind))


def _tls_for(report: Report, path: str, protocol: str, tls: ServerTLSSettings | None) -> None:
    """Check that TLS and the port's protocol fit together; a plain HTTP port may only redirect."""
    if protocol in protocols.TLS:
        if tls is None:
            report.error(
                f"{path}.tls",
                f"a port with protocol {protocol.upper()} needs tls",
                "write tls: {mode: SIMPLE, …}",
            )
        elif tls.https_redirect:
            report.warning(f"{path}.tls.httpsRedirect", "httpsRedirect is for plain HTTP ports")
    elif tls is not None and protocol not in protocols.HTTP:
        report.error(f"{path}.tls", f"a port with protocol {protocol.upper()} has no tls", "use protocol TLS")
    elif tls is not None and _ends_tls(tls):
        message = f"a port with protocol {protocol.upper()} has no tls but httpsRedirect"
        report.error(f"{path}.tls", message, "use protocol HTTPS")


def _ends_tls(tls: ServerTLSSettings) -> bool:
    passes = tls.mode in (None, "PASSTHROUGH", "AUTO_PASSTHROUGH")
    return not passes or bool(tls.ca_certificates or tls.private_key or tls.server_certificate)
