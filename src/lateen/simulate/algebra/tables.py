"""Two route configurations: the classes of requests that they treat differently."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec
from envoy.config.core.v3.base_pb2 import Metadata
from envoy.config.route.v3.route_components_pb2 import Route, RouteMatch, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.simulate.algebra import effects
from lateen.simulate.algebra.atoms import Base, Pattern
from lateen.simulate.algebra.dimensions import Name, Space, Values, space
from lateen.simulate.algebra.effects import Fields, Side
from lateen.simulate.algebra.hosts import HOST, Hosts, Pair, Places
from lateen.simulate.algebra.regex import UndecidableError
from lateen.simulate.algebra.regions import Leaf, Rule, TooManyError, differences
from lateen.simulate.conditions import probability
from lateen.simulate.strings import describe_header, describe_query

TO_TLS = ("https",)
AUTHORITY = Name("header", ":authority")
LEAVES, PATHS = 8, 60
"""Examples of a class that are tried: pieces of it, kinds of paths in them."""


class Sample(NamedTuple):
    """A request, not yet on a connection."""

    method: str
    scheme: str
    authority: str
    """Empty: any that leads to one of the hosts."""
    path: str
    headers: tuple[tuple[str, str], ...]


class Class(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that two route configurations treat differently."""

    hosts: Mapping[str, str]
    """Domain → an example of a host."""
    conditions: tuple[str, ...]
    samples: tuple[Sample, ...]
    before: Fields
    after: Fields
    old: tuple[str, tuple[int, ...]]
    """Virtual host and routes."""
    new: tuple[str, tuple[int, ...]]
    origins: tuple[str, ...]
    clusters: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    """Why it cannot be decided whether there is such a request."""


class Table(NamedTuple):
    """One side: a route configuration, and everything that it leads to."""

    side: Side
    routes: RouteConfiguration
    places: Places

    def host(self, place: int | None) -> VirtualHost | None:
        """Return a virtual host by its place."""
        return None if place is None else self.routes.virtual_hosts[place]


class Traffic(NamedTuple):
    """What requests can be like on a connection."""

    path: Base
    scheme: str
    """Spoken on the connection."""
    chosen_scheme: bool
    """The client may say another one in `x-forwarded-proto`."""


