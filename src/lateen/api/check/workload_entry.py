"""WorkloadEntry, and endpoints of a ServiceEntry (validation.go validateWorkloadEntry, and the CRD's schema)."""

from collections.abc import Set as AbstractSet

from lateen.api.check.primitives.addresses import UNIX, is_ip, unix_path
from lateen.api.check.primitives.dns import fqdn, label
from lateen.api.check.primitives.labels import istio_labels
from lateen.api.check.primitives.numbers import port
from lateen.api.check.report import Report
from lateen.api.workload_entry import WorkloadEntry

LONGEST = {"address": 256, "network": 2048, "locality": 2048, "serviceAccount": 253}


def workload_entry(report: Report, spec: WorkloadEntry) -> None:
    """Check a WorkloadEntry object."""
    if not spec.address and not spec.network:
        report.error("spec.address", "the address is missing")
    elif not spec.address:
        report.warning(
            "spec.address", f"without an address it is only known that it is in the network {spec.network}"
        )
    else:
        address(report, "spec.address", spec, names=True)
    entry(report, "spec", spec, None)
    istio_labels(report, "spec.labels", spec.labels)


def entry(report: Report, path: str, given: WorkloadEntry, ports: AbstractSet[str] | None) -> None:
    """Check everything but the address and the labels; `ports` are the names of the service's ports, where they are known."""
    for name, number in given.ports.items():
        where = f"{path}.ports[{name}]"
        if ports is not None and name not in ports:
            report.error(where, f"the ServiceEntry has no port named {name!r}")
        else:
            report.wrong(where, label(name, "the name of a port"))
        port(report, where, number)
    texts = {
        "address": given.address,
        "network": given.network,
        "locality": given.locality,
        "serviceAccount": given.service_account,
    }
    for field, text in texts.items():
        if text and len(text) > LONGEST[field]:
            report.error(
                f"{path}.{field}", f"{field} has {len(text)} characters, at most {LONGEST[field]} are allowed"
            )


def socket(report: Report, path: str, given: WorkloadEntry) -> None:
    """Check an address that is a UNIX socket."""
    text = given.address or ""
    report.wrong(path, unix_path(text) or ("the path is that of a directory" if text.endswith("/") else ""))
    if given.ports:
        report.error(path.removesuffix("address") + "ports", "a UNIX socket has no ports")


def address(report: Report, path: str, given: WorkloadEntry, *, names: bool) -> None:
    """Check an address that is there; with `names`, a DNS name is one."""
    text = given.address or ""
    if text.startswith(UNIX):
        socket(report, path, given)
    elif not is_ip(text) and not names:
        report.error(path, f"{text!r} is not an IP address", "use resolution: DNS for names")
    elif not is_ip(text) and fqdn(text):
        report.error(path, f"{text!r} is neither an IP address nor a DNS name")
