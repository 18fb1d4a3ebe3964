"""What a configuration does with requests that take a route, as words by field: to compare, and to show.

An effect is made of everything that Envoy is told about such requests, so that nothing that differs is overlooked; only
names, statistics, logs and where things come from are left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.config.route.v3.route_components_pb2 import Route, RouteMatch, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from google.protobuf.message import Message

from lateen.compile import types
from lateen.simulate.algebra.endpoint_words import endpoint_words
from lateen.simulate.choices import shares
from lateen.simulate.configuration import Configuration
from lateen.simulate.targets import reach
from lateen.translate import names
from lateen.translate.dump import proto_json

Fields = dict[str, str]
REWRITTEN = "the rewritten part"
NOTHING: Fields = {"answer": "404, no route"}
_LEFT_OUT = ("match", "name", "metadata", "decorator", "stat_prefix")
_SHARES = frozenset({"percentage", "default_value"})
"""Fields that hold a FractionalPercent, which is nothing on the wire when it is 0."""
_DENOMINATORS = {"HUNDRED": 1, "TEN_THOUSAND": 100, "MILLION": 10_000}
_RENAMED = (
    ("typed_per_filter_config.envoy.filters.http.fault.", "fault."),
    ("typed_per_filter_config.envoy.filters.http.cors.", "cors."),
    ("retry_policy.", "retries."),
    ("request_mirror_policies", "mirror"),
    ("redirect.", "redirect."),
    ("direct_response.", "answer."),
)


def route_key(route: Route) -> bytes:
    """Return bytes that are equal for routes that do the same with the same destinations."""
    twin = Route()
    twin.CopyFrom(route)
    for field in _LEFT_OUT:
        twin.ClearField(field)
    if rewrites_match(route):
        twin.match.path = rewritten(route.match)
    return twin.SerializeToString(deterministic=True)


def rewrites_match(route: Route) -> bool:
    """Tell whether what a route does depends on how it matched: a rewritten prefix is the one that the match names."""
    return bool(route.route.prefix_rewrite or route.redirect.prefix_rewrite)


def rewritten(match: RouteMatch) -> str:
    """Say which part of the path a rewritten prefix replaces; equal where it is always the same part."""
    kind = match.WhichOneof("path_specifier")
    if kind in ("prefix", "path_separated_prefix"):
        return f"the first {len(getattr(match, kind))} characters"
    return "all"


def level_key(configuration: RouteConfiguration, virtual_host: VirtualHost | None) -> bytes:
    """Return bytes of what a route configuration and a virtual host say about all their routes."""
    top = RouteConfiguration()
    for field, value in configuration.ListFields():
        if field.name not in ("virtual_hosts", "name", "validate_clusters"):
            _copy(top, field.name, value)
    head = VirtualHost()
    if virtual_host is not None:
        for field, value in virtual_host.ListFields():
            if field.name not in ("routes", "domains", "name", "metadata"):
                _copy(head, field.name, value)
    return top.SerializeToString(deterministic=True) + b"\0" + head.SerializeToString(deterministic=True)


def _copy(message: Message, name: str, value: Any) -> None:
    target = getattr(message, name)
    if isinstance(value, Message):
        target.CopyFrom(value)
    elif hasattr(target, "MergeFrom"):
        target.MergeFrom(value)
    else:
        setattr(message, name, value)


def destinations(route: Route) -> tuple[str, ...]:
    """Return the clusters that a route leads to, copies included."""
    action = route.route
    found = [entry.name for entry in action.weighted_clusters.clusters] or [action.cluster]
    found += [policy.cluster for policy in action.request_mirror_policies]
    return tuple(dict.fromkeys(name for name in found if name))


def answering(route: Route) -> tuple[str, ...]:
    """Return the clusters that a route takes its answers from."""
    action = route.route
    found = [one.name for one in action.weighted_clusters.clusters if one.weight.value] or [action.cluster]
    return tuple(name for name in found if name)


def route_fields(configuration: RouteConfiguration, virtual_host: VirtualHost | None, route: Route) -> Fields:
    """Say what a route does, without what lies behind its destinations."""
    json = _json_of(configuration, virtual_host, route)
    host = json["virtual_hosts"].pop()
    (own,) = host.pop("routes")
    fields: Fields = {}
    for level in (
        _without(json, ("virtual_hosts", "name", "validate_clusters")),
        _without(host, ("name", "domains", "metadata")),
    ):
        fields |= flat(level)
    own = _without(own, _LEFT_OUT)
    action = own.pop("route", {})
    fields |= {name: value for name, value in _destination(route).items() if value}
    fields |= flat(own) | flat(_action(action))
    if rewrites_match(route):
        fields[REWRITTEN] = rewritten(route.match)
    return fields


def _json_of(
    configuration: RouteConfiguration, virtual_host: VirtualHost | None, route: Route
) -> dict[str, Any]:
    top = RouteConfiguration()
    for field, value in configuration.ListFields():
        if field.name != "virtual_hosts":
            _copy(top, field.name, value)
    head = top.virtual_hosts.add()
    if virtual_host is not None:
        for field, value in virtual_host.ListFields():
            if field.name != "routes":
                _copy(head, field.name, value)
    head.routes.add().CopyFrom(route)
    return proto_json(types.ROUTE, top.SerializeToString())


def _without(found: Mapping[str, Any], left_out: Iterable[str]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in left_out}


def _destination(route: Route) -> Fields:
    action = route.route
    if action.WhichOneof("cluster_specifier") == "weighted_clusters":
        spread: dict[str, float] = {}
        for entry, share in shares((one, one.weight.value) for one in action.weighted_clusters.clusters):
            spread[entry.name] = spread.get(entry.name, 0) + share
        return {"to": weighted(spread)}
    return {"to": called(action.cluster) if action.cluster else ""}


def weighted(spread: Mapping[str, float]) -> str:
    """Write destinations with their shares."""
    if len(spread) == 1:
        return called(next(iter(spread)))
    return ", ".join(f"{share:.4g}% {called(name)}" for name, share in _percent(spread))


def _percent(spread: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    for name in sorted(spread):
        yield name, spread[name] * 100


def called(cluster: str) -> str:
    """Call a cluster as people do: `reviews.default.svc.cluster.local:9080 v1`."""
    parts = names.parse_cluster(cluster)
    if parts is None:
        return cluster
    direction, port, subset, host = parts
    if direction == "inbound":
        return f"the application's port {port}"
    return f"{host}:{port}" + (f" {subset}" if subset else "")


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what `to` says; of a weighted route keep each destination's own settings, by its name."""
    kept = _without(action, ("cluster", "weighted_clusters"))
    for entry in action.get("weighted_clusters", {}).get("clusters", ()):
        own = _without(entry, ("name", "weight"))
        if own and entry.get("weight"):
            kept[f"of {called(entry['name'])}"] = own
    return kept


