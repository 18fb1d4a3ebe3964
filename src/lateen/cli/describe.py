"""`lateen describe`."""

from typing import Any

import click

from lateen.cli import columns, options
from lateen.cli.age import age, moment
from lateen.cli.client import Client
from lateen.cli.findings_text import finding_text
from lateen.cli.get import fetch
from lateen.cli.kinds import wanted
from lateen.cli.output import data, dumped
from lateen.cli.words import routes_in_words

INDENT = "  "
SOURCES = {"api": "applied", "files": "watched", "local": "made by the mesh"}


@click.command("describe")
@click.argument("words", nargs=-1, metavar="KIND [NAME]...", shell_complete=options.complete_objects)
@options.namespace_option
@options.all_namespaces_option
@options.selector_option
@options.mesh_option
def command(words: tuple[str, ...], namespace: str, all_namespaces: bool, selector: str, mesh: str) -> None:
    """Show objects in detail: where they are written, what is wrong with them, and which proxies they concern."""
    client = Client(mesh)
    rows = fetch(client, wanted(words), options.namespaced(namespace, everywhere=all_namespaces), selector)
    findings = client.get("/v1/findings")
    data("\n\n\n".join(_described(client, kind.name, row, findings) for kind, row in rows))


def _described(client: Client, kind: str, row: dict[str, Any], findings: list[dict[str, Any]]) -> str:
    document = row["document"]
    metadata = document["metadata"]
    own = [one for one in findings if _is_about(one, kind, metadata)]
    place = f"{row['file']}:{row['line']}" if row["file"] else "no file"
    head = {
        "Name": metadata["name"],
        "Namespace": metadata.get("namespace", ""),
        "Kind": f"{kind} ({document['apiVersion']})",
        "Labels": _pairs(metadata.get("labels")),
        "Annotations": _pairs(metadata.get("annotations")),
        "Age": age(moment(metadata.get("creationTimestamp", "")) or row["since"]),
        "Written in": f"{place} ({SOURCES[row['source']]})",
        **{column.header.capitalize(): column.value(document) for column in columns.COLUMNS.get(kind, ())},
    }
    width = max(map(len, head)) + 2
    lines = [f"{key + ':':<{width}}{value}" for key, value in head.items() if value]
    lines += _section(
        "Routes, in order", _numbered(routes_in_words(document) if kind == "VirtualService" else [])
    )
    if kind != "Secret":
        lines += _section(
            "Spec", dumped(document.get("spec"), "yaml").splitlines() if document.get("spec") else []
        )
    lines += _section("Findings", [line for one in own for line in finding_text(one).splitlines()])
    lines += _section("Concerns the proxies", _touched(client, kind, metadata))
    return "\n".join(lines)


def _is_about(finding: dict[str, Any], kind: str, metadata: dict[str, Any]) -> bool:
    named = (finding.get("kind", ""), finding.get("namespace", ""), finding.get("name", ""))
    return named == (kind, metadata.get("namespace", ""), metadata["name"])


def _touched(client: Client, kind: str, metadata: dict[str, Any]) -> list[str]:
    answer: list[str] = client.get(
        "/v1/touching", kind=kind, namespace=metadata.get("namespace", ""), name=metadata["name"]
    )
    return answer


def _numbered(lines: list[str]) -> list[str]:
    return [f"{number}. {line}" for number, line in enumerate(lines, 1)]


def _pairs(values: dict[str, str] | None) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted((values or {}).items()))


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"{title}:", *(INDENT + line for line in lines)] if lines else []
