"""`lateen test`."""

from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from lateen.cli import options
from lateen.cli.errors import Exit, Failure
from lateen.cli.findings_text import note_findings
from lateen.cli.output import data, note

if TYPE_CHECKING:
    from lateen.expectations.cases import Case
    from lateen.expectations.coverage import Coverage
    from lateen.expectations.engine import Engine
    from lateen.expectations.running import Result
    from lateen.sources.load import Load


@click.command("test")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-R", "--recursive", is_flag=True, help="Directories below directories, too.")
@click.option(
    "--engine",
    "engines",
    type=click.Choice(["simulator", "envoy", "live"]),
    multiple=True,
    default=("simulator",),
    show_default="simulator",
    help="What tries the requests: the simulator; a real Envoy with the proxies' resources; the running mesh. Repeatable.",
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    default=0.0,
    metavar="PERCENT",
    help="Fail when fewer rules are exercised.",
)
@click.option(
    "--junit",
    "junit_file",
    type=click.Path(dir_okay=False, writable=True),
    help="Write JUnit's XML to a file.",
)
@options.namespace_option
@options.output_option("text", "json", "junit")
@options.mesh_option
def command(
    paths: tuple[str, ...],
    recursive: bool,
    engines: tuple[str, ...],
    fail_under: float,
    junit_file: str | None,
    namespace: str,
    output: str | None,
    mesh: str,
) -> int:
    """Try the expectations that stand beside the configuration.

    PATH has both, as YAML: objects, and documents with `expectations:` or, as istio-config-validator has them, `testCases:`.
    Without PATH: the current directory. An engine that cannot tell something says so: NOT JUDGED. With the engine `live` the
    rules are those of the running mesh, and real requests are sent.

    Exit codes: 0 all hold, 1 some do not (or coverage is below --fail-under), 2 misuse, 3 no mesh runs (live).
    """
    objects, cases = _read(paths or (".",), namespace or options.DEFAULT_NAMESPACE, recursive=recursive)
    from pathlib import Path  # noqa: PLC0415

    from lateen.expectations.writing import FORMS, junit  # noqa: PLC0415

    results: list[Result] = []
    coverages = []
    for engine in dict.fromkeys(engines):
        found, coverage = _tried(engine, objects, cases, mesh)
        results += found
        coverages.append(coverage)
    coverage = min(coverages, key=lambda one: one.percent)
    data(FORMS[output or "text"](results, coverage))
    if junit_file:
        Path(junit_file).write_text(junit(results, coverage), "utf-8")
    if coverage.percent < fail_under:
        note(f"{coverage.percent:.1f}% of the rules are exercised, {fail_under:g}% should be")
        return Exit.REFUSED
    return Exit.REFUSED if any(one.problems for one in results) else Exit.OK


def _tried(engine: str, objects: "Load", cases: "list[Case]", mesh: str) -> "tuple[list[Result], Coverage]":
    from lateen.expectations.running import Run  # noqa: PLC0415

    with ExitStack() as stack:
        if engine == "live":
            from lateen.cli.live.engine import starting  # noqa: PLC0415
            from lateen.cli.live.objects import live_objects  # noqa: PLC0415

            run = Run(live_objects(mesh), cases, stack.enter_context(starting(mesh)))
        else:
            run = Run(objects, cases, _envoy(stack) if engine == "envoy" else None)
            _note_errors(run.findings)
        return run.results(), run.coverage


def _envoy(stack: ExitStack) -> "Engine":
    from lateen.twin.engine import starting  # noqa: PLC0415

    try:
        return stack.enter_context(starting())
    except OSError as error:
        raise Failure(f"--engine envoy: no Envoy could be started: {error}") from error


def _read(paths: tuple[str, ...], namespace: str, *, recursive: bool) -> "tuple[Load, list[Case]]":
    from lateen.cli.reading import documents  # noqa: PLC0415
    from lateen.expectations.cases import BadCaseError, separated  # noqa: PLC0415
    from lateen.sources.documents import Texts  # noqa: PLC0415

    try:
        texts, cases = separated(documents(paths, recursive=recursive), namespace)
    except BadCaseError as error:
        raise Failure(str(error), Exit.MISUSE) from error
    if not cases:
        raise Failure(
            f"no expectations in {', '.join(paths)}: they are documents with `expectations:`", Exit.MISUSE
        )
    return Texts(namespace).load(texts), cases


def _note_errors(findings: object) -> None:
    import msgspec  # noqa: PLC0415

    from lateen.api.finding import Finding, Level  # noqa: PLC0415
    from lateen.server.wire import finding_row  # noqa: PLC0415

    assert isinstance(findings, tuple)
    wrong = [one for one in findings if isinstance(one, Finding) and one.level is Level.ERROR]
    note_findings(msgspec.to_builtins(finding_row(one)) for one in wrong)
