"""A proxy's resources, compiled when the simulator asks for them: one request needs few of them."""

from collections.abc import Iterator
from typing import TypeVar

from google.protobuf.message import Message

from lateen.api import facts
from lateen.compile import clusters, listeners, types
from lateen.compile.resource import Resource
from lateen.compile.resources import resources
from lateen.engine import Database
from lateen.model import mesh
from lateen.model.cluster_view import cluster_view
from lateen.model.inbound import inbound_chains
from lateen.model.outbound import outbound_addresses
from lateen.model.outbound_view import outbound_view
from lateen.model.view import View
from lateen.simulate.configuration import Configuration, Messages
from lateen.simulate.request import Connection
from lateen.translate.names import parse_cluster

M = TypeVar("M", bound=Message)


class CompiledConfiguration(Configuration):
    """The resources of one view, as far as one connection needs them."""

    def __init__(
        self, db: Database, view: View, connection: Connection, messages: Messages | None = None
    ) -> None:
        """Compile the listeners that the connection may meet; `messages` are shared with other proxies."""
        self._db, self._view = db, view
        self._patched = bool(facts.refs(db, "EnvoyFilter"))  # patches add and remove: then all are needed
        whole = view.is_router or self._patched
        found = resources(db, types.LISTENER, view, None) if whole else tuple(_near(db, view, connection))
        super().__init__({types.LISTENER: found}, messages)

    def _one(self, type_url: str, name: str, kind: type[M]) -> M | None:
        key = type_url, name
        if key not in self._resources and (made := self._compiled(type_url, name)) is not None:
            self._resources[key] = made
        return super()._one(type_url, name, kind)

    def _compiled(self, type_url: str, name: str) -> Resource | None:
        if type_url == types.CLUSTER and not self._patched:
            return _cluster(self._db, self._view, name)
        found = resources(self._db, type_url, self._view, (name,))
        return next((one for one in found if one.name == name), None)


def _near(db: Database, view: View, connection: Connection) -> Iterator[Resource]:
    """Yield the listeners of a port, and those that captured connections reach first."""
    seen = outbound_view(db, view)
    made = [
        listeners.outbound(db, seen, bind, port)
        for bind, port in outbound_addresses(db, seen)
        if port == connection.port
    ]
    made.append(listeners.http_proxy(db, seen))
    made += [listeners.bound_inbound(db, view, one) for one in inbound_chains(db, view) if one.bound]
    if view.interception != mesh.NO_INTERCEPTION:
        made.append(listeners.virtual_outbound(db, seen))
        if mesh.listen_ports(db)[1] in (connection.captured_by, connection.port):
            made.append(listeners.virtual_inbound(db, view))
    yield from sorted((one for one in made if one is not None), key=lambda one: one.name)


def _cluster(db: Database, view: View, name: str) -> Resource | None:
    parsed = parse_cluster(name)
    if parsed is None:
        fixed = clusters.fixed_resource(db, view, name)
        return fixed or next(iter(resources(db, types.CLUSTER, view, (name,))), None)
    direction, port, _, host = parsed
    if direction == "inbound":
        return clusters.inbound_resource(db, view, port)
    return clusters.outbound_resource(db, cluster_view(db, view, host), host, name)
