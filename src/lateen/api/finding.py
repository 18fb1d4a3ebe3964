"""What Lateen has to say about somebody's configuration."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from lateen.api.meta import Ref


class Level(StrEnum):
    """How serious a finding is."""

    ERROR = "Error"
    """The object is refused; the last good version stays in force."""
    WARNING = "Warning"
    """Accepted, and probably not what was meant."""
    INFO = "Info"
    """Worth knowing."""


class Position(Struct, frozen=True, gc=False):
    """A place in a file."""

    file: str
    line: int
    """Counted from 1."""
    column: int = 0
    """Counted from 1; 0 when only the line is known."""

    def __str__(self) -> str:
        """Write `reviews.yaml:12:5`."""
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


class Finding(Struct, frozen=True, gc=False):
    """One statement about one object."""

    code: str
    """Stable code, `IST0101` where the meaning is Istio's."""
    level: Level
    ref: Ref | None
    """The object; None when it could not be read so far."""
    path: str
    """The field, e.g. `spec.http[0].route[1].weight`; empty for the whole object."""
    message: str
    suggestion: str = ""
    """What to do instead."""
    where: Position | None = None
    """Where the field is written."""


def render(finding: Finding) -> str:
    """Write a finding as text: `Error [CODE] VirtualService default/reviews (reviews.yaml:12:5): message (path)`."""
    parts = [f"{finding.level} [{finding.code}]"]
    if finding.ref is not None:
        parts.append(str(finding.ref))
    if finding.where is not None:
        parts.append(f"({finding.where})")
    path = f" ({finding.path})" if finding.path else ""
    suggestion = f"\n  {finding.suggestion}" if finding.suggestion else ""
    return f"{' '.join(parts)}: {finding.message}{path}{suggestion}"
