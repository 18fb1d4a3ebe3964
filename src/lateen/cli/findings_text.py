"""Findings as text: `Error [IST0101] VirtualService default/reviews (reviews.yaml:12): message`, the suggestion beneath."""

import re
from collections.abc import Iterable
from typing import Any

from lateen.cli.output import note, styled

COLOURS = {"Error": "red", "Warning": "yellow", "Info": "blue"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def subject(row: dict[str, Any]) -> str:
    """Write the name of the object: `namespace/name`, and what there is of it when it has none."""
    return f"{row['namespace']}/{row.get('name', '')}" if row.get("namespace") else str(row.get("name", ""))


def printable(text: str) -> str:
    """Spell control characters out: a terminal would obey them, and XML has none."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def finding_text(row: dict[str, Any], *, err: bool = False) -> str:
    """Write one finding (a `FindingRow`)."""
    place = f"{row['file']}:{row['line']}" if row.get("line") else row.get("file", "")
    level = styled(f"{row['level']} [{row['code']}]", err=err, fg=COLOURS.get(row["level"]))
    head = " ".join(
        part for part in (level, row.get("kind", ""), subject(row), f"({place})" if place else "") if part
    )
    path = f" [{row['path']}]" if row.get("path") else ""
    suggestion = f"\n  {row['suggestion']}" if row.get("suggestion") else ""
    return f"{head}: {printable(row['message'] + path + suggestion)}"


def note_findings(rows: Iterable[dict[str, Any]]) -> None:
    """Print findings on standard error."""
    for row in rows:
        note(finding_text(row, err=True))
