"""What the mesh's name server knows, and how it looks a name up: as Istio's DNS proxy (pkg/dns/client)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

# (name in lower case without the last dot, qtype, the asking pod's address) → addresses of both families, or None
# when the name is not known. An empty tuple is a known name without addresses.
Lookup = Callable[[str, int, str], "tuple[str, ...] | None"]

TTL_SECONDS: Final = 30


class Found(NamedTuple):
    """A known name; `alias` is its true name when it was asked for with a search domain behind it."""

    addresses: tuple[str, ...]
    alias: str = ""


def find(lookup: Lookup, name: str, qtype: int, client: str, search: Iterable[str]) -> Found | None:
    """Look a name up; if unknown, without the search domain that the client's resolver appended."""
    addresses = lookup(name, qtype, client)
    if addresses is not None:
        return Found(addresses)
    for domain in search:
        bare = name.removesuffix("." + domain)
        if bare != name:
            addresses = lookup(bare, qtype, client)
            if addresses is not None:
                return Found(addresses, bare)
    return None


def inside(name: str, zones: Iterable[str]) -> bool:
    """Whether a name belongs to zones that only this mesh knows, so that nobody else need be asked."""
    return any(name == zone or name.endswith("." + zone) for zone in zones)


def rotated(addresses: tuple[str, ...], turn: int) -> tuple[str, ...]:
    """The same addresses beginning with another one, so that clients that take the first spread."""
    start = turn % len(addresses) if addresses else 0
    return addresses[start:] + addresses[:start]


def table(names: Mapping[str, tuple[str, ...]]) -> Lookup:
    """A lookup in a fixed table, the same for every client: exact names, then wildcards (`*.example.com`) by walking up."""
    known = {name.lower().rstrip("."): addresses for name, addresses in names.items()}

    def lookup(name: str, _qtype: int, _client: str) -> tuple[str, ...] | None:
        return known.get(name, wildcard(known, name))

    return lookup


def wildcard(known: Mapping[str, tuple[str, ...]], name: str) -> tuple[str, ...] | None:
    """Addresses of the closest wildcard above a name: `a.b.c` tries `*.b.c`, then `*.c`."""
    rest = name
    while rest:
        _, _, rest = rest.partition(".")
        found = known.get(f"*.{rest}") if rest else None
        if found is not None:
            return found
    return None