class Comparison:
    """Compares two route configurations.

    `changed` are the clusters that treat requests differently on the two sides.
    """

    def __init__(self, old: Table, new: Table, changed: Collection[str], traffic: Traffic) -> None:
        self._old, self._new = old, new
        self._changed = frozenset(changed)
        self._names = [name.encode() for name in self._changed]
        self._traffic = traffic
        self.hosts = Hosts(old.places, new.places)

    def classes(self) -> Iterator[Class]:
        """Yield the classes, each virtual host's together."""
        levels = (effects.level_key(one.routes, None) for one in (self._old, self._new))
        alike = len(set(levels)) == 1
        for pair, domains in self.hosts.pairs().items():
            if not (alike and self._is_same(pair)):
                yield from self._of_hosts(pair, domains)

    def _is_same(self, pair: Pair) -> bool:
        old, new = self._old.places.body(pair[0]), self._new.places.body(pair[1])
        return old == new and not any(name in old for name in self._names)

    def _of_hosts(self, pair: Pair, domains: Mapping[str, str]) -> Iterator[Class]:
        old, new = self._old.host(pair[0]), self._new.host(pair[1])
        matches = [route.match for one in (old, new) if one is not None for route in one.routes]
        requests = space(matches, self._values(pair, domains))
        try:
            leaves = differences(
                requests.everything,
                self._rules(self._old, old, requests),
                self._rules(self._new, new, requests),
            )
        except TooManyError:
            yield _too_many(old, new, domains)
            return
        yield from self._merged(leaves, requests, old, new, domains)

    def _values(self, pair: Pair, domains: Mapping[str, str]) -> dict[Name, Values]:
        traffic = self._traffic
        scheme = (
            Base("https?", (traffic.scheme,))
            if traffic.chosen_scheme
            else Base(traffic.scheme, (traffic.scheme,))
        )
        prefixes = _rewritten_prefixes((self._old.host(pair[0]), self._new.host(pair[1])))
        values = {
            Name("path"): Values(traffic.path, tuple(dict.fromkeys(prefixes))),
            Name("header", ":scheme"): Values(scheme),
        }
        if not traffic.chosen_scheme:
            values[Name("header", "x-forwarded-proto")] = Values(scheme)
        try:
            patterns = self.hosts.patterns(domains)
        except UndecidableError:
            patterns = ()
        values[AUTHORITY] = Values(
            Base(rf"{HOST.regex}(?::[0-9]{{1,5}})?", tuple(domains.values())),
            patterns,
            lambda text: self.hosts.pair(text) == pair,
        )
        return values

    def _rules(self, table: Table, host: VirtualHost | None, requests: Space) -> list[Rule]:
        level = effects.level_key(table.routes, host)
        rules = []
        for number, route in enumerate(host.routes if host is not None else ()):
            changed = frozenset(effects.destinations(route)) & self._changed
            versions = tuple((name, table.side.cluster_key(name)) for name in sorted(changed))
            effect = TO_TLS if self._leads_to_tls(host) else (level, effects.route_key(route), versions)
            share = probability(route.match)
            if share > 0:
                rules.append(Rule(number, requests.box(route.match), effect, share))
        last = TO_TLS if self._leads_to_tls(host) else ("no route",)
        return [*rules, Rule(-1, requests.everything, last)]

    def _leads_to_tls(self, host: VirtualHost | None) -> bool:
        """Tell whether every request is redirected to https, whatever its route."""
        return host is not None and host.require_tls == VirtualHost.ALL and self._traffic.scheme == "http"

    def _merged(
        self,
        leaves: Sequence[Leaf],
        requests: Space,
        old: VirtualHost | None,
        new: VirtualHost | None,
        domains: Mapping[str, str],
    ) -> Iterator[Class]:
        together: dict[tuple[tuple[int, ...], tuple[int, ...]], list[Leaf]] = {}
        for leaf in leaves:
            together.setdefault((_numbers(leaf.old), _numbers(leaf.new)), []).append(leaf)
        for (before, after), several in sorted(together.items()):
            fields = self._fields(several[0], old, new)
            if fields[0] == fields[1]:
                continue
            ways = [(old, before), (new, after)]
            routes = [host.routes[number] for host, numbers in ways if host is not None for number in numbers]
            reached = {name for one in routes for name in effects.destinations(one)}
            certain = [leaf for leaf in several if not _unknown(leaf, requests)] or several
            yield Class(
                hosts=domains,
                conditions=tuple(
                    dict.fromkeys(words for route in routes for words in described(route.match))
                ),
                samples=self._samples(certain, requests),
                before=fields[0],
                after=fields[1],
                old=("" if old is None else old.name, before),
                new=("" if new is None else new.name, after),
                origins=tuple(dict.fromkeys(path for route in routes for path in origins(route.metadata))),
                clusters=tuple(sorted(reached & self._changed)),
                unknown=_unknown(certain[0], requests),
            )

    def _fields(self, leaf: Leaf, old: VirtualHost | None, new: VirtualHost | None) -> tuple[Fields, Fields]:
        before, after = (
            {"answer": "301 to https"} if self._leads_to_tls(host) else _distribution(table, host, rules)
            for table, host, rules in ((self._old, old, leaf.old), (self._new, new, leaf.new))
        )
        changed = [
            {name for route in _routes(host, rules) for name in effects.destinations(route)} & self._changed
            for host, rules in ((old, leaf.old), (new, leaf.new))
        ]
        common = sorted(changed[0] & changed[1])
        for fields, table in ((before, self._old), (after, self._new)):
            for name in common:
                prefix = "" if len(common) == 1 else f"{effects.called(name)} "
                fields |= {prefix + key: value for key, value in table.side.cluster_fields(name).items()}
        ways = [self._answering(host, rules) for host, rules in ((old, leaf.old), (new, leaf.new))]
        before |= _absent(self._old, ways[0], ways[1])
        after |= _absent(self._new, ways[1], ways[0])
        return before, after

    def _answering(self, host: VirtualHost | None, rules: Sequence[Rule]) -> set[str]:
        if self._leads_to_tls(host):
            return set()
        return {name for route in _routes(host, rules) for name in effects.answering(route)}

    def _samples(self, leaves: Sequence[Leaf], requests: Space) -> tuple[Sample, ...]:
        """Return an example for each leaf, first; then for each kind of path in them."""
        first = [self._sample(leaf, requests) for leaf in leaves[:LEAVES]]
        more = (self._sample(leaf, requests, path) for leaf in leaves for path in _paths(leaf, requests))
        return tuple(dict.fromkeys((*first, *islice(more, PATHS))))

    def _sample(self, leaf: Leaf, requests: Space, path: str = "") -> Sample:
        chosen = {
            dimension.name: dimension.atoms[(mask & -mask).bit_length() - 1].values
            for dimension, mask in zip(requests.dimensions, leaf.box, strict=True)
        }
        query = [
            f"{name.name}={values[0]}" if values[0] else name.name
            for name, values in chosen.items()
            if name.kind == "query" and values
        ]
        path = path or "".join(chosen.get(Name("path"), ("/",)))
        pseudo = {
            name.name: values[0]
            for name, values in chosen.items()
            if name.kind == "header" and name.name[0] == ":"
        }
        headers = tuple(
            (name.name, value)
            for name, values in chosen.items()
            if name.kind == "header" and name.name[0] != ":"
            for value in values
        )
        return Sample(
            method=pseudo.get(":method", "GET"),
            scheme=pseudo.get(":scheme", self._traffic.scheme),
            authority=pseudo.get(":authority", ""),
            path=f"{path}?{'&'.join(query)}" if query else path,
            headers=headers,
        )


