"""`lateen check`."""

from typing import TYPE_CHECKING, Any

import click

from lateen.cli import options
from lateen.cli.errors import Exit, Failure
from lateen.cli.output import data, note

if TYPE_CHECKING:
    from lateen.analyze.suppression import Suppression

LEVELS = ("Error", "Warning", "Info")


def _listed(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from lateen.analyze.catalogue import CATALOGUE  # noqa: PLC0415

        for code, entry in sorted(CATALOGUE.items()):
            data(f"{code}  {entry.level:<8} {entry.name}: {entry.title}")
        ctx.exit()


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@options.files_option
@options.namespace_option
@click.option(
    "--mesh-config",
    "--meshConfigFile",
    metavar="FILE",
    help="The mesh's settings: a MeshConfig, or the ConfigMap that holds it.",
)
@click.option(
    "--failure-threshold",
    type=click.Choice(LEVELS, case_sensitive=False),
    default="Error",
    show_default=True,
    help="End with 1 when a finding of this level or above is left.",
)
@click.option(
    "--output-threshold",
    type=click.Choice(LEVELS, case_sensitive=False),
    default="Info",
    show_default=True,
    help="Print findings of this level or above; the others count for the exit code all the same.",
)
@click.option(
    "-S",
    "--suppress",
    "suppressions",
    multiple=True,
    metavar="CODE=RESOURCE",
    help='Do not tell these: -S "IST0173=DestinationRule reviews.default"; * stands for anything. Repeatable.',
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(("text", "json", "yaml", "sarif", "junit", "github")),
    default="text",
    show_default=True,
    help="How to print.",
)
@click.option(
    "--codes", is_flag=True, is_eager=True, expose_value=False, callback=_listed, help="List all codes."
)
@options.mesh_option
def command(
    paths: tuple[str, ...],
    filenames: tuple[str, ...],
    recursive: bool,
    namespace: str,
    mesh_config: str | None,
    failure_threshold: str,
    output_threshold: str,
    suppressions: tuple[str, ...],
    output: str,
    mesh: str,
) -> int:
    """Judge files before they are applied: parse, validate, analyse; without PATH the running mesh.

    Needs no server, cluster or Envoy. An object's annotation galley.istio.io/analyze-suppress: CODE,… silences findings
    about it. Exit codes: 0 nothing reaches the threshold, 1 something does, 2 wrong command line.
    """
    silent = _suppressions(suppressions)
    rows = _rows((*paths, *filenames), mesh, namespace, mesh_config, silent, recursive=recursive)
    reached = _from(failure_threshold)
    _print([row for row in rows if row["level"] in _from(output_threshold)], output, reached)
    return Exit.REFUSED if any(row["level"] in reached for row in rows) else Exit.OK


def _from(level: str) -> tuple[str, ...]:
    """Return a level and those above it."""
    return LEVELS[: LEVELS.index(level.capitalize()) + 1]


def _suppressions(texts: tuple[str, ...]) -> "tuple[Suppression, ...]":
    from fnmatch import fnmatchcase  # noqa: PLC0415

    from lateen.analyze.catalogue import CATALOGUE  # noqa: PLC0415
    from lateen.analyze.suppression import parse  # noqa: PLC0415

    try:
        found = tuple(parse(text) for text in texts)
    except ValueError as error:
        raise Failure(f"--suppress {error}", Exit.MISUSE) from error
    for one in found:
        if not any(fnmatchcase(code, one.code) for code in CATALOGUE):
            note(f"--suppress: there is no code {one.code}; --codes lists them")
    return found


def _rows(
    paths: tuple[str, ...],
    mesh: str,
    namespace: str,
    mesh_config: str | None,
    silent: "tuple[Suppression, ...]",
    *,
    recursive: bool,
) -> list[dict[str, Any]]:
    from lateen.cli import check_rows  # noqa: PLC0415  a quarter of a second that `--help` does not need

    if paths:
        space = namespace or options.DEFAULT_NAMESPACE
        return check_rows.of_files(paths, space, mesh_config, silent, recursive=recursive)
    return check_rows.of_mesh(mesh, namespace, silent)


def _print(rows: list[dict[str, Any]], output: str, reached: tuple[str, ...]) -> None:
    from lateen.cli import check_reports, check_text  # noqa: PLC0415

    if output == "junit":
        data(check_reports.as_junit(rows, reached))
        return
    if output != "text":
        data(check_reports.REPORTS[output](rows))
        return
    for row in rows:
        data(check_text.text(row))
    note(check_text.summary(rows))
