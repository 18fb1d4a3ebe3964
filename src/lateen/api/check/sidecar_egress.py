"""Egress listeners of a Sidecar (pkg/config/validation/validation.go ValidateSidecar)."""

from lateen.api.check.primitives.addresses import UNIX, ip, is_ip, unix_path
from lateen.api.check.primitives.numbers import optional_port
from lateen.api.check.report import Report
from lateen.api.check.scoped_hosts import egress_host
from lateen.api.check.sidecar_ingress import port
from lateen.api.sidecar import IstioEgressListener, SidecarPort


def egress(report: Report, listeners: tuple[IstioEgressListener, ...]) -> None:
    """Check what the proxy may know, for all ports or one."""
    taken: set[str | int] = set()
    for place, listener in enumerate(listeners):
        path = f"spec.egress[{place}]"
        if listener.port is None:
            if place < len(listeners) - 1:
                message = (
                    "the listener without port is for all other ports, so there is one, and it is the last"
                )
                report.error(f"{path}.port", message)
            if listener.bind and not is_ip(listener.bind):
                report.envoy(f"{path}.bind", f"{listener.bind!r} is not an IP address")
        else:
            _port(report, path, listener, listener.port)
            _unique(report, path, (listener.bind or "", listener.port.number or 0), taken)
        _hosts(report, f"{path}.hosts", listener.hosts)


def _unique(report: Report, path: str, where: tuple[str, int], taken: set[str | int]) -> None:
    """Check that no listener before has the port, or the UNIX socket when there is no port."""
    bind, number = where
    if (number or bind) in taken:
        field, what = ("port.number", f"the port {number}") if number else ("bind", repr(bind))
        report.error(f"{path}.{field}", f"{what} is there twice")
    taken.add(number or bind)


def _port(report: Report, path: str, listener: IstioEgressListener, given: SidecarPort) -> None:
    port(report, f"{path}.port", given)
    bind = listener.bind or ""
    optional_port(report, f"{path}.port.number", given.number)
    if given.number:
        if bind:
            report.wrong(f"{path}.bind", ip(bind))
        return
    if not bind.startswith(UNIX):
        report.error(
            f"{path}.port.number",
            "the port is missing; only a UNIX socket has none",
            "set number, or bind: unix:///…",
        )
    else:
        report.wrong(f"{path}.bind", unix_path(bind))
    if listener.capture_mode == "IPTABLES":
        report.error(
            f"{path}.captureMode", "nothing can be redirected to a UNIX socket", "use DEFAULT or NONE"
        )


def _hosts(report: Report, path: str, hosts: tuple[str, ...]) -> None:
    if not hosts:
        report.error(path, "the listener has no hosts", "write hosts: ['*/*'] for all")
    named: dict[str, set[str]] = {}
    for place, text in enumerate(hosts):
        where = f"{path}[{place}]"
        namespace, slash, host = text.partition("/")
        if slash and not namespace.startswith("~"):
            space = report.ref.namespace if namespace == "." else namespace
            known = named.setdefault(space, set())
            if host in known or "*" in known or (host == "*" and known):
                report.warning(where, f"{text!r} is already covered, or covers another entry")
            known.add(host)
        egress_host(report, where, text)
    if "*" in named.get("*", ()) and len(named) > 1:
        report.warning(path, "'*/*' is everything, so the other hosts add nothing")