def _paths(leaf: Leaf, requests: Space) -> Iterator[str]:
    for dimension, mask in zip(requests.dimensions, leaf.box, strict=True):
        if dimension.name == Name("path"):
            yield from (atom.values[0] for place, atom in enumerate(dimension.atoms) if mask >> place & 1)


def _rewritten_prefixes(hosts: Iterable[VirtualHost | None]) -> Iterator[Pattern]:
    """Yield patterns that tell a path that is just a rewritten prefix from longer ones, which are rewritten otherwise."""
    for route in (route for host in hosts if host is not None for route in host.routes):
        kind = route.match.WhichOneof("path_specifier")
        if effects.rewrites_match(route) and kind in ("prefix", "path_separated_prefix"):
            folds = route.match.HasField("case_sensitive") and not route.match.case_sensitive.value
            yield Pattern("exact", getattr(route.match, kind), folds)


def _numbers(rules: Iterable[Rule]) -> tuple[int, ...]:
    return tuple(rule.number for rule in rules if rule.number >= 0)


def _routes(host: VirtualHost | None, rules: Iterable[Rule]) -> list[Route]:
    return [] if host is None else [host.routes[number] for number in _numbers(rules)]


def _absent(table: Table, own: set[str], other: set[str]) -> Fields:
    """Say which destinations that only one side has are not there at all."""
    missing = (name for name in sorted(own - other) if table.side.configuration.cluster(name) is None)
    return {
        "destination" if len(own) == 1 else f"{effects.called(name)} destination": effects.absent(name)
        for name in missing
    }


def _unknown(leaf: Leaf, requests: Space) -> tuple[str, ...]:
    pairs = zip(requests.dimensions, leaf.box, strict=True)
    return tuple(one.reason for one, mask in pairs if one.reason and mask != one.everything)


def _distribution(table: Table, host: VirtualHost | None, rules: Sequence[Rule]) -> Fields:
    """Say what rules do together; of several, each with how often."""
    if len(rules) == 1:
        return _one(table, host, rules[0])
    fields: Fields = {}
    left = 1.0
    for rule in rules:
        share = f"{left * rule.share * 100:.4g}%"
        fields |= {f"{share} {name}": value for name, value in _one(table, host, rule).items()}
        left *= 1 - rule.share
    return fields


def _one(table: Table, host: VirtualHost | None, rule: Rule) -> Fields:
    if host is not None and rule.number >= 0:
        return effects.route_fields(table.routes, host, host.routes[rule.number])
    return dict(effects.NOTHING)


def described(match: RouteMatch) -> Iterator[str]:
    """Yield a route's conditions in words; nothing for one that takes everything."""
    kind = match.WhichOneof("path_specifier") or ""
    text = match.safe_regex.regex if kind == "safe_regex" else getattr(match, kind, "")
    if (kind, text) != ("prefix", "/"):
        words = {"path": "path", "prefix": "path prefix", "safe_regex": "path regex"}.get(kind, kind)
        folds = match.HasField("case_sensitive") and not match.case_sensitive.value
        yield f"{words} {text}" + (" (any case)" if folds else "")
    for header in match.headers:
        name = header.name.removeprefix(":")
        yield ("" if header.name.startswith(":") else "header ") + describe_header(header).replace(
            header.name, name, 1
        )
    yield from (f"query {describe_query(parameter)}" for parameter in match.query_parameters)
    if match.HasField("grpc"):
        yield "gRPC"
    yield from (f"claim {'.'.join(s.key for s in one.path)}" for one in match.dynamic_metadata)


def origins(metadata: Metadata) -> Iterator[str]:
    """Yield the object that something comes from, as Istio writes it in metadata."""
    fields = metadata.filter_metadata["istio"].fields if "istio" in metadata.filter_metadata else {}
    if "config" in fields:
        yield fields["config"].string_value


def _too_many(old: VirtualHost | None, new: VirtualHost | None, domains: Mapping[str, str]) -> Class:
    return Class(
        hosts=domains,
        conditions=(),
        samples=(Sample("GET", "http", "", "/", ()),),
        before={"routes": str(0 if old is None else len(old.routes))},
        after={"routes": str(0 if new is None else len(new.routes))},
        old=("" if old is None else old.name, ()),
        new=("" if new is None else new.name, ()),
        origins=(),
        clusters=(),
        unknown=("the two lists of rules differ in too many ways",),
    )
