"""`lateen explain`."""

from typing import TYPE_CHECKING

import click

from lateen.cli import options
from lateen.cli.errors import Exit, Failure
from lateen.cli.output import data, dumped, note

if TYPE_CHECKING:
    from lateen.cli.explain_log import Logged
    from lateen.mesh import Mesh
    from lateen.simulate.explain_request import Request
    from lateen.simulate.explain_types import Explanation


@click.command("explain")
@click.argument("words", nargs=-1, metavar="[METHOD] URL")
@click.option(
    "-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A request header. Repeatable."
)
@click.option(
    "--from",
    "source",
    default="",
    metavar="WORKLOAD|gateway",
    help="Who sends it; gateway: somebody outside.",
)
@click.option("--sni", default="", metavar="NAME", help="The server name of TLS  [default: the URL's host]")
@click.option("--tls", is_flag=True, help="The client opens TLS, whatever the URL says.")
@click.option("--http2", is_flag=True, help="The client speaks HTTP/2.")
@click.option("--log-line", default="", metavar="LINE", help="Explain a line of a proxy's access log.")
@click.option(
    "--request-id", default="", metavar="ID", help="Find a request in the access logs of the running mesh."
)
@options.files_option
@click.option(
    "--mesh-config", metavar="FILE", help="The mesh's settings: a MeshConfig, or the ConfigMap that holds it."
)
@options.namespace_option
@options.output_option("text", "json", "yaml")
@options.mesh_option
def command(
    words: tuple[str, ...],
    headers: tuple[str, ...],
    source: str,
    sni: str,
    tls: bool,
    http2: bool,
    log_line: str,
    request_id: str,
    filenames: tuple[str, ...],
    recursive: bool,
    mesh_config: str | None,
    namespace: str,
    output: str | None,
    mesh: str,
) -> int:
    """Show the way of a request step by step, why it is so, and which line of YAML says it.

    Listener, filter chain, virtual host, every route that was tried with the first condition that failed, the route taken,
    each value in force and who says it, cluster, endpoints, and the server's side. tcp://HOST:PORT and tls://HOST:PORT are
    connections. Without -f the rules are those of the running mesh.
    """
    if (bool(log_line) + bool(request_id) + bool(words)) != 1:
        raise Failure("say METHOD URL, or --log-line, or --request-id", Exit.MISUSE)
    logged, source = _logged(log_line, request_id, source, mesh)
    request = _request(words, headers, sni, logged, tls=tls, http2=http2)
    if not source:
        raise Failure("say who sends the request: --from WORKLOAD, or --from gateway", Exit.MISUSE)
    loaded = _mesh(filenames, mesh_config, namespace or options.DEFAULT_NAMESPACE, mesh, recursive=recursive)
    found = _explained(loaded, request, source, namespace or options.DEFAULT_NAMESPACE)
    _print(found, output or "text", logged)
    return Exit.OK


def _logged(log_line: str, request_id: str, source: str, mesh: str) -> "tuple[Logged | None, str]":
    """Find the request in a log, and who sent it."""
    if not log_line and not request_id:
        return None, source
    from lateen.cli import explain_log  # noqa: PLC0415  with it comes a client of HTTP

    return (explain_log.parsed(log_line), source) if log_line else explain_log.found(mesh, request_id, source)


def _request(
    words: tuple[str, ...],
    headers: tuple[str, ...],
    sni: str,
    logged: "Logged | None",
    *,
    tls: bool,
    http2: bool,
) -> "Request":
    from lateen.simulate.explain_request import Request  # noqa: PLC0415

    pairs = tuple(_header(text) for text in headers)
    if logged is not None:
        return Request(logged.method, logged.url, (*logged.headers, *pairs), sni or logged.sni, tls, http2)
    if len(words) > 2:
        raise Failure(f"too many words: {' '.join(words)}; say METHOD URL", Exit.MISUSE)
    method, url = words if len(words) > 1 else ("GET", words[0])
    return Request(method, url, pairs, sni, tls, http2)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":") if not text.startswith(":") else (text, "", "")
    if not colon or not name.strip():
        raise Failure(f"-H {text!r}: write NAME: VALUE", Exit.MISUSE)
    return name.strip(), value.strip()


def _mesh(
    filenames: tuple[str, ...], mesh_config: str | None, namespace: str, mesh: str, *, recursive: bool
) -> "Mesh":
    from lateen.cli.check_rows import loaded  # noqa: PLC0415  a quarter of a second that `--help` does not need
    from lateen.mesh import load  # noqa: PLC0415

    if not filenames:
        from lateen.cli.live.objects import live_objects  # noqa: PLC0415

        return load(live_objects(mesh), mesh_config=mesh_config)
    made = load(loaded(filenames, namespace, recursive=recursive), mesh_config=mesh_config)
    wrong = sum(finding.level == "Error" for finding in made.validation)
    if wrong:
        note(
            f"{wrong} error{'s' if wrong > 1 else ''} in the files; objects that are refused are not in force: lateen check"
        )
    return made


def _explained(loaded: "Mesh", request: "Request", source: str, namespace: str) -> "Explanation":
    if source != "gateway" and not loaded.objects("Pod"):
        note(
            f"no workloads are known; {source} is taken for one with the label app: {source.partition('.')[0]}"
        )
    try:
        return loaded.explain(request, source, namespace)
    except LookupError as error:
        raise Failure(str(error.args[0])) from error
    except ValueError as error:
        raise Failure(str(error), Exit.MISUSE) from error


def _print(found: "Explanation", output: str, logged: "Logged | None") -> None:
    import msgspec  # noqa: PLC0415

    from lateen.cli import explain_text  # noqa: PLC0415

    if output != "text":
        data(dumped(msgspec.to_builtins(found), output))
        return
    data(explain_text.text(found))
    if logged is not None:
        data(explain_text.compared(found, logged))
