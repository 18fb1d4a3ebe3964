"""`lateen compile`."""

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from lateen.cli import options
from lateen.cli.errors import Exit, Failure
from lateen.cli.findings_text import note_findings
from lateen.cli.output import data, dumped

if TYPE_CHECKING:
    from lateen.mesh import Mesh
    from lateen.model.view import Proxy

SECTIONS = ("listeners", "routes", "clusters", "endpoints", "secrets", "extensions")


@click.command("compile")
@options.files_option
@click.option(
    "--mesh-config", metavar="FILE", help="The mesh's settings: a MeshConfig, or the ConfigMap that holds it."
)
@click.option(
    "--proxy",
    metavar="FILE|WORKLOAD",
    default="",
    help="An xDS node as JSON or YAML, or a workload of the files.",
)
@click.option(
    "--type",
    "kind",
    type=click.Choice(["sidecar", "router"]),
    default="sidecar",
    help="Of a proxy given by flags.",
)
@click.option("--labels", default="", metavar="KEY=VALUE,…", help="Of a proxy given by flags.")
@click.option("--ip", default="10.1.1.1", show_default=True, help="Of a proxy given by flags.")
@click.option("--only", type=click.Choice(SECTIONS), multiple=True, help="Only these resources. Repeatable.")
@options.namespace_option
@options.output_option("json", "yaml")
def command(
    filenames: tuple[str, ...],
    recursive: bool,
    mesh_config: str | None,
    proxy: str,
    kind: str,
    labels: str,
    ip: str,
    only: tuple[str, ...],
    namespace: str,
    output: str | None,
) -> int:
    """Print what a proxy would receive, from files alone, as Envoy's proto JSON: a list of resources of each kind.

    Findings go to standard error; exit code 1 when an object has an error.
    """
    mesh = _load(filenames, mesh_config, namespace or options.DEFAULT_NAMESPACE, recursive=recursive)
    node = _proxy(mesh, proxy, namespace) if proxy else _by_flags(kind, labels, ip, namespace)
    dump = mesh.resources(node)
    found = {name: getattr(dump, name) for name in only or SECTIONS}
    data(dumped(found, output or "json"))
    return _report(mesh)


def _report(mesh: "Mesh") -> int:
    import msgspec  # noqa: PLC0415

    from lateen.api.finding import Level  # noqa: PLC0415
    from lateen.server.wire import finding_row  # noqa: PLC0415

    findings = mesh.findings
    note_findings(msgspec.to_builtins(finding_row(one)) for one in findings)
    return Exit.REFUSED if any(one.level is Level.ERROR for one in mesh.validation) else Exit.OK


def _load(filenames: tuple[str, ...], mesh_config: str | None, namespace: str, *, recursive: bool) -> "Mesh":
    if not filenames:
        raise Failure("say what to read with -f FILE (- is standard input)", Exit.MISUSE)
    from lateen.mesh import load, read_files  # noqa: PLC0415  a quarter of a second that `--help` does not need

    try:
        return load(read_files(filenames, namespace, recursive=recursive), mesh_config=mesh_config)
    except OSError as error:
        raise Failure(f"{error.filename}: {(error.strerror or str(error)).lower()}") from error


def _proxy(mesh: "Mesh", word: str, namespace: str) -> "Proxy":
    from lateen.mesh import proxy_of_node  # noqa: PLC0415

    path = Path(word)
    if not path.is_file():
        try:
            return mesh.proxy(word, namespace or options.DEFAULT_NAMESPACE)
        except LookupError as error:
            raise Failure(str(error.args[0])) from error
    from lateen.sources.yaml import parse  # noqa: PLC0415

    value = parse(path.read_text("utf-8")).value
    node = value.get("node", value) if isinstance(value, dict) else {}
    try:
        return proxy_of_node(node)
    except ValueError as error:
        raise Failure(f"{word}: {error}") from error


def _by_flags(kind: str, labels: str, ip: str, namespace: str) -> "Proxy":
    from lateen.model.view import Proxy, ProxyType  # noqa: PLC0415

    parts = [part.partition("=") for part in labels.split(",") if part]
    if any(not equals for _, equals, _ in parts):
        raise Failure(f"--labels {labels!r}: write KEY=VALUE,KEY=VALUE", Exit.MISUSE)
    found: ProxyType = next(one for one in get_args(ProxyType) if one == kind)
    return Proxy(
        type=found,
        address=ip,
        name="app",
        namespace=namespace or options.DEFAULT_NAMESPACE,
        labels=tuple(sorted((key, value) for key, _, value in parts)),
    )
