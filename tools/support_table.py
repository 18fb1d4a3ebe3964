"""Makes docs/reference/support.md: every field of every kind, with the golden case that proves it, or why there is none.

    python tools/support_table.py            # what is neither proved nor explained, and what nobody reads
    python tools/support_table.py --write    # the page

A field counts as proved by a case whose `config` (or `mesh`) block sets it and whose outcome is checked by the oracles;
cases of tests/golden/validation do not count, for there it is refused. `api.unsupported` says what is not carried out, and
`tests/support_proofs.txt` names the tests of what no case can show: processes, names, files.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from msgspec import Struct
from msgspec.structs import fields

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"
PROOFS = ROOT / "tests" / "support_proofs.txt"
PAGE = ROOT / "docs" / "reference" / "support.md"
SKIPPED = "validation"
DIRECTORIES = {
    "Service": "services", "Pod": "services", "Deployment": "services", "EndpointSlice": "services",
    "WorkloadEntry": "service_entry", "WorkloadGroup": "service_entry",
}  # fmt: skip
"""Where the cases of a kind are, if not in a directory of its name; they are preferred."""
CARRIES_OUT = {"conditions.py"}
"""Modules of `api` whose reading of a field means more than a check of it."""
sys.path.insert(0, str(ROOT / "tests"))

from lateen.api.mesh_config import MeshConfig, MeshNetworks  # noqa: E402
from lateen.api.registry import KINDS  # noqa: E402
from lateen.api.schema import fields_of, nested, without_none  # noqa: E402
from lateen.api.unsupported import IGNORED, UNSUPPORTED, WITHOUT_EFFECT, Table  # noqa: E402
from support.golden_format import read  # noqa: E402  after the path is set

SPECS: dict[str, type[Struct]] = {kind.name: kind.spec for kind in KINDS} | {
    "MeshConfig": MeshConfig,
    "MeshNetworks": MeshNetworks,
}
BODY = frozenset({kind.name for kind in KINDS if kind.body} | {"MeshConfig", "MeshNetworks"})


class Field(NamedTuple):
    """One field of one message of one kind."""

    kind: str
    message: str
    name: str
    paths: tuple[str, ...]
    """Every place that the field has in the kind."""


class Row(NamedTuple):
    """What the page says about a field."""

    field: Field
    status: str
    """supported, no effect, not yet, or empty for a field without proof."""
    words: str


def main() -> int:
    """Print what is missing, or write the page."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--write", action="store_true", help="write docs/reference/support.md")
    if options.parse_args().write:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page())
        return 0
    missing = [row.field for row in rows() if not row.status]
    for field in missing:
        print(f"no proof: {field.kind} {field.paths[0]} ({field.message}.{field.name})")
    for path in unread():
        print(f"read nowhere: {path}")
    return 1 if missing else 0


@cache
def all_fields() -> tuple[Field, ...]:
    """List the fields of all kinds, by kind and message."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for kind, spec in SPECS.items():
        for message, name, path in _walk(spec, "" if kind in BODY else "spec"):
            found.setdefault((kind, message, name), []).append(path)
    listed = [Field(*key, tuple(paths)) for key, paths in found.items()]
    first = {
        key: place for place, key in reversed(list(enumerate((one.kind, one.message) for one in listed)))
    }
    return tuple(sorted(listed, key=lambda one: first[one.kind, one.message]))


def _walk(struct: type[Struct], path: str) -> Iterator[tuple[str, str, str]]:
    for info in fields(struct):
        where = f"{path}.{info.encode_name}" if path else info.encode_name
        yield struct.__name__, info.encode_name, where
        below = nested(without_none(info.type))
        if below is not None:
            yield from _walk(below, f"{where}[]" if _is_many(info.type) else where)


def _is_many(expected: Any) -> bool:
    return getattr(without_none(expected), "__origin__", None) in (tuple, dict)


@cache
def proved() -> dict[tuple[str, str], tuple[str, str]]:
    """Map (kind, path) to the file and heading of the first case that sets the field."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    elsewhere_found: dict[tuple[str, str], tuple[str, str]] = {}
    for file in sorted(GOLDEN.rglob("*.md")):
        if file.name in ("README.md", "_base.md") or SKIPPED in (file.stem, *file.parts):
            continue
        for case in read(file, GOLDEN):
            own = [block for block in case.blocks if block.place.file == str(file.relative_to(GOLDEN))]
            for block in (*own, *case.blocks):
                for kind, path in _set_in(block):
                    own_place = file.parent.name == DIRECTORIES.get(kind, _snake(kind))
                    at_home = found if own_place else elsewhere_found
                    at_home.setdefault((kind, path), (str(file.relative_to(ROOT)), case.title))
    return elsewhere_found | found


