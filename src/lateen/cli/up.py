"""`lateen up [PATH…]`."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lateen.cli.collector import collect_after_start
from lateen.cli.errors import Exit, Failure
from lateen.cli.options import mesh_option
from lateen.server.state import BadNameError, state_of

if TYPE_CHECKING:
    from lateen.local.terminal import Terminal
    from lateen.sources.load import Load


def parse_published(texts: tuple[str, ...]) -> dict[int, int]:
    """Read `80=9080`: the gateway's port and the port of this machine."""
    chosen = {}
    for text in texts:
        inside, found, outside = text.partition("=")
        if not (found and inside.isdigit() and outside.isdigit() and 0 < int(outside) < 65536):
            raise Failure(f"--publish {text!r} is not GATEWAY_PORT=PORT, as in 80=9080", Exit.MISUSE)
        chosen[int(inside)] = int(outside)
    return chosen


def run_mesh(
    mesh: str,
    paths: tuple[str, ...],
    *,
    recursive: bool = False,
    namespace: str = "default",
    settings: "Load | None" = None,
    publish: tuple[str, ...] = (),
    applied: tuple[tuple[str, str], ...] = (),
    after_ready: "Callable[[Terminal], None] | None" = None,
) -> int:
    """Run a mesh in this process until it is stopped; returns the exit code."""
    from lateen.local.up import Options, run  # noqa: PLC0415  heavy
    from lateen.sources.files import Files, Paths  # noqa: PLC0415
    from lateen.sources.load import Load  # noqa: PLC0415

    try:
        state = state_of(mesh)
    except BadNameError as error:
        raise Failure(str(error), Exit.MISUSE) from error
    options = Options(
        name=mesh,
        state=state,
        files=Files(Paths(paths, recursive=recursive), namespace) if paths else None,
        paths=paths,
        applied=applied,
        settings=settings or Load(),
        published=parse_published(publish),
        environment=dict(os.environ),
        directory=Path.cwd(),
        after_ready=after_ready or (lambda _: None),
    )

    async def start() -> int:
        collect_after_start(asyncio.get_running_loop())
        return await run(options)

    return asyncio.run(start())


def mesh_settings_of(path: str | None) -> "Load | None":
    """Read a MeshConfig file."""
    if path is None:
        return None
    from lateen.sources.mesh_settings import mesh_settings  # noqa: PLC0415

    try:
        text = Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"--mesh-config {path}: {error}", Exit.MISUSE) from error
    return mesh_settings(text, path)


@click.command("up")
@mesh_option
@click.option("-R", "--recursive", is_flag=True, help="Read directories below directories, too.")
@click.option("-n", "--namespace", default="default", show_default=True, help="For objects that name none.")
@click.option("--mesh-config", metavar="FILE", help="A MeshConfig, or the ConfigMap `istio`.")
@click.option(
    "--publish",
    multiple=True,
    metavar="PORT=PORT",
    help="Gateway port = port of this machine; 80=8080 by default.",
)
@click.argument("paths", nargs=-1)
def command(
    mesh: str,
    recursive: bool,
    namespace: str,
    mesh_config: str | None,
    publish: tuple[str, ...],
    paths: tuple[str, ...],
) -> int:
    """Run a mesh from files and watch them, until Ctrl-C or `lateen down`.

    PATHs are files or directories of Kubernetes and Istio YAML. An edit is live within a second; a broken edit is
    reported and the last good state keeps serving. Without a PATH the mesh is empty: fill it with `lateen apply`.
    """
    missing = [path for path in paths if path != "-" and not Path(path).exists()]
    if missing:
        raise Failure(f"{missing[0]}: no such file or directory", Exit.MISUSE)
    if sys.platform != "linux":
        raise Failure("a mesh on one machine needs Linux's namespaces; this is not Linux")
    settings = mesh_settings_of(mesh_config)
    return run_mesh(mesh, paths, recursive=recursive, namespace=namespace, settings=settings, publish=publish)
