"""The headers of a request or response on their way through a proxy: ordered, any case, several values for a name."""

from collections.abc import Iterable

AUTHORITY = ":authority"
METHOD = ":method"
PATH = ":path"
SCHEME = ":scheme"
_ALIASES = {"host": AUTHORITY}


def canonical(name: str) -> str:
    """Write a header's name as Envoy does: lower case, and `:authority` for `host`."""
    lowered = name.lower()
    return _ALIASES.get(lowered, lowered)


class Fields:
    """A mutable list of headers; belongs to one simulated request and never leaves it."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = [(canonical(name), value) for name, value in pairs]

    def get(self, name: str) -> str | None:
        """Return the value, several values joined by a comma; None when there is none."""
        values = self.values(name)
        return ",".join(values) if values else None

    def values(self, name: str) -> list[str]:
        """Return every value of a header, one by one."""
        wanted = canonical(name)
        return [value for key, value in self._pairs if key == wanted]

    def first(self, name: str) -> str | None:
        """Return the first value; None when there is none."""
        return next(iter(self.values(name)), None)

    def value(self, name: str) -> str:
        """Return the value, or an empty string."""
        return self.get(name) or ""

    def set(self, name: str, value: str) -> None:
        """Replace whatever there is."""
        self.remove(name)
        self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Add one more value."""
        self._pairs.append((canonical(name), value))

    def remove(self, name: str) -> None:
        """Remove every value; an absent name is fine."""
        wanted = canonical(name)
        self._pairs = [pair for pair in self._pairs if pair[0] != wanted]

    def copy(self) -> "Fields":
        """Return headers that change on their own."""
        twin = Fields()
        twin._pairs = list(self._pairs)
        return twin

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return all headers in order."""
        return tuple(self._pairs)
