"""`lateen delete`."""

from typing import Any

import click

from lateen.cli import options
from lateen.cli.changes import NOT_CHANGED, seconds, tell
from lateen.cli.client import TIMEOUT, Client
from lateen.cli.errors import Exit, Failure
from lateen.cli.get import fetch
from lateen.cli.kinds import wanted
from lateen.cli.output import note
from lateen.cli.reading import documents


@click.command("delete")
@click.argument("words", nargs=-1, metavar="[KIND [NAME]...]", shell_complete=options.complete_objects)
@options.files_option
@options.namespace_option
@options.selector_option
@click.option("--all", "everything", is_flag=True, help="All objects of the kind in the namespace.")
@click.option("--ignore-not-found", is_flag=True, help="What is not there is not an error.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
@click.option(
    "--timeout",
    default="10s",
    show_default=True,
    metavar="DURATION",
    help="How long to wait for the proxies.",
)
@options.mesh_option
def command(
    words: tuple[str, ...],
    filenames: tuple[str, ...],
    recursive: bool,
    namespace: str,
    selector: str,
    everything: bool,
    ignore_not_found: bool,
    dry_run: bool,
    timeout: str,
    mesh: str,
) -> int:
    """Delete objects from the running mesh: by name, by labels (-l), all of a kind (--all), or those in files (-f)."""
    patience = 0.0 if dry_run else seconds(timeout)
    client = Client(mesh, TIMEOUT + patience)
    try:
        if filenames:
            request = _from_files(filenames, namespace, recursive=recursive)
        else:
            request = {"objects": _named(client, words, namespace, selector, everything=everything)}
        answer = client.post(
            "/v1/delete", {**request, "dry_run": dry_run, "timeout": patience}, accept=(NOT_CHANGED,)
        )
    except Failure as failure:
        if ignore_not_found and failure.exit_code == Exit.REFUSED:
            return Exit.OK
        raise
    return tell(answer, waited=patience > 0)


def _from_files(filenames: tuple[str, ...], namespace: str, *, recursive: bool) -> dict[str, Any]:
    texts = [{"name": name, "text": text} for name, text in documents(filenames, recursive=recursive)]
    return {"objects": (), "documents": texts, "namespace": namespace}


def _named(
    client: Client, words: tuple[str, ...], namespace: str, selector: str, *, everything: bool
) -> list[dict[str, str]]:
    what = wanted(words)
    if not what.names and not selector and not everything:
        raise Failure("name the objects, or choose with -l LABELS, or say --all", Exit.MISUSE)
    rows = fetch(client, what, options.namespaced(namespace, everywhere=False), selector)
    if not rows:
        note("No resources found")
    metadata = [(kind, row["document"]["metadata"]) for kind, row in rows]
    return [
        {"kind": kind.name, "namespace": one.get("namespace", ""), "name": one["name"]}
        for kind, one in metadata
    ]
