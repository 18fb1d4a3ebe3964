"""A page of docs/ as something to do: files to write, commands to type, and what they print.

    ```yaml file=rules.yaml            the block is written to rules.yaml
    ```console                         `$ command`, `> ` continues it; beneath stands what it prints
    ```console until                   typed again until it prints this
    ```console fails                   the command ends with another status than 0
    ```console within=10               numbers may differ from those on the page by 10
    ```console terminal=mesh           in a terminal of its own, where the command goes on running; a block of the same
                                       terminal without a command says what appears there next, `^C` stops it

Other blocks are for the reader only. The words behind the language are not rendered.
"""

from dataclasses import dataclass, field
from itertools import pairwise

FENCE = "```"
CONSOLE = "console"


@dataclass(frozen=True)
class Step:
    """One command and what it prints; an empty command says what a terminal prints next."""

    command: str
    output: tuple[str, ...]
    line: int
    """Of the command, in the page, from 1."""
    first: int
    """Index of the first line of the output among the page's lines."""


@dataclass(frozen=True)
class Block:
    """A fenced block that means something to do."""

    language: str
    options: dict[str, str]
    lines: tuple[str, ...]
    start: int
    """Index of the first line inside the fence."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The commands of a console block."""
        starts = [number for number, line in enumerate(self.lines) if is_typed(line)]
        if not starts or starts[0] > 0:
            starts = [0, *starts]
        return tuple(self._step(first, end) for first, end in pairwise([*starts, len(self.lines)]))

    def _step(self, first: int, end: int) -> Step:
        if not is_typed(self.lines[first]):
            return Step("", self.lines[first:end], self.start + first + 1, self.start + first)
        command = [self.lines[first].removeprefix("$ ")]
        below = first + 1
        while below < end and self.lines[below].startswith("> "):
            command.append(self.lines[below].removeprefix("> "))
            below += 1
        return Step("\n".join(command), self.lines[below:end], self.start + first + 1, self.start + below)


@dataclass
class Page:
    """The text, line by line, and its blocks in order."""

    lines: list[str]
    blocks: list[Block] = field(default_factory=list)


def is_typed(line: str) -> bool:
    """Tell whether the reader types this line."""
    return line.startswith("$ ") or line == "^C"


def parse(text: str) -> Page:
    """Find the blocks of a page that mean something to do."""
    page = Page(text.splitlines())
    numbers = [number for number, line in enumerate(page.lines) if line.startswith(FENCE)]
    for first, last in zip(numbers[::2], numbers[1::2], strict=True):
        language, *words = page.lines[first].removeprefix(FENCE).split()[:9] or [""]
        options = {key: value for key, _, value in (word.partition("=") for word in words)}
        if language == CONSOLE or "file" in options:
            page.blocks.append(Block(language, options, tuple(page.lines[first + 1 : last]), first + 1))
    return page


def replaced(page: Page, outputs: dict[int, tuple[Step, list[str]]]) -> str:
    """Return the page's text with other outputs, by the index of their first line."""
    lines = list(page.lines)
    for first in sorted(outputs, reverse=True):
        step, output = outputs[first]
        lines[first : first + len(step.output)] = output
    return "\n".join(lines) + "\n"
