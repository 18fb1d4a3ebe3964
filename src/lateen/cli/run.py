"""`lateen run --name N -- COMMAND`."""

import os

import click

from lateen.cli.attach import attach
from lateen.cli.client import Client
from lateen.cli.errors import Exit, Failure
from lateen.cli.options import mesh_option


def parse_labels(text: str) -> dict[str, str]:
    """Read `app=x,version=v4`."""
    labels = {}
    for part in filter(None, text.split(",")):
        key, found, value = part.partition("=")
        if not found or not key:
            raise Failure(f"--labels {text!r}: {part!r} is not KEY=VALUE", Exit.MISUSE)
        labels[key.strip()] = value.strip()
    return labels


@click.command("run", context_settings={"ignore_unknown_options": True})
@mesh_option
@click.option("--name", required=True, help="Name of the workload.")
@click.option("-n", "--namespace", default="default", show_default=True)
@click.option("-l", "--labels", default="", help="Labels, as app=x,version=v4; without them app=NAME.")
@click.option(
    "--port",
    "ports",
    type=click.IntRange(1, 65535),
    multiple=True,
    help="Port it listens on; ready when open.",
)
@click.option("--service-account", default="default", show_default=True)
@click.argument("command_line", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
def command(
    mesh: str,
    name: str,
    namespace: str,
    labels: str,
    ports: tuple[int, ...],
    service_account: str,
    command_line: tuple[str, ...],
) -> int:
    """Add one local process to the running mesh as a workload, until it ends or Ctrl-C.

    It gets an address, a sidecar and the mesh's names; services whose selector matches its labels send it requests.

    Example: lateen run --name reviews-v4 --labels app=reviews,version=v4 --port 9080 -- python3 reviews.py
    """
    request = {
        "op": "run",
        "name": name,
        "namespace": namespace,
        "labels": parse_labels(labels) or {"app": name},
        "ports": list(ports),
        "service_account": service_account,
        "argv": list(command_line),
        "env": dict(os.environ),
        "cwd": os.getcwd(),  # noqa: PTH109  a text for the other side
    }
    return attach(Client(mesh).state, request, quiet=False)
