"""Fields of Kubernetes objects that are probably misspelt.

Kubernetes has many more fields than Lateen reads, so an unknown one is no error; one that is almost the name of a field
that Lateen does read is worth a warning.
"""

from functools import cache
from typing import Any

from msgspec import Struct

from lateen.api.message import kubernetes_name
from lateen.api.reading import Problem
from lateen.api.schema import fields_of, nested, spellings

GENUINE = frozenset({"podCIDRs", "hostIPs", "hostPID", "hostIPC", "ipMode", "topologyKeys", "endpoint"})
"""Fields of Kubernetes that are near one of ours and are meant."""


def misspelt(struct: type[Struct], value: Any, path: str) -> list[Problem]:
    """Find unknown fields that are near a known one, all the way down."""
    if not isinstance(value, dict):
        return []
    found: list[Problem] = []
    inner = _inner(struct)
    for key, part in value.items():
        if key in inner:
            below = inner[key]
            found += _below(below, part, f"{path}.{key}") if below is not None and part else ()
        elif near := _near(str(key), spellings(struct).difference(value)):
            found.append(Problem(f"{path}.{key}", f"unknown field {key}, ignored", f"did you mean {near}?"))
    return found


@cache
def _inner(struct: type[Struct]) -> dict[str, type[Struct] | None]:
    """Return the struct inside each field, under its YAML spelling."""
    return {key: nested(fields_of(struct)[key].type) for key in spellings(struct)}


def _below(struct: type[Struct], value: Any, path: str) -> list[Problem]:
    if isinstance(value, list):
        return [
            found for place, part in enumerate(value) for found in misspelt(struct, part, f"{path}[{place}]")
        ]
    return misspelt(struct, value, path)


def _near(key: str, known: frozenset[str]) -> str:
    if key in GENUINE:
        return ""
    folded = kubernetes_name(key).lower()
    for name in sorted(known):
        limit = 1 if len(name) < 6 else 2
        if len(key) > 2 and _distance(folded, name.lower(), limit) <= limit:
            return name
    return ""


def _distance(left: str, right: str, limit: int) -> int:
    """Count the insertions, deletions, replacements and swaps of neighbours that turn one text into the other."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, 1):
        oldest, before, row = before, row, [i]
        for j, other in enumerate(right, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (one != other)))
            if i > 1 and j > 1 and one == right[j - 2] and left[i - 2] == other:
                row[j] = min(row[j], oldest[j - 2] + 1)
    return row[-1]
