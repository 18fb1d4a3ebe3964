"""`lateen proxy-config`: what the real Envoy of a workload holds at this moment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import click

from lateen.cli import options
from lateen.cli.client import Client
from lateen.cli.envoy import clusters, endpoints, listeners, routes, secrets
from lateen.cli.envoy.admin import Admin
from lateen.cli.output import data, dumped
from lateen.cli.resolving import workload

F = TypeVar("F", bound=Callable[..., Any])


class _Aliases(click.Group):
    """Plurals and istioctl's short names work, too."""

    NAMES: ClassVar = {
        "c": "cluster",
        "l": "listener",
        "r": "route",
        "ep": "endpoint",
        "b": "bootstrap",
        "s": "secret",
        "a": "all",
    }

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return super().get_command(ctx, self.NAMES.get(name, name.removesuffix("s")))


@click.group("proxy-config", cls=_Aliases)
def command() -> None:
    """Show what a workload's Envoy holds, read from Envoy itself.

    WORKLOAD is a pod, a Deployment, NAME.NAMESPACE, or the value of the label app. -o json and yaml print Envoy's own dump.
    """


def _common(function: F) -> F:
    for option in (
        options.mesh_option,
        options.output_option("short", "json", "yaml"),
        options.namespace_option,
        click.argument("name", metavar="WORKLOAD", shell_complete=options.complete_workloads),
    ):
        function = option(function)
    return function


def admin_of(mesh: str, name: str, namespace: str) -> Admin:
    """Find the Envoy of a workload."""
    client = Client(mesh)
    row = workload(client, name, namespace)
    directory = Path(row["directory"]) if row["directory"] else client.state.workload(row["pod"])
    return Admin(directory / "admin.sock", row["pod"])


def _print(output: str | None, value: object, summary: Callable[[], str]) -> None:
    data(dumped(value, output) if output in ("json", "yaml") else summary())


@command.command("cluster")
@_common
@click.option("--fqdn", default="", help="Only hosts that contain this.")
@click.option("--port", default=0, help="Only this service port.")
@click.option("--subset", default="", help="Only this subset.")
@click.option(
    "--direction", type=click.Choice(["inbound", "outbound"]), default=None, help="Only this direction."
)
def cluster(
    name: str,
    namespace: str,
    output: str | None,
    mesh: str,
    fqdn: str,
    port: int,
    subset: str,
    direction: str | None,
) -> None:
    """Show the clusters."""
    found = admin_of(mesh, name, namespace).resources("ClustersConfigDump")
    kept = clusters.chosen(found, fqdn, port, subset, direction or "")
    _print(output, kept, lambda: clusters.summary(kept))


@command.command("listener")
@_common
@click.option("--address", default="", help="Only this address.")
@click.option("--port", default=0, help="Only this port.")
@click.option("--type", "kind", default="", help="Only HTTP, TCP or HTTP+TCP.")
@click.option("--name", "listener_name", default="", help="Only the listener of this name.")
def listener(
    name: str,
    namespace: str,
    output: str | None,
    mesh: str,
    address: str,
    port: int,
    kind: str,
    listener_name: str,
) -> None:
    """Show the listeners, one line per filter chain."""
    found = admin_of(mesh, name, namespace).resources("ListenersConfigDump")
    kept = listeners.chosen(found, address, port, kind, listener_name)
    _print(output, kept, lambda: listeners.summary(kept))


@command.command("route")
@_common
@click.option("--name", "route_name", default="", help="Only the route configuration of this name.")
def route(name: str, namespace: str, output: str | None, mesh: str, route_name: str) -> None:
    """Show the routes."""
    kept = routes.chosen(admin_of(mesh, name, namespace).resources("RoutesConfigDump"), route_name)
    _print(output, kept, lambda: routes.summary(kept))


@command.command("endpoint")
@_common
@click.option("--address", default="", help="Only this address.")
@click.option("--port", default=0, help="Only this port.")
@click.option("--cluster", "cluster_name", default="", help="Only the cluster of this name.")
@click.option("--status", default="", help="Only with this health: healthy, unhealthy, draining…")
def endpoint(
    name: str,
    namespace: str,
    output: str | None,
    mesh: str,
    address: str,
    port: int,
    cluster_name: str,
    status: str,
) -> None:
    """Show the endpoints and their health."""
    found = admin_of(mesh, name, namespace).ask("/clusters?format=json").get("cluster_statuses", [])
    kept = endpoints.chosen(found, endpoints.Filter(address, port, cluster_name, status))
    _print(output, kept, lambda: endpoints.summary(kept))


@command.command("bootstrap")
@_common
def bootstrap(name: str, namespace: str, output: str | None, mesh: str) -> None:
    """Show the bootstrap that Envoy was started with."""
    found = admin_of(mesh, name, namespace).section("BootstrapConfigDump")
    data(dumped(found, "yaml" if output == "yaml" else "json"))


@command.command("secret")
@_common
def secret(name: str, namespace: str, output: str | None, mesh: str) -> None:
    """Show the certificates."""
    found = admin_of(mesh, name, namespace).section("SecretsConfigDump")
    _print(output, found, lambda: secrets.summary(found))


@command.command("all")
@_common
def everything(name: str, namespace: str, output: str | None, mesh: str) -> None:
    """Show clusters, listeners, routes, endpoints and certificates."""
    admin = admin_of(mesh, name, namespace)
    _print(output, admin.dump() if output in ("json", "yaml") else None, lambda: _all(admin))


def _all(admin: Admin) -> str:
    statuses = admin.ask("/clusters?format=json").get("cluster_statuses", [])
    parts = (
        clusters.summary(clusters.chosen(admin.resources("ClustersConfigDump"), "", 0, "", "")),
        listeners.summary(listeners.chosen(admin.resources("ListenersConfigDump"), "", 0, "", "")),
        routes.summary(routes.chosen(admin.resources("RoutesConfigDump"), "")),
        endpoints.summary(endpoints.chosen(statuses, endpoints.Filter())),
        secrets.summary(admin.section("SecretsConfigDump")),
    )
    return "\n\n".join(parts)
