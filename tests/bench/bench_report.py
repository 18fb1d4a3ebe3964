"""Figures: measured values with what was aimed at and what they were before; as tables and as JSON."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured value."""

    name: str
    value: float
    unit: str = ""
    aim: float | None = None
    """What is aimed at, in the same unit."""
    note: str = ""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one subject."""

    title: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()
    wide: bool = False
    """Figures are called `row: column`, and are printed so."""


Baseline = dict[str, float]
"""Earlier values by `title / name`."""


def key(table: Table, figure: Figure) -> str:
    return f"{table.title} / {figure.name}"


def lines(table: Table, baseline: Baseline) -> Iterable[str]:
    """Yield a table as Markdown; the column of earlier values is there when there are any."""
    head, rows = _crossed(table, baseline) if table.wide else _listed(table, baseline)
    used = [i for i in range(len(head)) if i < 2 or any(row[i] for row in rows)]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in used]
    yield f"### {table.title}"
    yield ""
    yield _joined([head[i] for i in used], widths)
    yield _joined(["-" * width for width in widths], widths)
    yield from (_joined([row[i] for i in used], widths) for row in rows)
    yield from ("", *table.notes) if table.notes else ()
    yield ""


def _listed(table: Table, baseline: Baseline) -> tuple[list[str], list[list[str]]]:
    head = ["", "value", "aim", "of aim", "before", "of before", "note"]
    return head, [_row(table, figure, baseline) for figure in table.figures]


def _crossed(table: Table, baseline: Baseline) -> tuple[list[str], list[list[str]]]:
    """Put each figure where its row and column cross, with its aim and its ratio to earlier."""
    cells = {tuple(figure.name.split(": ")): _cell(table, figure, baseline) for figure in table.figures}
    rows, columns = (list(dict.fromkeys(key[i] for key in cells)) for i in (0, 1))
    return ["", *columns], [[row, *(cells.get((row, column), "") for column in columns)] for row in rows]


def _cell(table: Table, figure: Figure, baseline: Baseline) -> str:
    _, value, aim, _, _, ratio, note = _row(table, figure, baseline)
    more = [f"aim {aim}" if aim else "", f"{ratio} of before" if ratio else "", note]
    words = ", ".join(one for one in more if one)
    return f"{value} ({words})" if words else value


def _row(table: Table, figure: Figure, baseline: Baseline) -> list[str]:
    before = baseline.get(key(table, figure))
    return [
        figure.name,
        f"{number(figure.value)} {figure.unit}".strip(),
        f"{number(figure.aim)} {figure.unit}".strip() if figure.aim is not None else "",
        f"{figure.value / figure.aim:.2f}" if figure.aim else "",
        f"{number(before)} {figure.unit}".strip() if before is not None else "",
        f"{figure.value / before:.2f}" if before else "",
        figure.note,
    ]


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def number(value: float) -> str:
    """Write a value with three digits or, when it is large, with spaces between thousands."""
    if value == int(value) or abs(value) >= 1000:
        return f"{round(value):,}".replace(",", " ")
    return f"{value:.3g}"


def save(path: Path, tables: Sequence[Table], machine: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine, "tables": msgspec.to_builtins(tables)}
    path.write_text(json.dumps(content, indent=1) + "\n")


def load(path: Path) -> Baseline:
    """Read earlier values; empty when there is no such file."""
    if not path.exists():
        return {}
    tables = msgspec.convert(json.loads(path.read_text())["tables"], tuple[Table, ...])
    return {key(table, figure): figure.value for table in tables for figure in table.figures}
