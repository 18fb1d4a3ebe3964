"""Which answers a changed fact may reach: marks, which stop at answers that many others read.

A changed fact marks what read it, what read that, and so on: marked answers are *not fresh*, and are checked when they
are next asked for. An answer with many readers (a *hub*: an index, a list of names) is mostly the same after a change,
so the marks stop there, and the hub is checked first; only when it really differs do they go on above it.

Hubs are checked lowest first, so that all that one reads is settled by then. The exception is a query that, in its new
run, reads something higher up that an unsettled hub may yet change. Then the marks flow on above all the hubs that
still wait (`flood`), as they would have without hubs: what is above them is no longer taken for fresh.

Deferred queries are no hubs: they are not computed before somebody asks for them.

The readers of an index are mostly *entries*: queries that look one key up. When an index differs, each entry takes its
value over at once, and only those that have another one mark what is above them.
"""

from heapq import heappop, heappush

from lateen.engine.cell import HIGHEST, Cell, Deferred, Entry

HUB = 16
"""Readers from which on an answer is a hub."""


class Wave:
    """The marks of the facts that changed since the database was last settled.

    Attributes:
        floor: the height up to which everything that is fresh really is; None when nothing waits.
        held: the hubs that wait.
    """

    def __init__(self) -> None:
        self.floor: int | None = None
        self.held: set[Cell] = set()
        self._heap: list[tuple[int, int, Cell]] = []
        self._count = 0  # cells are not ordered; this tells equal heights apart

    def mark(self, cell: Cell) -> None:
        """Mark what reads a cell, up to the next hubs."""
        waiting = [cell]
        while waiting:
            one = waiting.pop()
            is_index = one.fresh and one.value.__class__ is dict
            for reader in one.each_reader():
                if not reader.fresh:
                    continue
                if is_index and reader.__class__ is Entry:
                    if reader.follow(one):
                        waiting.append(reader)
                    continue
                reader.fresh = False
                if _is_hub(reader):
                    self._hold(reader)
                else:
                    waiting.append(reader)

    def flood(self, *cells: Cell) -> None:
        """Mark everything above some cells and above the hubs that wait; none waits any more."""
        waiting: list[Cell] = [*cells, *self.held]
        self.floor = None
        self.held.clear()
        self._heap.clear()
        while waiting:
            for reader in waiting.pop().each_reader():
                if reader.fresh:
                    reader.fresh = False
                    waiting.append(reader)

    def next_hub(self) -> Cell | None:
        """Take the lowest hub that waits, and set the floor to its height."""
        while self._heap:
            height, _, hub = heappop(self._heap)
            if hub not in self.held:
                continue
            if hub.height > height:  # it was raised meanwhile
                self._push(hub)
                continue
            self.floor = height
            return hub
        self.floor = None
        return None

    def release(self, cell: Cell, *, differs: bool) -> None:
        """Take a cell that was checked off the list, and mark what reads it if its answer differs."""
        if cell in self.held:
            self.held.discard(cell)
            if differs:
                self.mark(cell)

    def _hold(self, hub: Cell) -> None:
        self.held.add(hub)
        if hub.height < HIGHEST:
            self._push(hub)
        else:  # nobody knows what is above it
            self.flood()

    def _push(self, hub: Cell) -> None:
        self._count += 1
        heappush(self._heap, (hub.height, self._count, hub))


def _is_hub(cell: Cell) -> bool:
    return len(cell.each_reader()) >= HUB and cell.__class__ is not Deferred


def link(cell: Cell, deps: tuple[Cell, ...]) -> bool:
    """Note what an answer has read now, there and here, and see to it that it is higher than all of that.

    One loop over everything, because this runs for every answer that is computed.

    Returns:
        Whether all of it was known for good; what an interrupted or circular query left behind is not.
    """
    before, cell.deps = cell.deps, deps
    is_new, known = not before, None if not before or deps == before else frozenset(before)
    highest, settled = -1, True
    for dep in deps:
        if is_new or (known is not None and dep not in known):
            readers = dep.readers
            if readers is None:
                dep.readers = cell
            elif readers.__class__ is list:
                readers.append(cell)
            else:
                dep.add_reader(cell)
        if dep.height > highest:  # noqa: PLR1730  a call takes twice as long
            highest = dep.height
        if not dep.fresh and not dep.active:
            settled = False
    if cell.height <= highest:
        if cell.readers is None and highest < HIGHEST:
            cell.height = highest + 1  # as `raise_to` does; it is new
        else:
            raise_to(cell, highest + 1)
    return settled


def raise_to(cell: Cell, height: int) -> None:
    """Give a cell at least a height, and each of its readers a greater one. On a circle this ends at `HIGHEST`."""
    if cell.readers is None:  # it is new
        cell.height = min(height, HIGHEST)
        return
    waiting = [(cell, height)]
    while waiting:
        one, least = waiting.pop()
        least = min(least, HIGHEST)
        if one.height < least:
            one.height = least
            waiting += [(reader, least + 1) for reader in one.each_reader()]
