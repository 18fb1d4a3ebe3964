"""The options that commands share, spelled as kubectl spells them."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., Any])
DEFAULT_NAMESPACE = "default"


def complete_meshes(_ctx: click.Context, _param: click.Parameter, start: str) -> list[CompletionItem]:
    """Offer the running meshes."""
    from lateen.server.state import running_meshes  # noqa: PLC0415  keeps `lateen --version` quick

    return [CompletionItem(name) for name in running_meshes() if name.startswith(start)]


def complete_namespaces(ctx: click.Context, _param: click.Parameter, start: str) -> list[CompletionItem]:
    """Offer the namespaces of the running mesh; none when it does not run."""
    from lateen.cli.suggestions import namespaces  # noqa: PLC0415

    return [CompletionItem(name) for name in namespaces(ctx) if name.startswith(start)]


def complete_objects(ctx: click.Context, _param: click.Parameter, start: str) -> list[CompletionItem]:
    """Offer kinds, then names of that kind; names only when the mesh runs."""
    from lateen.cli.suggestions import kinds_or_names  # noqa: PLC0415

    return [CompletionItem(name) for name in kinds_or_names(ctx, start)]


def complete_workloads(ctx: click.Context, _param: click.Parameter, start: str) -> list[CompletionItem]:
    """Offer the workloads of the running mesh."""
    from lateen.cli.suggestions import workloads  # noqa: PLC0415

    return [CompletionItem(name) for name in workloads(ctx) if name.startswith(start)]


def mesh_option(command: F) -> F:
    """Which mesh: `--mesh NAME`, `$LATEEN_MESH`."""
    return click.option(
        "--mesh",
        default="default",
        envvar="LATEEN_MESH",
        show_default=True,
        metavar="NAME",
        shell_complete=complete_meshes,
        help="The mesh to talk to ($LATEEN_MESH).",
    )(command)


def namespace_option(command: F) -> F:
    """Which namespace: `-n`."""
    return click.option(
        "-n",
        "--namespace",
        default="",
        metavar="NAME",
        shell_complete=complete_namespaces,
        help="The namespace  [default: default]",
    )(command)


def all_namespaces_option(command: F) -> F:
    """All of them: `-A`."""
    return click.option("-A", "--all-namespaces", is_flag=True, help="In all namespaces.")(command)


def selector_option(command: F) -> F:
    """Only objects with labels: `-l`."""
    return click.option(
        "-l",
        "--selector",
        default="",
        metavar="LABELS",
        help="Only with these labels: app=x, version!=v1, app, !app, app in (a,b).",
    )(command)


def output_option(*formats: str) -> Callable[[F], F]:
    """How to print: `-o`."""
    return click.option("-o", "--output", type=click.Choice(formats), default=None, help="How to print.")


def files_option(command: F) -> F:
    """From where: `-f`, several times, `-` for standard input; `-R` for directories below directories."""
    command = click.option("-R", "--recursive", is_flag=True, help="Directories below directories, too.")(
        command
    )
    return click.option(
        "-f",
        "--filename",
        "filenames",
        multiple=True,
        metavar="PATH",
        help="A file or directory of YAML; - is standard input. Repeatable.",
    )(command)


def namespaced(namespace: str, *, everywhere: bool) -> str:
    """Return the namespace to ask for; empty means all."""
    return "" if everywhere else namespace or DEFAULT_NAMESPACE
