"""`lateen apply`."""

import click

from lateen.cli import options
from lateen.cli.changes import NOT_CHANGED, seconds, tell
from lateen.cli.client import TIMEOUT, Client
from lateen.cli.reading import documents


@click.command("apply")
@options.files_option
@options.namespace_option
@click.option(
    "--diff", is_flag=True, help="Say what would change for requests, as lateen diff does; change nothing."
)
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
@click.option("--strict", is_flag=True, help="Refuse when something that the objects name is missing.")
@click.option("--wait/--no-wait", default=True, help="Wait until every proxy has it  [default: wait]")
@click.option("--timeout", default="10s", show_default=True, metavar="DURATION", help="How long to wait.")
@options.mesh_option
def command(
    filenames: tuple[str, ...],
    recursive: bool,
    namespace: str,
    diff: bool,
    dry_run: bool,
    strict: bool,
    wait: bool,
    timeout: str,
    mesh: str,
) -> int:
    """Change the running mesh from files: all objects or, when one is wrong, none.

    An object that names something missing is applied and reported (with --strict: refused). Exit code 1 when nothing was
    changed or an Envoy refused the result.
    """
    if diff:
        return _difference(filenames, namespace or options.DEFAULT_NAMESPACE, mesh, recursive=recursive)
    patience = seconds(timeout) if wait and not dry_run else 0.0
    request = {
        "documents": [
            {"name": name, "text": text} for name, text in documents(filenames, recursive=recursive)
        ],
        "namespace": namespace,
        "dry_run": dry_run,
        "strict": strict,
        "timeout": patience,
    }
    answer = Client(mesh, TIMEOUT + patience).post("/v1/apply", request, accept=(NOT_CHANGED,))
    return tell(answer, waited=patience > 0)


def _difference(filenames: tuple[str, ...], namespace: str, mesh: str, *, recursive: bool) -> int:
    from lateen.cli.diff import told  # noqa: PLC0415
    from lateen.cli.live.applied import live_and_applied  # noqa: PLC0415
    from lateen.sources.documents import Texts  # noqa: PLC0415

    found = Texts(namespace).load(documents(filenames, recursive=recursive))
    return told(*live_and_applied(mesh, found), "text")
