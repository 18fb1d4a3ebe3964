"""The kinds by the names that people type: singular, plural, short."""

from typing import NamedTuple

from lateen.cli.errors import Exit, Failure


class Kind(NamedTuple):
    """One kind of object."""

    kind: str
    plural: str
    group: str
    """Empty for Kubernetes' core group."""
    short: tuple[str, ...] = ()
    namespaced: bool = True

    @property
    def label(self) -> str:
        """How results name it: `virtualservice.networking.istio.io`, `service`."""
        return f"{self.kind.lower()}.{self.group}" if self.group else self.kind.lower()


_NETWORKING = "networking.istio.io"
KINDS = (
    Kind("VirtualService", "virtualservices", _NETWORKING, ("vs",)),
    Kind("DestinationRule", "destinationrules", _NETWORKING, ("dr",)),
    Kind("Gateway", "gateways", _NETWORKING, ("gw",)),
    Kind("ServiceEntry", "serviceentries", _NETWORKING, ("se",)),
    Kind("Sidecar", "sidecars", _NETWORKING),
    Kind("WorkloadEntry", "workloadentries", _NETWORKING, ("we",)),
    Kind("WorkloadGroup", "workloadgroups", _NETWORKING, ("wg",)),
    Kind("EnvoyFilter", "envoyfilters", _NETWORKING),
    Kind("ProxyConfig", "proxyconfigs", _NETWORKING),
    Kind("Service", "services", "", ("svc",)),
    Kind("Deployment", "deployments", "apps", ("deploy",)),
    Kind("Pod", "pods", "", ("po",)),
    Kind("Namespace", "namespaces", "", ("ns",), namespaced=False),
    Kind("Secret", "secrets", ""),
    Kind("ConfigMap", "configmaps", "", ("cm",)),
    Kind("ServiceAccount", "serviceaccounts", "", ("sa",)),
    Kind("EndpointSlice", "endpointslices", "discovery.k8s.io"),
    Kind("Endpoints", "endpoints", "", ("ep",)),
    Kind("Node", "nodes", "", ("no",), namespaced=False),
)
ALL = ("Pod", "Service", "Deployment", "Gateway", "VirtualService", "DestinationRule", "ServiceEntry", "Sidecar",
       "WorkloadEntry", "WorkloadGroup", "EnvoyFilter", "ProxyConfig")  # fmt: skip
"""What `get all` lists."""

_BY_WORD = {word: kind for kind in KINDS for word in (kind.kind.lower(), kind.plural, *kind.short)}


def names() -> tuple[str, ...]:
    """Return all plurals, for completion."""
    return tuple(kind.plural for kind in KINDS)


def kind_of(word: str) -> Kind:
    """Return the kind that a word names: `vs`, `virtualservices`, `VirtualService`, `virtualservices.networking.istio.io`.

    Raises:
        Failure: there is none; the nearest is named.
    """
    plain, _, group = word.lower().partition(".")
    found = _BY_WORD.get(plain)
    if found is not None and (not group or group.endswith(found.group)):
        return found
    import difflib  # noqa: PLC0415  only on the way to an error

    near = difflib.get_close_matches(plain, _BY_WORD, 1)
    hint = f"; did you mean {near[0]}?" if near else f"; kinds: {', '.join(names())}"
    raise Failure(f"there is no kind {word!r}{hint}", Exit.MISUSE)


def by_name(kind: str) -> Kind:
    """Return a kind by its exact name; one that the table does not have is made up."""
    return _BY_WORD.get(kind.lower()) or Kind(kind, f"{kind.lower()}s", "")


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
        return tuple(by_name(name) for name in ALL)
    return tuple(kind_of(word) for word in text.split(",") if word)
