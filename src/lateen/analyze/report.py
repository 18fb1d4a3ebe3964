"""How rules make findings."""

import difflib
from collections.abc import Iterable

from lateen.analyze.catalogue import CATALOGUE, Code
from lateen.api.finding import Finding
from lateen.api.meta import Ref

KNOWN = 5
"""Names that a suggestion lists."""


def found(code: Code, ref: Ref, path: str, message: str, suggestion: str = "") -> Finding:
    """Make a finding with the level of its code."""
    return Finding(code.value, CATALOGUE[code].level, ref, path, message, suggestion)


def nearest(name: str, known: Iterable[str], what: str) -> str:
    """Suggest the known name that is most like one that is not known, else list what there is."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1)
    return f"did you mean {near[0]}?" if near else listed(what, names)


def listed(what: str, names: Iterable[str]) -> str:
    """List some names, in order."""
    known = tuple(names)
    if not known:
        return f"there are no {what}"
    more = f" and {len(known) - KNOWN} more" if len(known) > KNOWN else ""
    return f"known {what}: {', '.join(known[:KNOWN])}{more}"


def shortened(ref: Ref, namespace: str) -> str:
    """Name an object to those of a namespace: without its own where it is theirs."""
    return ref.name if ref.namespace == namespace else f"{ref.namespace}/{ref.name}"


def joined(words: Iterable[object]) -> str:
    """Write `a, b and c`."""
    parts = [str(word) for word in words]
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)
