"""`lateen diff`."""

from typing import TYPE_CHECKING

import click

from lateen.cli import options
from lateen.cli.errors import Exit, Failure
from lateen.cli.findings_text import note_findings
from lateen.cli.output import data, note

if TYPE_CHECKING:
    from lateen.differences.comparison import Report
    from lateen.sources.load import Load

ERROR = 2
"""The exit code of errors; as with `diff` and `kubectl diff`, 1 says that something changes."""


@click.command("diff")
@click.argument("paths", nargs=-1, metavar="[OLD] NEW")
@click.option("-R", "--recursive", is_flag=True, help="Directories below directories, too.")
@click.option("--prove", is_flag=True, help="Send every example through two real Envoys and compare.")
@options.namespace_option
@options.output_option("text", "json", "markdown")
@options.mesh_option
def command(
    paths: tuple[str, ...], recursive: bool, prove: bool, namespace: str, output: str | None, mesh: str
) -> int:
    """Say what a change does to requests: destinations, weights, policies, rewrites, rejections.

    OLD and NEW are files or directories of YAML. NEW alone is compared with the running mesh, as if it were applied. Every
    class of requests that is treated differently is listed, with an example and the line that causes it; when nothing is
    listed, no request changes.

    With --prove every example is sent through two real Envoys on this machine's loopback interface.

    Exit codes: 0 nothing changes, 1 something does, 2 error, or an Envoy that does otherwise than is said here.
    """
    if len(paths) not in (1, 2):
        raise Failure(
            "say what to compare: lateen diff OLD NEW, or lateen diff NEW with the running mesh", Exit.MISUSE
        )
    try:
        old, new = _loads(paths, namespace or options.DEFAULT_NAMESPACE, mesh, recursive=recursive)
    except Failure as failure:
        failure.exit_code = ERROR  # type: ignore[misc]
        raise
    return told(old, new, output or "text", prove=prove)


def told(old: "Load", new: "Load", output: str, *, prove: bool = False) -> int:
    """Print what changes between two sets of objects; return the exit code."""
    from lateen.differences.comparison import report  # noqa: PLC0415
    from lateen.differences.writing import FORMS  # noqa: PLC0415

    found = report(old, new)
    _note_errors(found)
    found = _proved(found, old, new) if prove else found
    data(FORMS[output](found))
    if any(one.verdict == "not proved" for one in found.proofs):
        note("Envoy does otherwise than this report says: please report it with both sets of objects")
        return ERROR
    if found.errors:
        note("objects with errors are not in force; what they would change is not part of this comparison")
        return ERROR
    return Exit.REFUSED if found.seen else Exit.OK


def _proved(found: "Report", old: "Load", new: "Load") -> "Report":
    from lateen.twin.proof import prove  # noqa: PLC0415

    try:
        return prove(found, old, new)
    except (OSError, TimeoutError) as error:
        raise Failure(f"--prove: no Envoy could be asked: {error}", Exit.MISUSE) from error


def _note_errors(found: "Report") -> None:
    import msgspec  # noqa: PLC0415

    from lateen.server.wire import finding_row  # noqa: PLC0415

    note_findings(msgspec.to_builtins(finding_row(one)) for one in found.errors)


def _loads(paths: tuple[str, ...], namespace: str, mesh: str, *, recursive: bool) -> tuple["Load", "Load"]:
    from lateen.sources.documents import Texts  # noqa: PLC0415

    texts = Texts(namespace)
    if len(paths) == 1:
        from lateen.cli.live.applied import live_and_applied  # noqa: PLC0415

        return live_and_applied(mesh, _read(paths[0], texts, recursive=recursive))
    return _read(paths[0], texts, recursive=recursive), _read(paths[1], texts, recursive=recursive)


def _read(path: str, texts: object, *, recursive: bool) -> "Load":
    from lateen.sources.documents import Texts  # noqa: PLC0415
    from lateen.sources.files import Files, Paths  # noqa: PLC0415

    assert isinstance(texts, Texts)
    found = Files(Paths((path,), recursive), texts.namespace, texts).load()
    if not found.entries:
        words = "; ".join(one.message for one in found.findings[:3])
        raise Failure(words or f"{path} has no objects", Exit.MISUSE)
    return found
