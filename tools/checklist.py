"""Which case and which test prove each item of the checklist: `checklist.py` prints it, `--write FILE` makes the page.

Items are in tests/checklist.txt. A golden case proves the items that its heading begins with (`## 44, 45. …`); a test
proves those of a comment `# item 67, 68` above it.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
ITEMS = ROOT / "tests" / "checklist.txt"
EXTENDED = frozenset({42, 43, 103, 163, 186, 197, 209, 210, 225, 226, 227, *range(247, 253)})
"""Items outside the core that are promised, too."""
WAITING = {
    167: "needs the mesh's own certificate authority",
    168: "needs the mesh's own certificate authority",
    187: "needs the mesh's own certificate authority",
}
"""Items without proof, and what they wait for."""
DELIVERY = frozenset({1, 2, 3, 4, 6, 7, 10, 84, 209, 226})
"""Items about connections of proxies, names, and a mebibyte of text: no case on a page shows them."""
TRAFFIC = frozenset(
    {67, 68, 85, 125, 126, 131, 133, 179, 185, 190, 191, 193, 199, 205, 206, 221, 222, 223}
    | set(range(89, 92))
    | set(range(97, 102))
    | set(range(104, 108))
    | set(range(127, 129))
    | set(range(135, 141))
    | set(range(142, 148))
    | set(range(156, 161))
    | set(range(180, 185))
    | {123, 130, 132, 134, 188, 194, 195, 196, 197, 216, 217, 218, 219}
)
"""Items that only traffic of a running mesh or a real Envoy shows."""


class Item(NamedTuple):
    """One behaviour."""

    number: int
    part: str
    text: str
    section: str

    @property
    def is_required(self) -> bool:
        """Whether it is promised."""
        return self.part == "Core" or self.number in EXTENDED


class Proof(NamedTuple):
    """What proves an item."""

    golden: list[str]
    tests: list[str]

    def words(self) -> str:
        """Say it in a line."""
        return "; ".join([*self.golden, *self.tests])


def items(path: Path = ITEMS) -> list[Item]:
    """Read the list: a line per item, `NUMBER PART TEXT`; `#` begins a section."""
    found, section = [], ""
    for line in path.read_text().splitlines():
        if line.startswith("# "):
            section = line[2:]
            continue
        number, part, text = line.split(" ", 2)
        found.append(Item(int(number), part, text, section))
    return found


def numbers(text: str) -> list[int]:
    """Read `44, 45. A heading` or `44, 45`: the numbers at the beginning."""
    found = re.match(r"(\d+(?:, \d+)*)(?:\.|$)", text)
    return [int(one) for one in found[1].split(", ")] if found else []


def golden(root: Path = ROOT) -> dict[int, list[str]]:
    """Return the golden cases per item."""
    found: dict[int, list[str]] = {}
    for path in sorted((root / "tests" / "golden").rglob("*.md")):
        if path.name == "README.md":
            continue
        for heading in re.findall(r"^## (.*)$", path.read_text(), re.MULTILINE):
            for number in numbers(heading):
                found.setdefault(number, []).append(
                    f"{path.relative_to(root / 'tests')}: {heading.split('. ', 1)[-1]}"
                )
    return found


def marks(root: Path = ROOT) -> dict[int, list[str]]:
    """Return the tests per item; a mark belongs to the next test of its file."""
    found: dict[int, list[str]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        marked: list[int] = []
        for line in path.read_text().splitlines():
            if mark := re.match(r"# items? (.*)$", line):
                marked += numbers(mark[1])
            elif test := re.match(r"(?:async )?def (test_\w+)", line):
                for number in marked:
                    found.setdefault(number, []).append(f"{path.relative_to(root / 'tests')}::{test[1]}")
                marked = []
    return found


def proofs(root: Path = ROOT) -> list[tuple[Item, Proof]]:
    """Join the list with what proves it."""
    cases, marked = golden(root), marks(root)
    return [(one, Proof(cases.get(one.number, []), marked.get(one.number, []))) for one in items()]


def gaps(found: list[tuple[Item, Proof]]) -> list[str]:
    """Say what is promised and has no proof, or waits without need."""
    said = []
    for item, proof in found:
        if item.number in WAITING or not item.is_required:
            continue
        if not proof.golden and not (item.number in DELIVERY and proof.tests):
            said.append(f"{item.number} has no golden case: {item.text}")
        if item.number in DELIVERY | TRAFFIC and not proof.tests:
            said.append(f"{item.number} has no test with traffic: {item.text}")
    return said


def page(found: list[tuple[Item, Proof]]) -> str:
    """Write the reference page."""
    lines = [
        "# Checklist",
        "",
        "What is promised, and what proves it. Made by `tools/checklist.py --write`; do not edit.",
    ]
    section = ""
    for item, proof in found:
        if item.section != section:
            section = item.section
            lines += ["", f"## {section}", "", "| item | behaviour | proof |", "|---|---|---|"]
        waiting = f"*not yet: {WAITING[item.number]}*" if item.number in WAITING else "*not yet*"
        cells = [f"`{one}`" for one in (*proof.golden, *proof.tests)]
        shown = "<br>".join(cells) or (waiting if item.is_required else "*later*")
        text = item.text.replace("|", "\\|")
        lines.append(f"| {item.number} | {text} | {shown} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print the list, or write the page; 1 when something promised has no proof."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the page to make")
    parser.add_argument("--gaps", action="store_true", help="only what has no proof")
    options = parser.parse_args()
    found = proofs()
    missing = gaps(found)
    if options.write:
        options.write.write_text(page(found))
    elif not options.gaps:
        sys.stdout.writelines(
            f"{item.number} {item.text}\n    {proof.words() or '-'}\n" for item, proof in found
        )
    sys.stdout.writelines(f"gap: {one}\n" for one in missing)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
