"""The algebra of sets of requests: automata, regions, paths, hosts."""

import itertools
import random

import pytest
import re2
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import (
    HttpConnectionManager,
)

from lateen.simulate import paths as normal
from lateen.simulate.algebra import atoms as atoms_module
from lateen.simulate.algebra import regions
from lateen.simulate.algebra.atoms import Base, Pattern, atoms, signature
from lateen.simulate.algebra.hosts import Hosts, Places
from lateen.simulate.algebra.regex import UndecidableError, parse
from lateen.simulate.algebra.regions import Rule, TooManyError, differences
from lateen.simulate.algebra.settings import paths
from lateen.simulate.domains import Domains

WORDS = ["".join(word) for length in range(5) for word in itertools.product("abA1", repeat=length)]


def expression(draw: random.Random, depth: int = 0) -> str:
    kind = draw.random()
    if depth > 3 or kind < 0.3:
        return draw.choice(
            ["a", "b", "1", ".", "[ab]", "[^a]", r"\w", r"\d", "(?i:A)", r"\Qa\E", "[[:alpha:]]"]
        )
    inner = expression(draw, depth + 1)
    if kind < 0.5:
        return inner + expression(draw, depth + 1)
    if kind < 0.65:
        return f"(?:{inner}|{expression(draw, depth + 1)})"
    if kind < 0.85:
        return f"(?:{inner}){draw.choice(['*', '+', '?', '{2}', '{1,2}', '{0,}', '*?'])}"
    return draw.choice([f"^{inner}", f"{inner}$", f"({inner})", rf"\A{inner}\z"])


def test_atoms_of_random_expressions_are_those_that_re2_finds() -> None:
    draw = random.Random(7)
    found = 0
    for _ in range(60):
        patterns = [Pattern("regex", expression(draw)) for _ in range(3)]
        compiled = [re2.compile(pattern.text) for pattern in patterns]
        divided = atoms(Base("[abA1]*"), patterns)
        for fulfilled, text in divided.items():
            assert {n for n, one in enumerate(compiled) if one.fullmatch(text)} == fulfilled, (patterns, text)
        for word in WORDS:
            there = frozenset(n for n, one in enumerate(compiled) if one.fullmatch(word))
            assert there in divided, (patterns, word)
        found += len(divided)
    assert found > 120


def test_fixed_texts_need_no_automaton_and_come_to_the_same() -> None:
    draw, base, used = random.Random(3), Base("/[ab/x]*"), 0
    for _ in range(100):
        patterns = [
            Pattern(
                draw.choice(["exact", "prefix"]), "/" + "".join(draw.choices("ab/", k=draw.randint(0, 3)))
            )
            for _ in range(4)
        ]
        quick = atoms_module._of_literals(base, patterns)
        if quick is None:
            continue
        used += 1
        assert quick.keys() == atoms_module._of_automaton(base, patterns).keys()
        assert all(signature(patterns, text) == one for one, text in quick.items())
    assert used > 90


@pytest.mark.parametrize(
    ("text", "reason"), [(r"a\b", r"has \b"), ("(?m)^a", "flag m"), (r"\pL", "Unicode"), ("(", "refuses")]
)
def test_what_cannot_be_decided_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(UndecidableError, match=reason.replace("\\", "\\\\")):
        parse(text)


def test_too_many_states_are_refused() -> None:
    with pytest.raises(UndecidableError, match="states"):
        atoms(Base("[ab]*"), [Pattern("regex", "(?:a|b)*a(?:a|b){18}")])


def test_differences_are_those_of_trying_every_point() -> None:
    draw = random.Random(5)
    space = (0b111, 0b11, 0b1111)
    for _ in range(300):
        sides = []
        for _ in range(2):
            boxes = [tuple(draw.randint(0, mask) for mask in space) for _ in range(draw.randint(0, 5))]
            sides.append([Rule(n, box, draw.choice("xyz")) for n, box in enumerate(boxes)])
        leaves = differences(space, *sides)
        for point in itertools.product(*([1 << bit for bit in range(mask.bit_length())] for mask in space)):
            taken = [
                next(
                    (rule for rule in side if all(p & b for p, b in zip(point, rule.box, strict=True))), None
                )
                for side in sides
            ]
            effects = [rule.effect if rule else None for rule in taken]
            inside = [leaf for leaf in leaves if all(p & b for p, b in zip(point, leaf.box, strict=True))]
            assert len(inside) == (effects[0] != effects[1]), (sides, point)


def test_one_changed_rule_among_thousands_is_found_at_once() -> None:
    everything = (1 << 2000) - 1
    rules = [Rule(n, (1 << n,), ("to", n)) for n in range(2000)]
    edited = [*rules[:1000], Rule(1000, (1 << 1000,), "elsewhere"), *rules[1001:]]
    (leaf,) = differences((everything,), rules, edited)
    assert leaf.box == (1 << 1000,)


def test_a_difference_of_too_many_pieces_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "LEAVES", 3)
    rules = [Rule(n, (1 << n,), n) for n in range(4)]
    with pytest.raises(TooManyError):
        differences((0b1111,), rules, rules[::-1][:0])


@pytest.mark.parametrize("merges", [False, True])
def test_the_base_of_paths_is_what_normalization_leaves(*, merges: bool) -> None:
    manager = HttpConnectionManager(merge_slashes=merges)
    manager.normalize_path.value = True
    base, draw = re2.compile(paths(manager).regex), random.Random(1)
    pieces = ["/", ".", "a", "%", "2", "f", "E", "-", "%2f", "%2e", "%41", '"', "{", "\\", "[", "+"]
    for _ in range(3000):
        path = "/" + "".join(draw.choices(pieces, k=draw.randint(0, 6)))
        assert (base.fullmatch(path) is not None) == (normal.normalized(manager, path) == path), path


def test_hosts_are_paired_by_exact_names_and_wildcards() -> None:
    def table(*hosts: str) -> Places:
        found = RouteConfiguration()
        for host in hosts:
            found.virtual_hosts.add(name=host, domains=[host])
        return Places(found, Domains(found))

    hosts = Hosts(table("a.com", "*.com", "*"), table("*.a.com", "a.com", "*"))
    pairs = hosts.pairs()
    assert {pair: sorted(domains) for pair, domains in pairs.items()} == {
        (0, 1): ["a.com"],
        (1, 0): ["*.a.com"],
        (1, 2): ["*.com"],
        (2, 2): ["*"],
    }
    assert all(hosts.pair(host) == pair for pair, domains in pairs.items() for host in domains.values())
