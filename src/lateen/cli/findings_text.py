"""Findings as text: `Error [IST0101] VirtualService default/reviews (reviews.yaml:12): message`, the suggestion beneath."""

from collections.abc import Iterable
from typing import Any

from lateen.cli.output import note, styled

_COLOURS = {"Error": "red", "Warning": "yellow", "Info": "blue"}


def finding_text(row: dict[str, Any], *, err: bool = False) -> str:
    """Write one finding (a `FindingRow`)."""
    subject = f"{row['namespace']}/{row['name']}" if row.get("namespace") else row.get("name", "")
    place = f"{row['file']}:{row['line']}" if row.get("line") else row.get("file", "")
    level = styled(f"{row['level']} [{row['code']}]", err=err, fg=_COLOURS.get(row["level"]))
    head = " ".join(
        part for part in (level, row.get("kind", ""), subject, f"({place})" if place else "") if part
    )
    path = f" [{row['path']}]" if row.get("path") else ""
    suggestion = f"\n  {row['suggestion']}" if row.get("suggestion") else ""
    return f"{head}: {row['message']}{path}{suggestion}"


def note_findings(rows: Iterable[dict[str, Any]]) -> None:
    """Print findings on standard error."""
    for row in rows:
        note(finding_text(row, err=True))
