"""Host names: short names to fully qualified ones, wildcards, and which of several hosts is the most specific.

Three relations are used in Istio and must not be mixed up (pkg/config/host/name.go):

* `matches(a, b)`: either side's wildcard covers the other; symmetric.
* `subset_of(a, b)`: everything that `a` stands for is covered by `b`.
* `most_specific(name, candidates)`: an exact candidate, else the longest wildcard that covers the name.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache

from lateen.model.defaults import CLUSTER_DOMAIN

_KNOWN = 1 << 16  # addresses of endpoints are looked at once for each cluster that has them


def fqdn(host: str, namespace: str, domain: str) -> str:
    """Qualify a short name with the namespace of the resource that names it.

    A name with a dot, an address and `*` stay as they are (pilot/pkg/model/config.go ResolveShortnameToFQDN).
    """
    if not host or "." in host or ":" in host or host == "*":
        return host
    return f"{host}.{namespace}.svc.{domain}" if namespace else host


def canonical(host: str, namespace: str) -> str:
    """Return what a host that an object of a namespace names is known by: qualified, in lower case."""
    return lowered(fqdn(host, namespace, CLUSTER_DOMAIN))


def lowered(name: str) -> str:
    """Return a name in lower case: itself if it is, as most are, so that thousands are not held once more."""
    lower = name.lower()
    return name if lower == name else lower


def is_wildcard(host: str) -> bool:
    """Tell whether the host is `*` or `*.suffix`."""
    return host.startswith("*")


def subset_of(inner: str, outer: str) -> bool:
    """Tell whether every name that `inner` stands for is one that `outer` stands for."""
    if is_wildcard(outer):
        suffix = outer[1:]
        if is_wildcard(inner):
            return inner[1:].endswith(suffix)
        return inner.endswith(suffix)
    return inner == outer


def matches(left: str, right: str) -> bool:
    """Tell whether the two hosts have a name in common; `*.foo.com` does not match `foo.com`."""
    return subset_of(left, right) or subset_of(right, left)


def intersection(left: str, right: str) -> str | None:
    """Return the more specific of two hosts that overlap, or None."""
    if subset_of(left, right):
        return left
    return right if subset_of(right, left) else None


def specificity_key(host: str) -> tuple[bool, int, str]:
    """Sort key: concrete hosts before wildcards, longer before shorter, then by the alphabet (names.go Less)."""
    return is_wildcard(host), -len(host), host


def covering(name: str) -> Iterable[str]:
    """Yield the name and every wildcard that covers it, the most specific first; ends with `*`.

    A lookup in a mapping keyed by host is then a few dictionary reads, whatever its size. The wildcard `*foo` that
    is not cut at a dot is not valid in Istio and is not generated.
    """
    yield name
    rest = name.removeprefix("*.") if is_wildcard(name) else name
    while "." in rest:
        rest = rest.partition(".")[2]
        yield f"*.{rest}"
    if name != "*":
        yield "*"


def most_specific(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that covers the name most closely, or None."""
    pool = candidates if isinstance(candidates, Mapping | AbstractSet) else frozenset(candidates)
    return next((candidate for candidate in covering(name) if candidate in pool), None)


@lru_cache(_KNOWN)
def is_address(host: str) -> bool:
    """Tell whether the host is an IPv4 or IPv6 address."""
    if ":" not in host and not host[-1:].isdigit():
        return False  # most hosts: without the cost of an exception
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_cidr(address: str) -> bool:
    """Tell whether the address is a range rather than one address (`10.0.0.0/8`; `10.0.0.1/32` is one address)."""
    if "/" not in address:
        return False
    try:
        return ipaddress.ip_network(address, strict=False).num_addresses > 1
    except ValueError:
        return False
