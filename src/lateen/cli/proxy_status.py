"""`lateen proxy-status`."""

from typing import Any

import click

from lateen.cli import options
from lateen.cli.client import Client
from lateen.cli.errors import Exit, Failure
from lateen.cli.output import data, dumped, note, styled, table

TYPES = ("CDS", "LDS", "EDS", "RDS", "ECDS")
NOT_SENT = {"state": "NOT SENT"}


@click.command("proxy-status")
@click.argument("name", default="", shell_complete=options.complete_workloads)
@options.output_option("json", "yaml")
@options.mesh_option
def command(name: str, output: str | None, mesh: str) -> int:
    """Show whether every proxy has what it should; exit code 1 when an Envoy refused something.

    SYNCED: acknowledged. STALE: sent, not acknowledged yet. NOT SENT: not asked for, or nothing to send. ERROR: Envoy
    refused it and keeps the last good one; its words stand beneath the table.
    """
    rows = [row for row in Client(mesh).get("/v1/proxies") if _is(row, name)]
    if name and not rows:
        raise Failure(f"no proxy {name!r} is connected")
    if output:
        data(dumped(rows, output))
    elif rows:
        data(table(("NAME", "CLUSTER", *TYPES, "VERSION"), [_line(row) for row in rows]))
    else:
        note("No proxies are connected.")
    refused = [
        (row["name"], one["type"], words) for row in rows for one in row["types"] for words in one["errors"]
    ]
    for proxy, kind, words in refused:
        note(f"{styled(kind + ' refused', err=True, fg='red')} by {proxy}: {words}")
    return Exit.REFUSED if refused else Exit.OK


def _is(row: dict[str, Any], name: str) -> bool:
    pod = row["name"].rpartition(".")[0]
    return (
        not name
        or name in (row["name"], pod)
        or pod.startswith(f"{name}-")
        or row["name"].startswith(f"{name}-")
    )


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    states = {one["type"]: one for one in row["types"]}
    return (
        row["name"],
        row["cluster"],
        *(str(states.get(name, NOT_SENT)["state"]) for name in TYPES),
        row["version"],
    )
