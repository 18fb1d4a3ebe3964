"""The dimensions of the space of requests that the conditions of routes speak of, and conditions as boxes in it.

The path, the values of a header, of a parameter of the query are dimensions; each is divided into atoms by all the
conditions on it, old and new. A condition that cannot be reasoned about gets a dimension of its own, in which it holds
or not: then whatever depends on it is found, but may turn out to be impossible.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import msgspec
from envoy.config.route.v3.route_components_pb2 import HeaderMatcher, QueryParameterMatcher, RouteMatch
from envoy.type.matcher.v3.string_pb2 import StringMatcher

from lateen.simulate.algebra.atoms import Base, Kind, Pattern, Signature, atoms, tree
from lateen.simulate.algebra.regex import UndecidableError
from lateen.simulate.algebra.regions import Box
from lateen.simulate.fields import canonical

REPEATED = 6
"""Conditions on the values of one header up to which headers that are sent twice are looked at."""
GRPC = (Pattern("exact", "application/grpc"), Pattern("prefix", "application/grpc+"))


class Name(NamedTuple):
    """A dimension."""

    kind: str
    """`path`, `header`, `query`, or `unknown` for a condition that is not understood."""
    name: str = ""


class Wanted(NamedTuple):
    """A condition on one dimension: some pattern holds (any, if there is none), or not."""

    dimension: Name
    patterns: tuple[Pattern, ...] = ()
    inverted: bool = False
    absent: bool = False
    """What the condition says of an absent value, before the inversion is counted."""


class Atom(NamedTuple):
    """Values of a dimension that all conditions treat alike: by an example."""

    values: tuple[str, ...]
    """Empty: absent. Several: sent several times."""
    fulfilled: Signature
    """The patterns that some of the values fulfils."""


class Dimension(msgspec.Struct, frozen=True):
    """A dimension, divided."""

    name: Name
    masks: Mapping[Pattern, int]
    """The atoms that fulfil each pattern, as bits."""
    atoms: tuple[Atom, ...]
    """The ones that people send first."""
    reason: str = ""
    """Why it cannot be decided whether a request is in it."""

    @property
    def everything(self) -> int:
        """All atoms."""
        return (1 << len(self.atoms)) - 1

    def mask(self, wanted: Wanted) -> int:
        """Return the atoms that fulfil a condition."""
        present = sum(1 << position for position, atom in enumerate(self.atoms) if atom.values)
        held = 0 if wanted.patterns else present
        for pattern in wanted.patterns:
            held |= self.masks[pattern]
        chosen = present & ~held if wanted.inverted else held
        return chosen | (self.everything & ~present if wanted.absent else 0)


class Space(msgspec.Struct, frozen=True):
    """All dimensions that some routes speak of."""

    dimensions: tuple[Dimension, ...]

    @property
    def everything(self) -> Box:
        """Return the box of all requests."""
        return tuple(dimension.everything for dimension in self.dimensions)

    def box(self, match: RouteMatch) -> Box:
        """Return the requests that meet a route's conditions."""
        box = {dimension.name: dimension.everything for dimension in self.dimensions}
        by_name = {dimension.name: dimension for dimension in self.dimensions}
        for wanted in conditions(match):
            unknown = unknown_name(wanted)
            if unknown in by_name:
                box[unknown] &= 0b10 if wanted.inverted else 0b01
                presence = by_name.get(wanted.dimension)
                if presence is not None and not wanted.absent:
                    box[wanted.dimension] &= presence.mask(Wanted(wanted.dimension))
            else:
                box[wanted.dimension] &= by_name[wanted.dimension].mask(wanted)
        return tuple(box.values())


def conditions(match: RouteMatch) -> Iterator[Wanted]:
    """Yield the conditions of a route, each on one dimension."""
    yield from _path(match)
    for header in match.headers:
        yield _header(header)
    for parameter in match.query_parameters:
        yield _parameter(parameter)
    if match.HasField("grpc"):
        yield Wanted(Name("header", "content-type"), GRPC)
    for metadata in match.dynamic_metadata:
        claim = ".".join(segment.key for segment in metadata.path)
        text = f"{metadata.filter} {claim} {metadata.value}"
        yield Wanted(Name("claim", text), (Pattern("exact", text),), metadata.invert, metadata.invert)


