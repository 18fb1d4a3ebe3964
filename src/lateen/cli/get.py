"""`lateen get`."""

from typing import Any

import click

from lateen.api.registry import Kind
from lateen.cli import columns, options
from lateen.cli.client import Client
from lateen.cli.errors import Failure
from lateen.cli.hidden import without_values
from lateen.cli.kinds import Wanted, label, wanted
from lateen.cli.output import data, dumped, note, table

Row = dict[str, Any]


@click.command("get")
@click.argument("words", nargs=-1, metavar="KIND [NAME]...", shell_complete=options.complete_objects)
@options.namespace_option
@options.all_namespaces_option
@options.selector_option
@options.output_option("wide", "json", "yaml", "name")
@click.option("--show-secrets", is_flag=True, help="Print the values of Secrets, too, with -o json or yaml.")
@options.mesh_option
def command(
    words: tuple[str, ...],
    namespace: str,
    all_namespaces: bool,
    selector: str,
    output: str | None,
    show_secrets: bool,
    mesh: str,
) -> None:
    """List objects of the running mesh.

    KIND is a kind, its plural or short name (vs, dr, gw, se, svc, deploy, po, ns, cm), several with commas, or all. KIND/NAME
    works, too. Unlike kubectl's, -o json and yaml show only the sizes of a Secret's values.
    """
    what = wanted(words)
    rows = fetch(Client(mesh), what, options.namespaced(namespace, everywhere=all_namespaces), selector)
    if output in ("json", "yaml"):
        shown = rows if show_secrets else [(kind, _without_values(row)) for kind, row in rows]
        data(dumped(_documents(what, shown), output))
    elif output == "name":
        for kind, row in rows:
            data(f"{label(kind.name)}/{row['document']['metadata']['name']}")
    elif rows:
        data(_tables(rows, wide=output == "wide", everywhere=all_namespaces))
    else:
        note(
            "No resources found"
            + ("." if all_namespaces else f" in {namespace or options.DEFAULT_NAMESPACE} namespace.")
        )


def fetch(client: Client, what: Wanted, namespace: str, selector: str) -> list[tuple[Kind, Row]]:
    """Return the objects that a command line names.

    Raises:
        Failure: one that is named is not there; all such are listed.
    """
    rows = {kind: _of_kind(client, kind, namespace, selector) for kind in what.kinds}
    if not what.names:
        return [(kind, row) for kind in what.kinds for row in rows[kind]]
    found, missing = [], []
    for kind, name in what.names:
        same = [row for row in rows[kind] if row["document"]["metadata"]["name"] == name]
        found += [(kind, row) for row in same]
        missing += [] if same else [_missing(kind, name, namespace, rows[kind])]
    if missing:
        raise Failure("\nerror: ".join(missing))
    return found


def _of_kind(client: Client, kind: Kind, namespace: str, selector: str) -> list[Row]:
    query = {"kind": kind.name, "namespace": namespace if kind.namespaced else "", "selector": selector}
    answer: list[Row] = client.get("/v1/objects", **{key: value for key, value in query.items() if value})
    return answer


def _missing(kind: Kind, name: str, namespace: str, rows: list[Row]) -> str:
    import difflib  # noqa: PLC0415  only on the way to an error

    near = difflib.get_close_matches(name, [row["document"]["metadata"]["name"] for row in rows], 1)
    where = f" in namespace {namespace}" if namespace and kind.namespaced else ""
    return f"{label(kind.name)} {name!r} not found{where}" + (f"; did you mean {near[0]}?" if near else "")


def _without_values(row: Row) -> Row:
    return {**row, "document": without_values(row["document"])}


def _documents(what: Wanted, rows: list[tuple[Kind, Row]]) -> object:
    if len(what.names) == 1 and len(rows) == 1:
        return rows[0][1]["document"]
    return {"apiVersion": "v1", "kind": "List", "items": [row["document"] for _, row in rows]}


def _tables(rows: list[tuple[Kind, Row]], *, wide: bool, everywhere: bool) -> str:
    kinds = list(dict.fromkeys(kind for kind, _ in rows))
    parts = []
    for kind in kinds:
        spaces = everywhere and kind.namespaced
        prefix = f"{label(kind.name)}/" if len(kinds) > 1 else ""
        lines = [
            columns.cells(kind.name, row, wide=wide, everywhere=spaces, prefix=prefix)
            for other, row in rows
            if other == kind
        ]
        parts.append(table(columns.headers(kind.name, wide=wide, everywhere=spaces), lines))
    return "\n\n".join(parts)
