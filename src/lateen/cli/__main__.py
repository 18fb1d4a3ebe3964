"""The `lateen` command. Subcommands are imported when they run, so that starting up stays cheap."""

import gc
import importlib
import os
import sys
from contextlib import suppress
from typing import Any

import click

from lateen.cli.collector import collect_rarely
from lateen.cli.errors import Exit

# command → (module below lateen.cli, one line of help); the order is the order of help.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "Run Bookinfo on a mesh of its own until Ctrl-C."),
    "up": ("up", "Run a mesh from files and watch them."),
    "down": ("down", "Stop a running mesh and clean up after it."),
    "status": ("status", "Show what runs, where, and what is wrong."),
    "run": ("run", "Add one local process to the mesh as a workload."),
    "exec": ("exec_", "Run a command inside a workload."),
    "logs": ("logs", "Print a workload's log, or its proxy's."),
    "apply": ("apply", "Change the running mesh from files."),
    "get": ("get", "List objects of the running mesh."),
    "describe": ("describe", "Show one object, and what it does, in detail."),
    "diff": ("diff", "Say what a change does to requests, before it is applied."),
    "test": ("test", "Try the expectations that stand beside the configuration."),
    "delete": ("delete", "Delete objects from the running mesh."),
    "proxy-status": ("proxy_status", "Show whether every proxy has what it should."),
    "proxy-config": ("proxy_config", "Show what a proxy's Envoy holds."),
    "check": ("check", "Judge files before they are applied."),
    "explain": ("explain", "Show the way of a request, and why."),
    "compile": ("compile_", "Print what a proxy would receive, from files alone."),
    "completion": ("completion", "Print a shell's completion script."),
    "version": ("version", "Print the versions of Lateen and Envoy."),
}
ALIASES = {"ps": "proxy-status", "pc": "proxy-config", "analyze": "check"}

BRIEF = frozenset({"check", "analyze", "explain", "compile", "diff", "test"})
"""Commands that end by themselves soon, with nothing to collect meanwhile."""


class Commands(click.Group):
    """A group that imports a subcommand only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """Import a subcommand."""
        name = ALIASES.get(name, name)
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"lateen.cli.{COMMANDS[name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest name for an unknown command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(error.message + _nearest(args[0]), ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _nearest(name: str) -> str:
    import difflib  # noqa: PLC0415  only on the way to an error

    near = difflib.get_close_matches(name, COMMANDS, 1)
    return f" Did you mean '{near[0]}'?" if near else ""


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from lateen.cli.version import version_line  # noqa: PLC0415

        click.echo(version_line())
        ctx.exit()


@click.command(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Print the version."
)
def lateen() -> None:
    """Istio's traffic management on the real Envoy, on this machine: no root, no Docker, no cluster.

    Start with `lateen demo`. Data goes to standard output, notes to standard error; exit codes: 0 done, 1 refused or
    not found, 2 wrong command line, 3 no such mesh running.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; whatever happens, no traceback reaches the user (LATEEN_DEBUG=1 shows it)."""
    collect_rarely()
    brief = not BRIEF.isdisjoint(sys.argv[1:] if arguments is None else arguments)
    if brief:
        gc.disable()
    try:
        code = _code(arguments)
    finally:
        gc.enable()
    if brief and arguments is None:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> None:
    """End the process without taking a hundred thousand objects apart one by one."""
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _code(arguments: list[str] | None) -> int:
    """Return the exit code."""
    try:
        result: Any = lateen.main(arguments, prog_name="lateen", standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:
        if os.environ.get("LATEEN_DEBUG"):
            raise
        click.echo(
            f"error: {type(error).__name__}: {error}\nThis is a bug in lateen; LATEEN_DEBUG=1 shows where.",
            err=True,
        )
        return Exit.REFUSED
    return result if isinstance(result, int) else Exit.OK


if __name__ == "__main__":
    main()
