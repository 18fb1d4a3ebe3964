"""Everything that a proxy would receive, as proto JSON: the answer to each request that its Envoy would make.

Envoy asks for all clusters and listeners; for the endpoints of EDS clusters; for the routes and secrets that these and
the listeners name. The same walk is done here, so a dump has nothing that a proxy would not ask for.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from lateen.compile import types
from lateen.compile.resource import Resource
from lateen.compile.resources import resources
from lateen.engine import Database
from lateen.model.view import View
from lateen.translate.dump import proto_json

Json = dict[str, Any]
REDACTED = {"inline_string": "[redacted]"}
SECTIONS = ("listeners", "routes", "clusters", "endpoints", "secrets", "extensions")
"""The lists of a dump."""


class Dump:
    """The resources of one view at one moment; each list is made when it is first looked at, sorted by name.

    Do not look for the first time after the facts have changed: the lists would be of different moments.
    """

    def __init__(self, db: Database, view: View) -> None:
        """Take the facts and whose resources are wanted."""
        self._db, self._view = db, view

    @cached_property
    def clusters(self) -> list[Json]:
        """`envoy.config.cluster.v3.Cluster`."""
        return self._of(types.CLUSTER, None)

    @cached_property
    def listeners(self) -> list[Json]:
        """`envoy.config.listener.v3.Listener`."""
        return self._of(types.LISTENER, None)

    @cached_property
    def endpoints(self) -> list[Json]:
        """`envoy.config.endpoint.v3.ClusterLoadAssignment` of every EDS cluster."""
        return self._of(types.ENDPOINT, endpoint_names(self.clusters))

    @cached_property
    def routes(self) -> list[Json]:
        """`envoy.config.route.v3.RouteConfiguration` that listeners name; inline ones are in the listeners."""
        return self._of(types.ROUTE, sorted(set(named(self.listeners, "rds", "route_config_name"))))

    @cached_property
    def secrets(self) -> list[Json]:
        """`envoy.extensions.transport_sockets.tls.v3.Secret` that clusters and listeners name; keys are redacted."""
        found = self._of(types.SECRET, secret_names([*self.clusters, *self.listeners]))
        return [redacted(one) for one in found]

    @cached_property
    def extensions(self) -> list[Json]:
        """`envoy.config.core.v3.TypedExtensionConfig` that filters fetch by name."""
        return self._of(types.EXTENSION_CONFIG, extension_names(self.listeners))

    def everything(self) -> dict[str, list[Json]]:
        """Return all lists by their names."""
        return {name: getattr(self, name) for name in SECTIONS}

    def raw(self, type_url: str, names: tuple[str, ...] | None = None) -> tuple[Resource, ...]:
        """Return resources as they are sent: bytes with versions."""
        return tuple(
            resources(self._db, type_url, self._view, None if names is None else tuple(sorted(names)))
        )

    def complete(self) -> dict[str, tuple[Resource, ...]]:
        """Return everything as it is sent, by type URL."""
        wanted = {
            types.ENDPOINT: endpoint_names(self.clusters),
            types.ROUTE: sorted(set(named(self.listeners, "rds", "route_config_name"))),
            types.SECRET: secret_names([*self.clusters, *self.listeners]),
            types.EXTENSION_CONFIG: extension_names(self.listeners),
        }
        found = {kind: self.raw(kind) for kind in (types.CLUSTER, types.LISTENER)}
        return found | {kind: self.raw(kind, tuple(names)) for kind, names in wanted.items()}

    def _of(self, type_url: str, names: list[str] | None) -> list[Json]:
        found = self.raw(type_url, None if names is None else tuple(names))
        return [proto_json(type_url, one.body) for one in found]


def redacted(secret: Json) -> Json:
    """Hide what a secret keeps to itself, as Envoy's own config_dump does; the names of files stay."""
    found = dict(secret)
    certificate = secret.get("tls_certificate")
    if certificate is not None:
        found["tls_certificate"] = {
            **certificate,
            **_hidden(certificate, "private_key"),
            **_hidden(certificate, "password"),
        }
    for kind in ("session_ticket_keys", "generic_secret"):
        if kind in secret:
            found[kind] = REDACTED
    return found


def _hidden(holder: Json, key: str) -> Json:
    source = holder.get(key)
    if source is None or "filename" in source:
        return {}
    return {key: REDACTED}


def endpoint_names(clusters: list[Json]) -> list[str]:
    """Return what EDS is asked for: a cluster's `service_name`, else its name."""
    eds = (one for one in clusters if one.get("type") == "EDS")
    return sorted({one.get("eds_cluster_config", {}).get("service_name") or one["name"] for one in eds})


def secret_names(messages: list[Json]) -> list[str]:
    """Return the names of secrets that come over SDS from wherever ADS comes from."""
    return sorted({one["name"] for one in _walk(messages) if "name" in one and "sds_config" in one})


def extension_names(listeners: list[Json]) -> list[str]:
    """Return the names of filters whose configuration comes over ECDS."""
    return sorted({one["name"] for one in _walk(listeners) if "name" in one and "config_discovery" in one})


def named(messages: list[Json], holder: str, key: str) -> Iterator[str]:
    """Return the values of `key` in every message called `holder`."""
    for one in _walk(messages):
        inner = one.get(holder)
        if isinstance(inner, dict) and key in inner:
            yield inner[key]


def _walk(messages: list[Json]) -> Iterator[Json]:
    """Yield messages and all that is in them, in no order."""
    waiting: list[Any] = list(messages)
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            one = one.values()
        waiting += [inner for inner in one if isinstance(inner, dict | list)]
