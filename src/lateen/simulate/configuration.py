"""A proxy's compiled configuration, opened: the messages that the proxy was sent, by type and name.

Messages are parsed when they are first needed and kept, so that a thousand requests cost one parse; proxies that were sent
equal resources can share what was parsed.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from google.protobuf.message import Message

from lateen.compile import types
from lateen.compile.resource import Resource
from lateen.simulate.domains import Domains

M = TypeVar("M", bound=Message)


class Messages:
    """Messages of resources, each version parsed once, and the domains of route configurations."""

    def __init__(self) -> None:
        self._parsed: dict[tuple[type[Message], str, str], Message] = {}
        self._domains: dict[int, Domains] = {}

    def parsed(self, kind: type[M], resource: Resource) -> M:
        """Return the message of a resource of a kind; what has the same name and version has the same bytes."""
        key = kind, resource.name, resource.version
        message = self._parsed.get(key)
        if message is None:
            message = self._parsed[key] = kind.FromString(resource.body)
        assert isinstance(message, kind)
        return message

    def domains(self, configuration: RouteConfiguration) -> Domains:
        """Return the index of the domains of a message that `parsed` returned."""
        key = id(configuration)  # it is kept here, so that nothing else can take its place
        if key not in self._domains:
            self._domains[key] = Domains(configuration)
        return self._domains[key]


class Configuration:
    """The resources of one proxy. Reading never changes what it answers."""

    def __init__(self, resources: Mapping[str, Iterable[Resource]], messages: Messages | None = None) -> None:
        """Take the resources by type URL; `messages` are shared with other proxies."""
        self._messages = messages if messages is not None else Messages()
        self._resources = {
            (type_url, resource.name): resource for type_url, found in resources.items() for resource in found
        }
        self._parsed: dict[tuple[str, str], Message] = {}
        self.listeners = tuple(self._all(types.LISTENER, Listener))

    def _all(self, type_url: str, kind: type[M]) -> Iterable[M]:
        for found, name in self._resources:
            if found == type_url:
                message = self._one(type_url, name, kind)
                assert message is not None
                yield message

    def _one(self, type_url: str, name: str, kind: type[M]) -> M | None:
        key = type_url, name
        message = self._parsed.get(key)
        if message is None and key in self._resources:
            message = self._parsed[key] = self._messages.parsed(kind, self._resources[key])
        assert message is None or isinstance(message, kind)
        return message

    def names(self, type_url: str) -> tuple[str, ...]:
        """Return the names of the resources of a type."""
        return tuple(name for found, name in self._resources if found == type_url)

    def route_configuration(self, name: str) -> RouteConfiguration | None:
        """Return a route configuration by its RDS name."""
        return self._one(types.ROUTE, name, RouteConfiguration)

    def cluster(self, name: str) -> Cluster | None:
        """Return a cluster."""
        return self._one(types.CLUSTER, name, Cluster)

    def load_assignment(self, name: str) -> ClusterLoadAssignment | None:
        """Return the endpoints of an EDS name."""
        return self._one(types.ENDPOINT, name, ClusterLoadAssignment)

    def domains(self, configuration: RouteConfiguration) -> Domains:
        """Return the index of a route configuration's domains; inline ones are told apart by their content."""
        if self.route_configuration(configuration.name) is not configuration:
            return Domains(configuration)
        return self._messages.domains(configuration)
