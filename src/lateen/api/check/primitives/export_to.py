"""Visibility: `exportTo` (validation.go validateExportTo, pkg/config/visibility/visibility.go)."""

from lateen.api.check.primitives.dns import is_label
from lateen.api.check.report import Report

OWN, ALL, NOBODY = ".", "*", "~"


def export_to(report: Report, path: str, given: tuple[str, ...], *, nobody: bool = False) -> None:
    """Check the namespaces that see an object; with `nobody`, `~` is allowed."""
    if not given or given in {(ALL,), (OWN,)}:
        return
    own = report.ref.namespace
    seen: set[str] = set()
    for place, entry in enumerate(given):
        name = own if entry == OWN else entry
        where = f"{path}[{place}]"
        if name in seen:
            report.error(
                where,
                f"{entry!r} is there twice"
                if entry in given[:place]
                else f"'.' is {own!r}, which is there, too",
            )
        else:
            _entry(report, where, entry, nobody=nobody)
        seen.add(name)
    for alone, words in ((ALL, "everybody"), (NOBODY, "nobody")):
        if alone in seen and len(given) > 1 and (alone != NOBODY or nobody):
            report.error(path, f"{alone!r} means {words}, so nothing can stand beside it")


def only_own(report: Report, path: str, given: tuple[str, ...]) -> None:
    """Check the visibility of a DestinationRule for selected workloads: it stays in its own namespace."""
    if any(entry not in (OWN, report.ref.namespace) for entry in given):
        report.error(
            path, "a rule with a workloadSelector is for its own namespace only", "write exportTo: ['.']"
        )


def _entry(report: Report, where: str, entry: str, *, nobody: bool) -> None:
    if entry == NOBODY and not nobody:
        report.error(where, "'~' (nobody) is only for ServiceEntries")
    elif entry not in (OWN, ALL, NOBODY) and not is_label(entry):
        report.error(where, f"{entry!r} is not a namespace, '.' (the own one) or '*' (all)")
