"""Findings as rows: what every form of `lateen check` prints, from files or from the running mesh."""

import os
from pathlib import Path
from typing import Any

from lateen.analyze.catalogue import page
from lateen.analyze.suppression import Suppression
from lateen.api.finding import Finding, Level
from lateen.api.meta import Ref
from lateen.cli.errors import Exit, Failure
from lateen.cli.findings_text import printable
from lateen.engine import Database
from lateen.mesh import load, read_files
from lateen.sources import origin
from lateen.sources.files import STDIN, is_manifest
from lateen.sources.load import Load

Row = dict[str, Any]


def of_files(
    paths: tuple[str, ...],
    namespace: str,
    mesh_config: str | None,
    silent: tuple[Suppression, ...],
    *,
    recursive: bool,
) -> list[Row]:
    """Return the findings about files, in the order of telling.

    Raises:
        Failure: a path does not exist, or a directory has nothing to read.
    """
    read = loaded(paths, namespace, recursive=recursive)
    try:
        mesh = load(read, mesh_config=mesh_config)
    except OSError as error:
        raise Failure(f"{error.filename}: {(error.strerror or str(error)).lower()}", Exit.MISUSE) from error
    found = (one for one in mesh.findings if not any(each.covers(one) for each in silent))
    return [_row(mesh.db, one) for one in found]


def loaded(paths: tuple[str, ...], namespace: str, *, recursive: bool) -> Load:
    """Read files and directories.

    Raises:
        Failure: a path does not exist, or a directory has nothing to read.
    """
    for path in paths:
        _exists(path, recursive=recursive)
    return read_files(paths, namespace, recursive=recursive)


def _exists(name: str, *, recursive: bool) -> None:
    path = Path(name)
    if name == STDIN:
        return
    if not path.exists():
        raise Failure(f"{name}: no such file or directory", Exit.MISUSE)
    if not path.is_dir() or not os.access(path, os.R_OK):
        return
    inside = path.rglob("*") if recursive else path.iterdir()
    if not any(is_manifest(one.name) and one.is_file() for one in inside):
        deeper = "" if recursive else "; -R looks into the directories below"
        raise Failure(f"{name} has no files ending in .yaml, .yml, .json{deeper}", Exit.MISUSE)


def of_mesh(name: str, namespace: str, silent: tuple[Suppression, ...]) -> list[Row]:
    """Return the findings about a running mesh."""
    from lateen.cli.client import Client  # noqa: PLC0415  HTTP and TLS, for nothing where files are checked

    rows = Client(name).get("/v1/findings", **({"namespace": namespace} if namespace else {}))
    return [
        {
            **row,
            "documentation": page(row["code"]),
            "source": _line_of_file(row.get("file", ""), row.get("line", 0)),
        }
        for row in rows
        if not any(each.covers(_finding(row)) for each in silent)
    ]


def _finding(row: Row) -> Finding:
    ref = Ref(row["kind"], row.get("namespace", ""), row.get("name", "")) if row.get("kind") else None
    return Finding(row["code"], Level(row["level"]), ref, row.get("path", ""), row["message"])


def _row(db: Database, one: Finding) -> Row:
    ref, where = one.ref, one.where
    row = {
        "code": one.code,
        "level": str(one.level),
        "kind": ref.kind if ref else "",
        "namespace": ref.namespace if ref else "",
        "name": ref.name if ref else "",
        "path": one.path,
        "message": one.message,
        "suggestion": one.suggestion,
        "file": where.file if where else "",
        "line": where.line if where else 0,
        "column": where.column if where else 0,
        "documentation": page(one.code),
        "source": _source(db, one),
    }
    return {key: printable(value) if isinstance(value, str) else value for key, value in row.items() if value}


def _source(db: Database, one: Finding) -> str:
    """Return the line that a finding is about, as it is written; never of a Secret."""
    if one.where is None or (one.ref is not None and one.ref.kind == "Secret"):
        return ""
    place = origin.of(db, one.ref) if one.ref is not None else None
    if place is None or place.file != one.where.file:
        return _line_of_file(one.where.file, one.where.line)
    lines = place.document.text.split("\n")
    index = one.where.line - place.document.line
    return lines[index].rstrip() if 0 <= index < len(lines) else _line_of_file(one.where.file, one.where.line)


def _line_of_file(name: str, line: int) -> str:
    try:
        lines = Path(name).read_text("utf-8").split("\n") if line and name and Path(name).is_file() else []
    except (OSError, UnicodeDecodeError):
        return ""
    secret = any(text.strip().strip("'\"") == "kind: Secret" for text in lines)
    return lines[line - 1].rstrip() if 0 < line <= len(lines) and not secret else ""
