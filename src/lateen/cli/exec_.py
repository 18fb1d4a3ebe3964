"""`lateen exec WORKLOAD -- COMMAND`."""

import os

import click

from lateen.cli.attach import attach
from lateen.cli.client import Client
from lateen.cli.options import mesh_option


@click.command("exec", context_settings={"ignore_unknown_options": True})
@mesh_option
@click.option("-n", "--namespace", default="default", show_default=True, help="Namespace of the workload.")
@click.argument("workload")
@click.argument("command_line", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
def command(mesh: str, namespace: str, workload: str, command_line: tuple[str, ...]) -> int:
    """Run a command inside a workload: its network, its names, its user.

    WORKLOAD is a pod, a Deployment or the value of a pod's label `app`. Ends with the command's exit status.

    Example: lateen exec productpage -- curl -s http://reviews:9080/reviews/0
    """
    request = {
        "op": "exec",
        "workload": workload,
        "namespace": namespace,
        "argv": list(command_line),
        "env": dict(os.environ),
        "cwd": os.getcwd(),  # noqa: PTH109  a text for the other side
    }
    return attach(Client(mesh).state, request, quiet=True)
