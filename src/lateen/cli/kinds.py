"""The kinds by the names that people type: singular, plural, short."""

from typing import NamedTuple

from lateen.api import registry
from lateen.api.registry import Kind
from lateen.cli.errors import Exit, Failure

ALL = ("Pod", "Service", "Deployment", "Gateway", "VirtualService", "DestinationRule", "ServiceEntry", "Sidecar",
       "WorkloadEntry", "WorkloadGroup", "EnvoyFilter", "ProxyConfig")  # fmt: skip
"""What `get all` lists."""


def names() -> tuple[str, ...]:
    """Return all plurals, for completion."""
    return tuple(kind.plural for kind in registry.KINDS)


def label(kind: str) -> str:
    """Return how results name a kind: `virtualservice.networking.istio.io`, `service`."""
    found = registry.BY_NAME.get(kind)
    return f"{kind.lower()}.{found.group}" if found and found.group else kind.lower()


def kind_of(word: str) -> Kind:
    """Return the kind that a word names: `vs`, `virtualservices`, `VirtualService`, `virtualservices.networking.istio.io`.

    Raises:
        Failure: there is none; the nearest is named.
    """
    found = registry.find(word)
    if found is not None:
        return found
    import difflib  # noqa: PLC0415  only on the way to an error

    near = difflib.get_close_matches(word.lower(), registry.words(), 1)
    hint = f"; did you mean {near[0]}?" if near else f"; kinds: {', '.join(names())}"
    raise Failure(f"there is no kind {word!r}{hint}", Exit.MISUSE)


class Wanted(NamedTuple):
    """What a command line names: kinds, and names or all of them."""

    kinds: tuple[Kind, ...]
    names: tuple[tuple[Kind, str], ...]
    """Empty means every object of the kinds."""


def wanted(words: tuple[str, ...]) -> Wanted:
    """Read `vs`, `vs,dr`, `vs NAME…`, `vs/NAME…`, `all`.

    Raises:
        Failure: no kind, an unknown kind, or both spellings mixed.
    """
    if not words:
        raise Failure(f"name a kind: {', '.join(names())}, or all", Exit.MISUSE)
    if any("/" in word for word in words):
        return _slashed(words)
    kinds = _listed(words[0])
    if len(words) > 1 and len(kinds) > 1:
        raise Failure("names need one kind, or KIND/NAME", Exit.MISUSE)
    return Wanted(kinds, tuple((kinds[0], name) for name in words[1:]))


def _slashed(words: tuple[str, ...]) -> Wanted:
    pairs = []
    for word in words:
        kind, slash, name = word.partition("/")
        if not slash or not name:
            raise Failure(f"{word!r}: write every argument as KIND/NAME, or KIND NAME…", Exit.MISUSE)
        pairs.append((kind_of(kind), name))
    return Wanted(tuple(dict.fromkeys(kind for kind, _ in pairs)), tuple(pairs))


def _listed(text: str) -> tuple[Kind, ...]:
    if text == "all":
        return tuple(registry.BY_NAME[name] for name in ALL)
    return tuple(kind_of(word) for word in text.split(",") if word)
