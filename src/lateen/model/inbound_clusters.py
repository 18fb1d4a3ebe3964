"""The inbound clusters of a sidecar: how its application is called.

Source: pilot/pkg/networking/core/cluster.go (buildInboundClusters) and cluster_builder.go (buildInboundCluster).
"""

from collections.abc import Iterable

import msgspec

from lateen.api import facts
from lateen.api.destination_rule import ConnectionPoolSettings, TcpKeepalive
from lateen.api.meta import Ref
from lateen.api.sidecar import IstioIngressListener
from lateen.engine import Database, query
from lateen.model import mesh, protocol, scope, service, stat_names
from lateen.model.clusters import (
    Http,
    Identity,
    connect_timeout,
    following_client,
    http_of,
    keepalives,
)
from lateen.model.defaults import CONNECT_TIMEOUT, INBOUND_SOURCE_ADDRESS
from lateen.model.destination_rules import Rule, inbound_rule_for
from lateen.model.families import (
    LOOPBACK,
    LOOPBACK6,
    WILDCARD,
    WILDCARD6,
    loopback,
    source,
    speaks,
)
from lateen.model.http_settings import cluster_buffer
from lateen.model.inbound import ServiceTarget, service_targets, sidecar_host
from lateen.model.service import Port
from lateen.model.traffic_policy import Policy, of_port, with_mesh_default
from lateen.model.view import View

UNIX = "unix://"


class InboundCluster(msgspec.Struct, frozen=True, kw_only=True):
    """What an inbound cluster is like. Durations in nanoseconds."""

    port: int
    """In its name: where the client's connection arrives."""
    stat_name: str = ""
    """Empty: the cluster's own name."""
    address: str = ""
    """Where the application listens: an address or a path; empty is where the client meant to go."""
    target_port: int = 0
    """Port there; 0 for a path."""
    services: tuple[Identity, ...] = ()
    """Whose port it is, for metrics."""
    rule: Ref | None = None
    policy: Policy = Policy()
    """Only its connection pool and retry budget count."""
    http: Http = Http()
    connect_timeout: int = CONNECT_TIMEOUT
    buffer_bytes: int | None = None
    """Of one connection; None is Envoy's default."""
    keepalives: tuple[TcpKeepalive, ...] = ()
    source: str = INBOUND_SOURCE_ADDRESS
    """Where calls come from."""

    @property
    def needs_source(self) -> bool:
        """Calls have to be told from the application's own: not where capture ignores them, on localhost."""
        return self.address not in (LOOPBACK, LOOPBACK6)


@query
def inbound_ports(db: Database, view: View) -> tuple[int, ...]:
    """Return the ports that a sidecar has inbound clusters for; none for a gateway."""
    if view.is_router:
        return ()
    ingress = _ingress(db, view)
    if ingress:
        return tuple(dict.fromkeys(one.port.number for one in ingress if one.port and one.port.number))
    if view.interception == mesh.NO_INTERCEPTION:
        return ()
    return tuple(sorted({target.target_port for target in service_targets(db, view)}))


@query
def inbound(db: Database, view: View, number: int) -> InboundCluster | None:
    """Describe one inbound cluster; None when a Sidecar's `defaultEndpoint` cannot be read."""
    ingress = next((one for one in _ingress(db, view) if one.port and one.port.number == number), None)
    if ingress is not None:
        return _of_ingress(db, view, ingress, number)
    targets = tuple(target for target in service_targets(db, view) if target.target_port == number)
    if not targets:
        return None
    policy = facts.mesh_config(db).inbound_traffic_policy
    to_localhost = policy is not None and policy.mode == "LOCALHOST"
    endpoint = (loopback(view.families), number) if to_localhost else ("", 0)
    return _inbound(db, view, _Served(number, targets[0].port, targets, endpoint))


def _ingress(db: Database, view: View) -> tuple[IstioIngressListener, ...]:
    declared = None if view.is_router else scope.sidecar(db, scope.scope_of(db, view))
    return declared.ingress if declared else ()


