"""Which hosts lead to which virtual hosts, in an old and a new route configuration at once."""

import re
from collections.abc import Iterable, Iterator

from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.simulate.algebra.atoms import Base, Pattern, atoms
from lateen.simulate.algebra.regex import UndecidableError
from lateen.simulate.domains import Domains

HOST = Base(r"[0-9A-Za-z._~-]+", ("example.com",))
Pair = tuple[int | None, int | None]
"""The places of the virtual hosts among those of the old and the new configuration; None where none answers."""
_DIVIDED = 400


class Hosts:
    """The domains of an old and a new route configuration."""

    def __init__(self, old: "Places", new: "Places") -> None:
        self._sides = (old, new)
        self._exact = list(dict.fromkeys(one for side in self._sides for one in side.exact))
        self._wild = list(dict.fromkeys(one for side in self._sides for one in side.wild))

    def pair(self, host: str) -> Pair:
        """Return where a host leads."""
        old, new = self._sides
        found = old.find(host)
        return found, found if new is old else new.find(host)

    def pairs(self) -> dict[Pair, dict[str, str]]:
        """Return every pair of virtual hosts that some host leads to: the domains that do, each with an example."""
        found: dict[Pair, dict[str, str]] = {}
        for host in self._fixed():
            found.setdefault(self.pair(host), {})[host] = host
        for domain, host in self._by_wildcard():
            found.setdefault(self.pair(host), {})[domain] = host
        return found

    def _fixed(self) -> Iterator[str]:
        yield from self._exact
        if self._sides[0].ignores_port != self._sides[1].ignores_port:
            yield from (f"{host}:65535" for host in self._exact if ":" not in host)

    def _by_wildcard(self) -> Iterator[tuple[str, str]]:
        examples = atoms(HOST, tuple(wildcard(domain) for domain in self._wild if domain != "*"))
        for fulfilled, text in examples.items():
            named = [domain for domain in self._wild if domain != "*"]
            domain = max((named[number] for number in fulfilled), key=len, default="*")
            host = next((one for one in _variants(text, domain) if not self._is_exact(one)), None)
            if host is not None:
                yield domain, host

    def _is_exact(self, host: str) -> bool:
        return any(host.lower() in side.exact for side in self._sides)

    def patterns(self, domains: Iterable[str]) -> tuple[Pattern, ...]:
        """Return patterns that tell, for any authority, whether it leads where some domains lead.

        Raises:
            UndecidableError: there are too many domains.
        """
        own = set(domains)
        exact = self._exact if any("*" in one for one in own) else [one for one in self._exact if one in own]
        if len(exact) > _DIVIDED:
            raise UndecidableError(f"conditions on the authority under {len(exact)} domains")
        port = r"(?::[0-9]{1,5})?" if any(side.ignores_port for side in self._sides) else ""
        fixed = (Pattern("regex", f"(?i){re.escape(one)}{port}") for one in exact)
        return (
            *fixed,
            *(wildcard(one, port) for one in self._wild if one != "*"),
            Pattern("regex", r".*:[0-9]{1,5}"),
        )


def wildcard(domain: str, port: str = "") -> Pattern:
    """Return the pattern of `*.suffix` or `prefix.*`; the star stands for at least one character."""
    if domain.startswith("*"):
        return Pattern("regex", f"(?i).+{re.escape(domain[1:])}{port}")
    return Pattern("regex", f"(?i){re.escape(domain[:-1])}.+")


def _variants(text: str, domain: str) -> Iterator[str]:
    yield text
    for number in range(50):
        yield f"{text}any{number}" if domain.endswith("*") and domain != "*" else f"any{number}{text}"


class Places:
    """The virtual hosts of one route configuration by their domains."""

    def __init__(self, configuration: RouteConfiguration, domains: Domains) -> None:
        self._configuration, self._domains = configuration, domains
        self._bodies: dict[int, bytes] = {}
        self.ignores_port = self._domains.ignore_port
        self._places: dict[str, int] = {}
        for place, virtual_host in enumerate(configuration.virtual_hosts):
            for domain in virtual_host.domains:
                self._places.setdefault(domain.lower(), place)
        self.exact = {one: None for one in self._places if "*" not in (one[0], one[-1])}
        self.wild = [one for one in self._places if one not in self.exact]

    def body(self, place: int | None) -> bytes:
        """Return the virtual host at a place as bytes; none for no virtual host."""
        if place is None:
            return b""
        if place not in self._bodies:
            self._bodies[place] = self._configuration.virtual_hosts[place].SerializeToString()
        return self._bodies[place]

    def find(self, host: str) -> int | None:
        """Return the place of the virtual host that a host leads to."""
        if host in self.exact and not self.ignores_port:
            return self._places[host]
        found = self._domains.find(host)
        return None if found is None else self._places[found.domain]
