"""Plain texts of the fast ways through YAML: as `nodes` resolves them, remembered, and without numbers that are none."""

from functools import lru_cache
from math import isfinite
from typing import Any

from lateen.sources import nodes

WORDS: dict[str, Any] = {word: value for word, value in nodes.WORDS.items() if word[:1].isalpha()}
"""Texts of letters that are values."""
KEY_WORDS = {word: nodes.written(value) for word, value in WORDS.items()}
"""What they are as keys."""
NUMERIC = frozenset("+-.0123456789")
"""How a text may begin that is a number; all others are in `WORDS`, or empty or `~`, or texts."""


class UnusualError(Exception):
    """The document is for a more thorough way."""


@lru_cache(maxsize=2**12)
def plain(text: str) -> Any:
    """Resolve a text without quotes.

    Raises:
        UnusualError: it is a number that JSON does not have.
    """
    value = nodes.plain(text)
    if isinstance(value, float) and not isfinite(value):
        raise UnusualError
    return value


@lru_cache(maxsize=2**12)
def plain_key(text: str) -> str:
    """Return a key without quotes as JSON has it: a text.

    Raises:
        UnusualError: it is a number that JSON does not have.
    """
    return nodes.written(plain(text))
