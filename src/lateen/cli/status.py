"""`lateen status`."""

from typing import Any

import click

from lateen.cli import options
from lateen.cli.age import age
from lateen.cli.client import Client
from lateen.cli.findings_text import finding_text
from lateen.cli.output import data, dumped, table

HEADERS = ("NAMESPACE", "WORKLOAD", "READY", "STATUS", "RESTARTS", "ADDRESS", "AGE")


@click.command("status")
@options.output_option("json", "yaml")
@options.mesh_option
def command(output: str | None, mesh: str) -> None:
    """Show what runs, where, and what is wrong."""
    client = Client(mesh)
    status = client.get("/v1/mesh")
    workloads, findings = client.get("/v1/workloads"), client.get("/v1/findings")
    if output:
        data(dumped({**status, "workload_rows": workloads, "findings": findings}, output))
    else:
        data("\n\n".join(part for part in _parts(status, workloads, findings) if part))


def _parts(
    status: dict[str, Any], workloads: list[dict[str, Any]], findings: list[dict[str, Any]]
) -> list[str]:
    return [
        _head(status),
        table(HEADERS, [_line(row) for row in workloads]) if workloads else "",
        "\n".join(_port(port) for port in status["host_ports"]),
        "\n".join(finding_text(row) for row in findings),
    ]


def _head(status: dict[str, Any]) -> str:
    lines = [
        f"mesh {status['mesh']}: up {age(status['since'])}, pid {status['pid']}, lateen {status['version']}",
        f"workloads: {status['ready']} of {status['workloads']} ready; proxies: {status['synced']} of {status['proxies']} in sync",
        f"objects: {', '.join(f'{count} {kind}' for kind, count in status['objects'].items()) or 'none'}",
        f"state and logs: {status['directory']}",
    ]
    watched = [f"watching: {', '.join(status['paths'])}"] if status["paths"] else []
    return "\n".join([*lines, *watched])


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    ready = "yes" if row["ready"] else "no"
    words = f"{row['state']} ({row['message']})" if row["message"] else row["state"]
    return (
        row["namespace"],
        row["pod"],
        ready,
        words,
        str(row["restarts"]),
        row["address"],
        age(row["since"]),
    )


def _port(port: dict[str, Any]) -> str:
    scheme = {"HTTP": "http://", "HTTPS": "https://"}.get(port["protocol"], "")
    return f"{scheme}{port['address']}:{port['port']} → {port['pod']}, port {port['mesh_port']}"