def absent(cluster: str) -> str:
    """Say what becomes of a request to a cluster that is not there."""
    return f"503, there is no cluster for {called(cluster)}"


def flat(found: Mapping[str, Any]) -> Fields:
    """Write nested JSON as dotted names; headers to add and remove as one field for each header."""
    return {_renamed(name): value for name, value in _leaves("", found) if name}


def _renamed(name: str) -> str:
    for long, short in _RENAMED:
        if long in name:
            return name.replace(long, short, 1)
    return name


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    last = name.rpartition(".")[2]
    if last.endswith("_headers_to_add"):
        yield from _added(name, value)
    elif last.endswith("_headers_to_remove"):
        yield from (
            (f"{name.removesuffix('s_to_remove').replace('_', ' ')} {one.lower()}", "removed")
            for one in value
        )
    elif isinstance(value, dict) and ("numerator" in value or (not value and last in _SHARES)):
        yield (
            name,
            f"{value.get('numerator', 0) / _DENOMINATORS[value.get('denominator', 'HUNDRED')]:.6g}%",
        )
    elif isinstance(value, dict) and value:
        for key, inner in value.items():
            if key != "@type":
                yield from _leaves(f"{name}.{key}" if name else key, inner)
        if set(value) == {"@type"}:
            yield name, "yes"
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            yield from _leaves(f"{name}[{place}]" if len(value) > 1 else name, inner)
    else:
        yield name, _text(value)


def _text(value: Any) -> str:
    if value in ({}, []):
        return "yes"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return called(value) if "|" in value else value
    return str(value)


def _added(name: str, options: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    begin = name.removesuffix("s_to_add").replace("_", " ")
    together: dict[str, list[str]] = {}
    for option in options:
        overwrites = option.get("append_action", "").startswith("OVERWRITE") or option.get("append") is False
        word = "set to" if overwrites else "added"
        together.setdefault(option["header"]["key"].lower(), []).append(
            f"{word} {option['header'].get('value', '')!r}"
        )
    for key, words in together.items():
        yield f"{begin} {key}", ", ".join(words)


class Side:
    """One configuration, with what is asked of it for comparison."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self._keys: dict[str, bytes] = {}

    def cluster_key(self, name: str) -> bytes:
        """Return bytes that are equal for clusters that treat requests equally."""
        if name not in self._keys:
            self._keys[name] = self._cluster_key(name)
        return self._keys[name]

    def _cluster_key(self, name: str) -> bytes:
        cluster = self.configuration.cluster(name)
        return b"" if cluster is None else msgspec.json.encode(self._json(cluster))

    def _json(self, cluster: Cluster) -> dict[str, Any]:
        """Return a cluster and its endpoints as JSON, without what is for people and for metrics."""
        found = proto_json(types.CLUSTER, cluster.SerializeToString())
        found = _without(found, ("name", "metadata", "alt_stat_name", "eds_cluster_config"))
        assignment: ClusterLoadAssignment | None = cluster.load_assignment
        if cluster.type == Cluster.EDS:
            assignment = self.configuration.load_assignment(
                cluster.eds_cluster_config.service_name or cluster.name
            )
            found["policy"] = {} if assignment is None else _policy(assignment)
        found.pop("load_assignment", None)
        anyone = reach(self.configuration, cluster, "").targets  # not those that fail their checks
        found["endpoints"] = endpoint_words(cluster, assignment) if assignment is not None and anyone else []
        return {key: value for key, value in found.items() if value != {}}

    def cluster_fields(self, name: str) -> Fields:
        """Say how a cluster treats requests."""
        cluster = self.configuration.cluster(name)
        if cluster is None:
            return {"destination": absent(name)}
        json = self._json(cluster)
        endpoints = ", ".join(json.pop("endpoints")) or "none (503)"
        fields = {f"destination.{key}": value for key, value in flat(json).items()}
        return {
            key.replace("typed_extension_protocol_options.", ""): value for key, value in fields.items()
        } | {"endpoints": endpoints if cluster.type != Cluster.ORIGINAL_DST else "the original destination"}


def _policy(assignment: ClusterLoadAssignment) -> dict[str, Any]:
    policy: dict[str, Any] = proto_json(types.ENDPOINT, assignment.SerializeToString()).get("policy", {})
    return policy