def _path(match: RouteMatch) -> Iterator[Wanted]:
    kind = match.WhichOneof("path_specifier") or ""
    folds = match.HasField("case_sensitive") and not match.case_sensitive.value
    dimension = Name("path")
    if kind == "safe_regex":
        yield Wanted(dimension, (Pattern("regex", match.safe_regex.regex),))
    elif kind == "path":
        yield Wanted(dimension, (Pattern("exact", match.path, folds),))
    elif kind == "prefix":
        if match.prefix != "/":
            yield Wanted(dimension, (Pattern("prefix", match.prefix, folds),))
    elif kind == "path_separated_prefix":
        text = match.path_separated_prefix
        yield Wanted(dimension, (Pattern("exact", text, folds), Pattern("prefix", text + "/", folds)))
    else:
        yield Wanted(Name("claim", kind), (Pattern("exact", kind),))


def _header(matcher: HeaderMatcher) -> Wanted:
    dimension = Name("header", canonical(matcher.name))
    kind = matcher.WhichOneof("header_match_specifier")
    if kind in (None, "present_match"):
        present = (matcher.present_match if kind else True) != matcher.invert_match
        return Wanted(dimension, (), not present, not present)
    patterns = _value_patterns(matcher, kind or "")
    missing = matcher.treat_missing_header_as_empty and (
        any(pattern.holds("") for pattern in patterns) != matcher.invert_match
    )
    return Wanted(dimension, patterns, matcher.invert_match, missing)


def _value_patterns(matcher: HeaderMatcher, kind: str) -> tuple[Pattern, ...]:
    if kind == "string_match":
        return (_string(matcher.string_match),)
    if kind == "safe_regex_match":
        return (Pattern("regex", matcher.safe_regex_match.regex),)
    if kind == "range_match":
        first, end = matcher.range_match.start, matcher.range_match.end
        return (Pattern("regex", rf"\b(number from {first} to below {end})"),)  # is not decided
    kinds: dict[str, Kind] = {"exact_match": "exact", "prefix_match": "prefix", "suffix_match": "suffix"}
    return (Pattern(kinds.get(kind, "contains"), str(getattr(matcher, kind))),)


_STRINGS: dict[str, Kind] = {"exact": "exact", "prefix": "prefix", "suffix": "suffix", "contains": "contains"}


def _string(matcher: StringMatcher) -> Pattern:
    kind = matcher.WhichOneof("match_pattern") or "exact"
    if kind == "safe_regex":
        return Pattern("regex", matcher.safe_regex.regex)
    return Pattern(_STRINGS[kind], str(getattr(matcher, kind)), matcher.ignore_case)


def _parameter(matcher: QueryParameterMatcher) -> Wanted:
    dimension = Name("query", matcher.name)
    kind = matcher.WhichOneof("query_parameter_match_specifier")
    if kind == "string_match":
        return Wanted(dimension, (_string(matcher.string_match),))
    absent = kind is not None and not matcher.present_match
    return Wanted(dimension, (), absent, absent)


def unknown_name(wanted: Wanted) -> Name:
    """Return the dimension that a condition has when it cannot be reasoned about."""
    texts = " or ".join(pattern.text for pattern in wanted.patterns)
    return Name("unknown", f"{wanted.dimension.kind} {wanted.dimension.name} {texts}")


class Values(msgspec.Struct, frozen=True):
    """The values that a dimension has here."""

    base: Base
    divided_by: tuple[Pattern, ...] = ()
    """Patterns that no condition names, but that tell what is allowed."""
    allowed: Callable[[str], bool] | None = None
    """Judges values; equal for all values that fulfil the same patterns."""


