"""`lateen logs`."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from lateen.cli import options
from lateen.cli.client import Client
from lateen.cli.errors import Failure
from lateen.cli.resolving import workload

INTERVAL = 0.1  # seconds between two looks at a file that has no more to say
CHUNK = 1 << 16


@click.command("logs")
@click.argument("name", metavar="WORKLOAD", shell_complete=options.complete_workloads)
@click.option("-f", "--follow", is_flag=True, help="Go on printing until Ctrl-C.")
@click.option("--proxy", is_flag=True, help="The log of the workload's Envoy, not the application's.")
@click.option("--tail", default=-1, metavar="LINES", help="Only the last lines  [default: all]")
@options.namespace_option
@options.mesh_option
def command(name: str, follow: bool, proxy: bool, tail: int, namespace: str, mesh: str) -> None:
    """Print a workload's log, or with --proxy that of its Envoy."""
    client = Client(mesh)
    row = workload(client, name, namespace)
    directory = Path(row["directory"]) if row["directory"] else client.state.workload(row["pod"])
    path = directory / ("proxy.log" if proxy or row["type"] == "router" else "app.log")
    if not path.exists() and not follow:
        raise Failure(f"{row['pod']} has no log yet ({path})")
    stdout = sys.stdout.buffer
    for chunk in follow_file(path, tail) if follow else _whole(path, tail):
        stdout.write(chunk)
        stdout.flush()


def follow_file(path: Path, tail: int = -1) -> Iterator[bytes]:
    """Return what a file has and gets, for ever; a file that is replaced or cut is read anew from its start."""
    while True:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            time.sleep(INTERVAL)
            continue
        with file:
            yield from _last(file, tail)
            while not _is_other(file, path):
                yield from _rest(file)
                time.sleep(INTERVAL)
            yield from _rest(file)
        tail = -1


def _is_other(file: BinaryIO, path: Path) -> bool:
    """Tell whether the name stands for another file now, or the file was cut."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False  # between two files
    here = os.fstat(file.fileno())
    return (there.st_ino, there.st_dev) != (here.st_ino, here.st_dev) or there.st_size < file.tell()


def _whole(path: Path, tail: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _last(file, tail)


def _last(file: BinaryIO, tail: int) -> Iterator[bytes]:
    if tail >= 0:
        lines = file.read().splitlines(keepends=True)
        yield b"".join(lines[len(lines) - min(tail, len(lines)) :])
        return
    yield from _rest(file)


def _rest(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk
