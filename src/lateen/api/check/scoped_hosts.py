"""Hosts with a namespace before them, in Gateways and Sidecars (agent/validation.go ValidateNamespaceSlashWildcardHostname)."""

from lateen.api.check.primitives.addresses import is_ip
from lateen.api.check.primitives.dns import is_label, partial_wildcard, wildcard
from lateen.api.check.report import Report


def gateway_host(report: Report, path: str, text: str) -> None:
    """Check a host of a gateway's server: `host`, `namespace/host`, `*/host` or `./host`."""
    namespace, slash, host = text.partition("/")
    if not slash:
        _host(report, path, text, addresses=True)
    elif not namespace or not host:
        report.error(path, f"{text!r} lacks the namespace or the host", "write namespace/host")
    else:
        if namespace not in ("*", ".") and not is_label(namespace):
            report.error(path, f"{namespace!r} in {text!r} is not a namespace, '.' or '*'")
        _host(report, path, host, addresses=True)


def egress_host(report: Report, path: str, text: str) -> None:
    """Check a host of a Sidecar's egress listener: `namespace/host` with `*`, `.`, `~` for the namespace."""
    namespace, slash, host = text.partition("/")
    if not slash:
        report.error(path, f"{text!r} is not of the form namespace/host", f"write ./{text} or */{text}")
    elif not namespace or not host:
        report.error(path, f"{text!r} lacks the namespace or the host", "write namespace/host")
    else:
        name = namespace.removeprefix("~")
        if name not in ("", "*", ".") and not is_label(name):
            report.error(path, f"{namespace!r} in {text!r} is not a namespace, '.', '*' or '~'")
        _host(report, path, host, addresses=False)


def _host(report: Report, path: str, host: str, *, addresses: bool) -> None:
    wrong = "" if addresses and is_ip(host) else wildcard(host)
    if host != "*" and "." not in host:
        report.error(
            path,
            f"{host!r} is a short name; here a full name is needed",
            f"write {host}.default.svc.cluster.local",
        )
    if not report.wrong(path, wrong) and partial_wildcard(host):
        report.error(path, f"{host!r}: a '*' stands for whole labels, as in *.example.com")