def space(matches: Iterable[RouteMatch], values: Mapping[Name, Values]) -> Space:
    """Divide the dimensions that some conditions speak of; `values` says what there can be, where that is known."""
    wanted = dict.fromkeys(one for match in matches for one in conditions(match))
    together: dict[Name, list[Wanted]] = {}
    for one in wanted:
        together.setdefault(one.dimension, []).append(one)
    found: list[Dimension] = []
    for name, several in together.items():
        found += _divided(name, several, values.get(name) or Values(base_of(name)))
    return Space(tuple(found))


def _divided(name: Name, several: Sequence[Wanted], values: Values) -> Iterator[Dimension]:
    understood = dict.fromkeys(values.divided_by)
    refused: dict[Name, str] = {}
    for wanted in several:
        if name.kind == "claim":
            refused[unknown_name(wanted)] = "it depends on the caller's token"
            continue
        try:
            for pattern in wanted.patterns:
                tree(pattern)
            understood |= dict.fromkeys(wanted.patterns)
        except UndecidableError as error:
            refused[unknown_name(wanted)] = str(error)
    try:
        examples = atoms(values.base, tuple(understood))
    except UndecidableError as error:  # each alone is fine, all together are too much
        refused |= {unknown_name(one): str(error) for one in several if one.patterns}
        understood, examples = {}, atoms(values.base, ())
    patterns = tuple(understood)
    found = tuple(_atoms(name, patterns, examples))
    if values.allowed is not None and understood:
        found = tuple(one for one in found if all(values.allowed(text) for text in one.values))
    yield Dimension(name, _masks(patterns, found), found)
    for unknown, reason in refused.items():
        yield Dimension(unknown, {}, (Atom(("holds",), frozenset()), Atom((), frozenset())), reason)


def _masks(patterns: Sequence[Pattern], found: Sequence[Atom]) -> dict[Pattern, int]:
    masks = dict.fromkeys(range(len(patterns)), 0)
    for position, atom in enumerate(found):
        for number in atom.fulfilled:
            masks[number] |= 1 << position
    return {pattern: masks[number] for number, pattern in enumerate(patterns)}


def _atoms(name: Name, patterns: Sequence[Pattern], examples: Mapping[Signature, str]) -> Iterator[Atom]:
    if _may_be_absent(name):
        yield Atom((), frozenset())
    by_liking = sorted(examples.items(), key=lambda one: (len(one[0]), len(one[1]), one[1]))
    known = {fulfilled for fulfilled, _ in by_liking}
    for fulfilled, text in by_liking:
        yield Atom((text,), fulfilled)
    if name.kind != "header" or not 2 <= len(patterns) <= REPEATED or not _may_be_absent(name):
        return
    for (first, one), (second, other) in combinations(by_liking, 2):  # a header that is sent twice
        if first | second not in known:
            known.add(first | second)
            yield Atom((one, other), first | second)


def _may_be_absent(name: Name) -> bool:
    return name.kind == "query" or (
        name.kind == "header" and not name.name.startswith(":") and name.name != "x-forwarded-proto"
    )


_TEXT = r"[!-~\x{80}-\x{10FFFF}]"
_HEADER = Base(rf"(?:{_TEXT}(?:[\t -~\x{{80}}-\x{{10FFFF}}]*{_TEXT})?)?", ("other",))
_BASES = {
    Name("header", ":method"): Base(
        r"[A-Z]+(?:-[A-Z]+)?", ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
    ),
    Name("header", ":scheme"): Base("https?", ("http", "https")),
    Name("header", ":authority"): Base(r"[0-9A-Za-z._~:\[\]-]+", ("example.com",)),
    Name("header", "content-type"): Base(_HEADER.regex, ("text/plain", "application/grpc")),
}


def base_of(name: Name) -> Base:
    """Return the values that a dimension has when nothing more is known."""
    if name.kind == "query":
        return Base(r"[!-\"$%'-~]*", ("other",))
    if name.kind == "path":
        return Base(r"/[!\"$->@-~]*", ("/",))
    return _BASES.get(name, _HEADER)
