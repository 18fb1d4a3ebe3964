"""Several patterns as one automaton; its states tell which of them a text fulfils."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from lateen.simulate.algebra.characters import Ranges
from lateen.simulate.algebra.regex import Node, UndecidableError

States = frozenset[int]
LIMIT = 30_000
"""States of the automaton; beyond that, the patterns count as too complex."""


class Automaton:
    """A nondeterministic automaton for several patterns, each a whole-text condition."""

    def __init__(self, patterns: Iterable[Node]) -> None:
        self._edges: list[list[tuple[Ranges, int]]] = []
        self._free: list[list[tuple[str, int]]] = []
        self._accepts: dict[int, int] = {}
        self._ahead: dict[int, States] = {}
        starts = [self._add(number, node) for number, node in enumerate(patterns)]
        self._first: States = self._closed_over_first()
        self.start: States = self._reached(starts, {"", "begin"})

    def is_alive(self, states: States) -> bool:
        """Tell whether the first pattern, which all texts must fulfil, can still be fulfilled."""
        return not self._first.isdisjoint(states)

    def _closed_over_first(self) -> States:
        """Return the states of the first pattern: they were made before those of the others."""
        last = next((state for state, number in self._accepts.items() if number == 1), len(self._edges) + 1)
        return frozenset(range(last - 1))

    def _add(self, number: int, node: Node) -> int:
        start, end = self._state(), self._state()
        self._build(node, start, end)
        self._accepts[end] = number
        return start

    def _state(self) -> int:
        if len(self._edges) > LIMIT:
            raise UndecidableError(f"the patterns need more than {LIMIT} states")
        self._edges.append([])
        self._free.append([])
        return len(self._edges) - 1

    def _build(self, node: Node, start: int, end: int) -> None:
        if node.kind == "chars":
            self._edges[start].append((node.chars, end))
        elif node.kind in ("begin", "end"):
            self._free[start].append((node.kind, end))
        elif node.kind == "alt":
            for part in node.parts:
                self._build(part, start, end)
        elif node.kind == "repeat":
            self._repeat(node, start, end)
        else:
            self._sequence(node.parts, start, end)

    def _sequence(self, parts: tuple[Node, ...], start: int, end: int) -> None:
        here = start
        for part in parts:
            there = self._state()
            self._build(part, here, there)
            here = there
        self._free[here].append(("", end))

    def _repeat(self, node: Node, start: int, end: int) -> None:
        part = node.parts[0]
        here = start
        for _ in range(node.least):
            there = self._state()
            self._build(part, here, there)
            here = there
        if node.most is None:
            loop = self._state()
            self._free[here].append(("", loop))
            back = self._state()
            self._build(part, loop, back)
            self._free[back].append(("", loop))
            here = loop
        for _ in range((node.most or node.least) - node.least):
            self._free[here].append(("", end))
            there = self._state()
            self._build(part, here, there)
            here = there
        self._free[here].append(("", end))

    def _reached(self, states: Iterable[int], passable: set[str]) -> States:
        seen = set(states)
        left = list(seen)
        while left:
            for condition, target in self._free[left.pop()]:
                if condition in passable and target not in seen:
                    seen.add(target)
                    left.append(target)
        return frozenset(one for one in seen if self._edges[one] or self._free[one] or one in self._accepts)

    def _behind(self, state: int) -> States:
        found = self._ahead.get(state)
        if found is None:
            found = self._ahead[state] = self._reached([state], {""})
        return found

    def accepted(self, states: States, *, start: bool = False) -> frozenset[int]:
        """Return the patterns that are fulfilled when the text ends here."""
        passable = {"", "end", "begin"} if start else {"", "end"}
        return frozenset(
            self._accepts[one] for one in self._reached(states, passable) if one in self._accepts
        )

    def steps(self, states: States) -> Iterator[tuple[Ranges, States]]:
        """Yield where each set of characters leads; characters that lead nowhere are left out."""
        edges = [edge for state in states for edge in self._edges[state]]
        cuts = sorted(
            {low for found, _ in edges for low, _ in found}
            | {high + 1 for found, _ in edges for _, high in found}
        )
        targets: list[set[int]] = [set() for _ in cuts]
        for found, target in edges:
            for low, high in found:
                for position in range(bisect_left(cuts, low), bisect_left(cuts, high + 1)):
                    targets[position].add(target)
        together: dict[frozenset[int], list[tuple[int, int]]] = {}
        for position, reached in enumerate(targets):
            if reached:
                together.setdefault(frozenset(reached), []).append((cuts[position], cuts[position + 1] - 1))
        for next_states, through in together.items():
            behind: States = frozenset().union(*(self._behind(one) for one in next_states))
            yield tuple(through), behind
