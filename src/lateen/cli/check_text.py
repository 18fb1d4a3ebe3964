"""Findings for people: the statement, the line that it is about, what to do, and where to read more."""

from typing import Any

from lateen.cli.findings_text import COLOURS, subject
from lateen.cli.output import styled

Row = dict[str, Any]
WIDTH = 160
"""Longer source lines are cut."""


def text(row: Row) -> str:
    """Write one finding over several lines."""
    return "\n".join((_head(row), *_excerpt(row), *_advice(row)))


def _head(row: Row) -> str:
    place = f"{row['file']}:{row['line']}" if row.get("line") else row.get("file", "")
    level = styled(f"{row['level']} [{row['code']}]", fg=COLOURS.get(row["level"]))
    parts = (level, row.get("kind", ""), subject(row), f"({place})" if place else "")
    return f"{' '.join(part for part in parts if part)}: {row['message']}"


def _excerpt(row: Row) -> list[str]:
    source = row.get("source", "")
    if not source:
        return [f"  at {row['path']}"] if row.get("path") else []
    number = f"{row['line']:>5}"
    column = row.get("column") or len(source) - len(source.lstrip()) + 1
    return [f"{number} | {source[:WIDTH]}", f"{' ' * len(number)} | {' ' * (column - 1)}^"]


def _advice(row: Row) -> list[str]:
    lines = [f"  {row['suggestion']}"] if row.get("suggestion") else []
    return [*lines, *([f"  see {row['documentation']}"] if row.get("documentation") else [])]


def summary(rows: list[Row]) -> str:
    """Count the findings by level."""
    counts = {level: sum(row["level"] == level for row in rows) for level in COLOURS}
    words = [
        f"{count} {level.lower()}{'s' if count > 1 and level != 'Info' else ''}"
        for level, count in counts.items()
        if count
    ]
    return ", ".join(words) or "no findings"