def _snake(kind: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", kind).lower()


def _set_in(block: Any) -> Iterator[tuple[str, str]]:
    if block.kind == "mesh":
        yield from (("MeshConfig", path) for path in _paths(MeshConfig, yaml.safe_load(block.text), ""))
    if block.kind == "config":
        for document in yaml.safe_load_all(block.text):
            kind = document.get("kind") if isinstance(document, dict) else None
            if kind in SPECS:
                value = document if kind in BODY else document.get("spec")
                yield from (
                    (kind, path) for path in _paths(SPECS[kind], value, "" if kind in BODY else "spec")
                )


def _paths(struct: type[Struct], value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    known = fields_of(struct)
    for key, part in value.items():
        if key not in known:
            continue
        field = known[key]
        where = f"{path}.{field.json}" if path else field.json
        yield where
        below = nested(field.type)
        if below is not None and _is_many(field.type):
            for one in part.values() if isinstance(part, dict) else part or ():
                yield from _paths(below, one, f"{where}[]")
        elif below is not None:
            yield from _paths(below, part, where)


@cache
def elsewhere() -> dict[tuple[str, str], str]:
    """Read the proofs that are no golden cases: lines of kind, path and test file."""
    found = {}
    for line in PROOFS.read_text().splitlines():
        if line and not line.startswith("#"):
            kind, path, test = line.split()
            found[kind, path] = test
    return found


@cache
def rows() -> tuple[Row, ...]:
    """Judge every field."""
    return tuple(_judged(field) for field in all_fields())


def _judged(field: Field) -> Row:
    cases = [case for path in field.paths if (case := proved().get((field.kind, path)))]
    reasons = [_reason(UNSUPPORTED, field.kind, path) for path in field.paths]
    if None not in reasons:
        return Row(field, "not yet", reasons[0] or "")
    without = [_without(field.kind, path) for path in field.paths]
    if None not in without:
        return Row(field, "no effect", without[0] or "")
    test = next((found for path in field.paths if (found := _elsewhere(field.kind, path))), None)
    words = _exceptions(field)
    if cases:
        return Row(field, "supported", _case(cases[0]) + words)
    if test:
        return Row(field, "supported", f"[{test}](../../{test}){words}")
    if words:
        return Row(field, "not yet" if "*not yet*" in words else "no effect", words.removeprefix("; "))
    shared = _shared(field)
    return (
        Row(field, "supported", f"{_case(shared)} (the same block){words}") if shared else Row(field, "", "")
    )


def _case(case: tuple[str, str]) -> str:
    file, title = case
    anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
    return f"[{title}](../../{file}#{anchor})"


def _shared(field: Field) -> tuple[str, str] | None:
    """Find a case for the same field of the same message in another kind, where the block itself is proved in this one."""
    known = proved()
    blocks = {above for path in field.paths for above in _above(path) if above not in ("", "spec")}
    if not any((field.kind, block) in known for block in blocks):
        return None
    twins = (one for one in all_fields() if (one.message, one.name) == (field.message, field.name))
    return next(
        (known[one.kind, path] for one in twins for path in one.paths if (one.kind, path) in known), None
    )


def _reason(table: Table, kind: str, path: str) -> str | None:
    """Find why a path, or one above it, is in a table; restrictions to some values do not count."""
    own = table.get(kind, {})
    if "*" in own:
        return own["*"]
    parts = path.split(".")
    for end in range(1, len(parts) + 1):
        above = ".".join(parts[:end])
        for written in (above, above.removesuffix("[]")):
            if written in own:
                return own[written]
    return None


def _without(kind: str, path: str) -> str | None:
    return _reason(IGNORED, kind, path) or _reason(WITHOUT_EFFECT, kind, path)


def _elsewhere(kind: str, path: str) -> str | None:
    known = elsewhere()
    if (kind, path) in known:
        return known[kind, path]
    return next((known[kind, f"{one}.**"] for one in _above(path) if (kind, f"{one}.**") in known), None)


def _above(path: str) -> Iterator[str]:
    """Yield the blocks that a field is in, the innermost first."""
    while "." in path:
        path = path.rpartition(".")[0].removesuffix("[]")
        yield path


def _exceptions(field: Field) -> str:
    """Say which values are not carried out."""
    said = []
    for table, words in ((UNSUPPORTED, "*not yet*"), (IGNORED, "without effect")):
        for path, reason in table.get(field.kind, {}).items():
            name, equal, value = path.partition("=")
            if equal and name.removesuffix("!") in field.paths:
                other = "other than " if name.endswith("!") else ""
                said.append(f"{other}`{value}` {words}: {reason}")
    return "".join(f"; {one}" for one in dict.fromkeys(said))


@cache
def unread() -> tuple[str, ...]:
    """List fields whose attribute no module outside `api` reads and that no table explains; names that others share hide some."""
    read_somewhere = {
        node.attr
        for file in (ROOT / "src" / "lateen").rglob("*.py")
        if "api" not in file.relative_to(ROOT / "src" / "lateen").parts[:1] or file.name in CARRIES_OUT
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute)
    }
    attributes = {
        (struct.__name__, info.encode_name): info.name for struct in _structs() for info in fields(struct)
    }
    return tuple(
        f"{row.field.kind} {row.field.paths[0]}"
        for row in rows()
        if row.status in ("", "supported")
        and attributes[row.field.message, row.field.name] not in read_somewhere
    )


def _structs() -> set[type[Struct]]:
    found: set[type[Struct]] = set()

    def add(struct: type[Struct]) -> None:
        if struct not in found:
            found.add(struct)
            for info in fields(struct):
                if (below := nested(without_none(info.type))) is not None:
                    add(below)

    for spec in SPECS.values():
        add(spec)
    return found


def page() -> str:
    """Write the page."""
    lines = [
        "# What is supported",
        "",
        "Made by `tools/support_table.py` from the API's structs, the golden cases and `api/unsupported.py`; do not edit.",
        "A field is *supported* with the case that proves it, has *no effect* here with the reason, or is *not yet* carried",
        "out, and then refused. Fields that several kinds or places share are listed once for each kind.",
        "",
        *_summary(),
    ]
    kind = message = ""
    for row in rows():
        if row.field.kind != kind:
            kind, message = row.field.kind, ""
            lines += ["", f"## {kind}"]
        if row.field.message != message:
            message = row.field.message
            lines += ["", f"### {kind}: {message}", "", "| field | |", "|---|---|"]
        status = {
            "supported": row.words,
            "no effect": f"no effect here: {row.words}",
            "not yet": f"*not yet*: {row.words}",
        }
        lines.append(f"| `{row.field.name}` | {status.get(row.status, '**no proof**')} |")
    return "\n".join(lines) + "\n"


def _summary() -> list[str]:
    lines = ["| kind | fields | supported | no effect | not yet |", "|---|---|---|---|---|"]
    for kind in SPECS:
        own = [row.status for row in rows() if row.field.kind == kind]
        counts = " | ".join(str(own.count(status)) for status in ("supported", "no effect", "not yet"))
        lines.append(f"| [{kind}](#{kind.lower()}) | {len(own)} | {counts} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
