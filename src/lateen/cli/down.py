"""`lateen down`."""

import fcntl
import os
import time
from contextlib import suppress

import click

from lateen.cli import options
from lateen.cli.client import Client
from lateen.cli.errors import Exit, Failure, GoneError
from lateen.cli.output import note

_STEP = 0.02  # seconds between two looks at the lock


@click.command("down")
@click.option(
    "--timeout", default=30.0, show_default=True, metavar="SECONDS", help="How long to wait for the end."
)
@options.mesh_option
def command(timeout: float, mesh: str) -> None:
    """Stop a running mesh and clean up after it."""
    client = Client(mesh)
    with suppress(GoneError):  # it ends already, and may close the connection before the request is read
        client.post("/v1/shutdown", {})
    deadline = time.monotonic() + timeout
    while _is_locked(client):
        if time.monotonic() > deadline:
            raise Failure(
                f"mesh {mesh!r} is still stopping after {timeout:g} s; see {client.state.log}", Exit.NO_MESH
            )
        time.sleep(_STEP)
    note(f"mesh {mesh!r} is down")


def _is_locked(client: Client) -> bool:
    """Tell whether the mesh's process still holds its lock; it lets go last."""
    try:
        descriptor = os.open(client.state.lock, os.O_RDONLY)
    except FileNotFoundError:
        return client.state.api_socket.exists()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