def _of_ingress(db: Database, view: View, one: IstioIngressListener, number: int) -> InboundCluster | None:
    endpoint = _endpoint(one.default_endpoint or "", view)
    if endpoint is None or one.port is None:
        return None
    port = Port(one.port.name or "", number, protocol.parse(one.port.protocol or ""))
    served = (target for target in service_targets(db, view) if target.target_port == number)
    first = next(served, None)
    own = (msgspec.structs.replace(first, port=port),) if first else ()
    return _inbound(db, view, _Served(number, port, own, endpoint))


class _Served(msgspec.Struct, frozen=True):
    """What is behind an inbound port."""

    number: int
    port: Port
    """The service's; its protocol counts."""
    targets: tuple[ServiceTarget, ...]
    endpoint: tuple[str, int]


def _inbound(db: Database, view: View, served: _Served) -> InboundCluster:
    number, port, targets = served.number, served.port, served.targets
    rule = inbound_rule_for(db, view, targets[0].host) if targets else None
    policy = _policy(db, view, number, port, rule)
    return InboundCluster(
        port=number,
        stat_name=_stat_name(db, view, served),
        address=served.endpoint[0],
        target_port=served.endpoint[1],
        services=tuple(dict.fromkeys(_identities(db, targets, port))),
        rule=rule.refs[0] if rule and rule.traffic_policy else None,
        policy=policy,
        http=following_client(http_of(db, view, port.protocol), policy),
        connect_timeout=connect_timeout(db, policy),
        buffer_bytes=cluster_buffer(db, view),
        keepalives=keepalives(db, policy),
        source=source(view.families),
    )


def _policy(db: Database, view: View, number: int, port: Port, rule: Rule | None) -> Policy:
    """Take the connection pool of the Sidecar, else of the rule of the oldest service, else of the mesh."""
    policy = with_mesh_default(db, of_port(rule.traffic_policy if rule else None, port.number))
    own = _sidecar_pool(db, view, number)
    policy = msgspec.structs.replace(policy, connection_pool=own) if own else policy
    return Policy(connection_pool=policy.connection_pool, retry_budget=policy.retry_budget)


def _sidecar_pool(db: Database, view: View, number: int) -> ConnectionPoolSettings | None:
    declared = scope.sidecar(db, scope.scope_of(db, view))
    if declared is None:
        return None
    own = (one.connection_pool for one in declared.ingress if one.port and one.port.number == number)
    return next((pool for pool in own if pool is not None), declared.inbound_connection_pool)


def _identities(db: Database, targets: tuple[ServiceTarget, ...], port: Port) -> Iterable[Identity]:
    if targets and _is_external(db, targets[0]):
        return
    for target in targets:
        if target.port.number == port.number:
            yield Identity(target.host, target.name, target.namespace)


def _is_external(db: Database, target: ServiceTarget) -> bool:
    found = service.service(db, target.host, target.namespace)
    return found is not None and found.external


def _stat_name(db: Database, view: View, served: _Served) -> str:
    """Fill the mesh's template; a Sidecar's port that no service has is named after the Sidecar."""
    template = facts.mesh_config(db).inbound_cluster_stat_name or ""
    nobody = stat_names.of_host(sidecar_host(db, view))
    named = served.targets[0].named if served.targets else nobody
    return stat_names.filled(template, named, served.port, "", served.number)


def _endpoint(text: str, view: View) -> tuple[str, int] | None:
    """Read a `defaultEndpoint`: empty, `unix://path`, or `address:port` of localhost or of the workload itself."""
    if not text:
        return "", 0
    if text.startswith(UNIX):
        return text.removeprefix(UNIX), 0
    address, _, number = text.rpartition(":")
    address = address.removeprefix("[").removesuffix("]")
    if not number.isdigit():
        return None
    own = (view.address, view.other_address)
    meant = {
        WILDCARD: next((one for one in own if one and ":" not in one), LOOPBACK),
        WILDCARD6: next((one for one in own if ":" in one), LOOPBACK6),
        LOOPBACK: loopback(view.families),
        LOOPBACK6: LOOPBACK6 if speaks(view.families, LOOPBACK6) else LOOPBACK,
    }
    return meant.get(address, address), int(number)
