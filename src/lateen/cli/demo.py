"""`lateen demo`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lateen.cli.options import mesh_option
from lateen.cli.up import parse_published, run_mesh

if TYPE_CHECKING:
    from lateen.local.terminal import Terminal

# Access logs cost throughput, but a demo is there to be looked into.
_SETTINGS = "accessLogFile: /dev/stdout\n"


def _tell(mesh: str, port: int, terminal: "Terminal") -> None:
    import lateen.demo  # noqa: PLC0415

    here = "" if mesh == "default" else f" --mesh {mesh}"

    examples = Path(lateen.demo.__file__).parent / "config" / "examples"
    place = f"http://127.0.0.1:{port}/productpage"
    terminal.say(f"Bookinfo: open {place} (red stars); sign in as jason: black stars")
    terminal.say(f"try in another terminal: lateen apply{here} -f {examples}/reviews-50-v3.yaml")
    terminal.say(
        f"                         lateen exec{here} productpage -- curl -s http://reviews:9080/reviews/0"
    )


@click.command("demo")
@mesh_option
@click.option(
    "--publish",
    multiple=True,
    metavar="PORT=PORT",
    help="Gateway port = port of this machine; 80=8080 by default.",
)
def command(mesh: str, publish: tuple[str, ...]) -> int:
    """Run Bookinfo on a mesh of its own until Ctrl-C.

    Six workloads, each with an Envoy sidecar, an ingress gateway, and rules in Istio's YAML.
    """
    from lateen.demo.manifests import demo_documents  # noqa: PLC0415
    from lateen.sources.mesh_settings import mesh_settings  # noqa: PLC0415

    settings = mesh_settings(_SETTINGS, "demo")
    tell = partial(_tell, mesh, parse_published(publish).get(80, 8080))
    return run_mesh(mesh, (), settings=settings, publish=publish, applied=demo_documents(), after_ready=tell)
