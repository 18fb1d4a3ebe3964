"""Names of gateways in a VirtualService (pkg/config/validation/validation.go validateGatewayNames)."""

from lateen.api.check.primitives.dns import fqdn, is_label
from lateen.api.check.report import Report

MESH = "mesh"
"""Stands for the sidecars."""


def gateways(report: Report, path: str, names: tuple[str, ...]) -> None:
    """Check names of gateways: `mesh`, `name` or `namespace/name`. Istio looks at none after the first without a slash."""
    for place, name in enumerate(names):
        if name != MESH:
            _gateway(report, f"{path}[{place}]", name)
        if "/" not in name:
            return


def _gateway(report: Report, where: str, name: str) -> None:
    namespace, slash, own = name.partition("/")
    if not slash:
        _plain(report, where, name)
    elif not namespace or not own:
        report.error(where, f"{name!r} lacks the namespace or the name", "write namespace/name")
    else:
        bad = next((part for part in (namespace, own) if not is_label(part)), None)
        report.wrong(where, "" if bad is None else f"{bad!r} in {name!r} is not a DNS label")


def _plain(report: Report, where: str, name: str) -> None:
    if not name:
        report.error(where, "the name of the gateway is empty")
    elif not report.wrong(where, fqdn(name).replace("a host name", "the name of a gateway")) and "." in name:
        own, namespace = name.split(".")[:2]
        report.warning(where, f"{name!r} names a gateway the old way", f"write {namespace}/{own}")
