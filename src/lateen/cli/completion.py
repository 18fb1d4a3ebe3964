"""`lateen completion bash|zsh|fish`."""

import click
from click.shell_completion import get_completion_class

from lateen.cli.errors import Exit, Failure


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print a shell's completion script; for bash: `source <(lateen completion bash)`."""
    from lateen.cli.__main__ import lateen  # noqa: PLC0415  the group imports this module

    found = get_completion_class(shell)
    if found is None:
        raise Failure(f"no completion for {shell}", Exit.MISUSE)
    click.echo(found(lateen, {}, "lateen", "_LATEEN_COMPLETE").source())
