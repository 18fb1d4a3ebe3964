"""Every value that is in force for a request on its way upstream, and who says it."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from lateen.api import facts
from lateen.api.common import Duration
from lateen.api.destination_rule import DestinationRule, PortTrafficPolicy, TrafficPolicy
from lateen.api.meta import Ref
from lateen.engine import Database
from lateen.model import defaults
from lateen.model.destination_rules import Rule, rule_for
from lateen.model.traffic_policy import PER_PORT, policy
from lateen.model.view import View
from lateen.simulate.explain_origins import Origin
from lateen.simulate.explain_types import Cause, Owner, Setting, because
from lateen.translate.names import parse_cluster

NO_LIMIT = "no limit"
MESH = because(facts.MESH_CONFIG)


def route_settings(db: Database, origin: Origin) -> Iterator[Setting]:
    """Yield what a route says: timeout, retries, and what it changes."""
    http = origin.route.http if origin.route else None
    if http is not None and http.timeout is not None:
        yield _rule("timeout", length(http.timeout), origin.at("timeout"))
    else:
        yield Setting(name="timeout", value="none", owner="istio")
    yield from _retries(db, origin)
    for field in ("rewrite", "headers", "fault", "mirror", "mirrors", "cors_policy"):
        given = getattr(http, field, None)
        if given:
            name = {"cors_policy": "corsPolicy"}.get(field, field)
            yield _rule(name, _brief(given), origin.at(name))


def _rule(name: str, value: str, cause: Cause) -> Setting:
    return Setting(name=name, value=value, owner="rule", cause=cause)


def _brief(given: Any) -> str:
    """Write a message as flow YAML, without what is unset."""
    return msgspec.json.encode(_plain(given)).decode().replace('"', "")


def _plain(value: Any) -> Any:
    if isinstance(value, Duration):
        return length(value)
    if isinstance(value, msgspec.Struct):
        named = ((info.encode_name, getattr(value, info.name)) for info in msgspec.structs.fields(value))
        return {name: _plain(inner) for name, inner in named if inner is not None and inner not in ((), {})}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return {key: _plain(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def length(nanoseconds: int) -> str:
    """Write a duration: `3s`, `250ms`."""
    seconds = Duration(nanoseconds).seconds
    return f"{seconds:g}s" if seconds >= 1 or not seconds else f"{seconds * 1000:g}ms"


def _retries(db: Database, origin: Origin) -> Iterator[Setting]:
    own = origin.route.http.retries if origin.route else None
    mesh = facts.mesh_config(db).default_http_retry_policy
    chosen = own or mesh
    owner: Owner = "rule" if own else "mesh" if mesh else "istio"
    cause = origin.at("retries") if own else MESH if mesh else None
    attempts = (chosen.attempts or 0) if chosen else defaults.RETRY_ATTEMPTS
    yield Setting(name="retries", value=str(attempts), owner=owner, cause=cause)
    if attempts <= 0:
        return
    said = chosen.retry_on if chosen else None
    yield Setting(
        name="retry on",
        value=said or defaults.RETRY_ON,
        owner=owner if said else "istio",
        cause=cause if said else None,
    )
    if chosen and chosen.per_try_timeout is not None:
        yield Setting(name="timeout of a try", value=length(chosen.per_try_timeout), owner=owner, cause=cause)


def cluster_settings(db: Database, view: View, cluster: str) -> Iterator[Setting]:
    """Yield what the DestinationRule, the mesh, Istio or Envoy say about a cluster."""
    parsed = parse_cluster(cluster)
    if parsed is None or parsed[0] != "outbound":
        return
    _, port, subset, host = parsed
    rule = rule_for(db, view, host)
    in_force = policy(db, rule, port, rule.subset(subset) if rule and subset else None)
    places = _Places(db, rule, port, subset)
    for name, block, read, default, owner in _VALUES:
        value = read(getattr(in_force, block))
        if value:
            cause = places.of(block)
            yield Setting(name=name, value=value, owner="rule" if cause else "mesh", cause=cause or MESH)
        else:
            yield _default(db, name, default, owner)


def _default(db: Database, name: str, value: str, owner: Owner) -> Setting:
    timeout = facts.mesh_config(db).connect_timeout
    if name == "connect timeout" and timeout is not None:
        return Setting(name=name, value=length(timeout), owner="mesh", cause=MESH)
    return Setting(name=name, value=value, owner=owner)


def _read(path: str, write: Callable[[Any], str] = str) -> Callable[[Any], str]:
    """Return a function that reads a value inside a block; empty when it, or anything around it, is unset."""

    def read(block: Any) -> str:
        for part in path.split("."):
            block = getattr(block, part, None) if block is not None else None
        return write(block) if block else ""

    return read


def _balancing(block: Any) -> str:
    hashed = getattr(block, "consistent_hash", None)
    if hashed is None:
        return _read("simple")(block)
    subject = hashed.http_header_name or hashed.http_query_parameter_name
    cookie = f"cookie {hashed.http_cookie.name}" if hashed.http_cookie else ""
    return f"hash of {cookie or subject or 'the source address'}"


def _ejection(block: Any) -> str:
    return "" if block is None else _brief(block)


_VALUES: tuple[tuple[str, str, Callable[[Any], str], str, Owner], ...] = (
    ("load balancing", "load_balancer", _balancing, "LEAST_REQUEST", "istio"),
    ("connect timeout", "connection_pool", _read("tcp.connect_timeout", length), length(defaults.CONNECT_TIMEOUT), "istio"),
    ("connections", "connection_pool", _read("tcp.max_connections"), NO_LIMIT, "istio"),
    ("pending requests", "connection_pool", _read("http.http1_max_pending_requests"), NO_LIMIT, "istio"),
    ("requests", "connection_pool", _read("http.http2_max_requests"), NO_LIMIT, "istio"),
    ("outlier detection", "outlier_detection", _ejection, "off", "envoy"),
    ("TLS", "tls", _read("mode"), "none", "istio"),
)  # fmt: skip


class _Places:
    """Which field of which DestinationRule each block of a policy comes from (model/traffic_policy.py)."""

    def __init__(self, db: Database, rule: Rule | None, port: int, subset: str) -> None:
        self.db, self.rule, self.port, self.subset = db, rule, port, subset

    def of(self, block: str) -> Cause | None:
        for ref, path, given in self._candidates():
            entry = self._entry(given)
            if entry is not None and block in PER_PORT:
                index, own = entry
                if getattr(own, block) is not None:
                    return because(ref, f"{path}.portLevelSettings[{index}].{_YAML[block]}")
                continue
            if getattr(given, block) is not None:
                return because(ref, f"{path}.{_YAML[block]}")
        return None

    def _candidates(self) -> Iterator[tuple[Ref, str, TrafficPolicy]]:
        specs = [(ref, spec) for ref in (self.rule.refs if self.rule else ()) if (spec := self._spec(ref))]
        for ref, spec in specs:
            for index, subset in enumerate(spec.subsets):
                if self.subset and subset.name == self.subset and subset.traffic_policy is not None:
                    yield ref, f"spec.subsets[{index}].trafficPolicy", subset.traffic_policy
        for ref, spec in specs:
            if spec.traffic_policy is not None:
                yield ref, "spec.trafficPolicy", spec.traffic_policy
                return  # the first policy wins whole

    def _spec(self, ref: Ref) -> DestinationRule | None:
        found = facts.get(self.db, ref)
        return found.spec if found is not None and isinstance(found.spec, DestinationRule) else None

    def _entry(self, given: TrafficPolicy) -> tuple[int, PortTrafficPolicy] | None:
        entries = enumerate(given.port_level_settings)
        return next(((i, one) for i, one in entries if one.port and one.port.number == self.port), None)


_YAML = {
    "load_balancer": "loadBalancer",
    "connection_pool": "connectionPool",
    "outlier_detection": "outlierDetection",
    "tls": "tls",
    "tunnel": "tunnel",
    "proxy_protocol": "proxyProtocol",
    "retry_budget": "retryBudget",
}
