"""How commands print: tables as kubectl's, colours only where somebody looks, notes on standard error."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

import click

GAP = "   "
LONG = 2**14
"""Characters of JSON from which on it is worth a module more."""


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out rows under headers in columns three spaces apart, without trailing blanks."""
    lines = [list(headers), *[list(row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    return "\n".join(
        GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def dumped(value: object, form: str) -> str:
    """Write a value as `json` (four blanks, as kubectl) or `yaml`, without a closing newline."""
    if form == "json":
        return _json(value)
    import yaml  # noqa: PLC0415

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=True, width=2**16)
    return text.rstrip("\n")


def _json(value: object) -> str:
    """Write JSON; what is long by two encoders in C, as that of the library indents in Python alone."""
    import json  # noqa: PLC0415  most commands need none

    text = json.dumps(value, ensure_ascii=False)
    if len(text) > LONG:
        import msgspec  # noqa: PLC0415

        with suppress(msgspec.DecodeError):  # NaN, which YAML has and JSON has not
            return str(msgspec.json.format(text, indent=4))
    return json.dumps(value, indent=4, ensure_ascii=False)


def data(text: str) -> None:
    """Print what was asked for."""
    click.echo(text)


def note(text: str) -> None:
    """Print a remark that is not part of the answer."""
    click.echo(text, err=True)


def styled(text: str, *, err: bool = False, **style: object) -> str:
    """Colour a text when the stream is a terminal and NO_COLOR is not set (no-color.org)."""
    import os  # noqa: PLC0415
    import sys  # noqa: PLC0415

    stream = sys.stderr if err else sys.stdout
    if os.environ.get("NO_COLOR") or not stream.isatty():
        return text
    return click.style(text, **style)  # type: ignore[arg-type]
