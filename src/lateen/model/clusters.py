"""The outbound clusters of a proxy: one per visible service, port and subset, and what each is like.

Sources: pilot/pkg/networking/core/{cluster,cluster_builder,cluster_traffic_policy}.go.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from lateen.api import facts
from lateen.api.destination_rule import TcpKeepalive
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model import locality, mesh, scope, stat_names, subsets
from lateen.model.cluster_discovery import Discovery, discovery_of, is_dynamic, races
from lateen.model.defaults import CONNECT_TIMEOUT, DNS_REFRESH_RATE
from lateen.model.destination_rules import rule_for
from lateen.model.families import V6
from lateen.model.http_settings import cluster_buffer
from lateen.model.identities import identities
from lateen.model.load_assignment import inline_assignment
from lateen.model.locality import Group, Preference
from lateen.model.protocol import Protocol
from lateen.model.service import Port, Registry, Resolution, Service
from lateen.model.traffic_policy import Policy, policy
from lateen.model.upstream_tls import Target, UpstreamTLS, upstream_tls
from lateen.model.view import View


class Upstream(StrEnum):
    """Which HTTP a cluster speaks."""

    HTTP1 = "HTTP1"
    HTTP2 = "HTTP2"
    CLIENT = "CLIENT"
    """What the client speaks."""


class Http(msgspec.Struct, frozen=True):
    """The HTTP of a cluster."""

    upstream: Upstream = Upstream.HTTP1
    preserve_case: bool = False
    """HTTP/1 header names keep their case."""


class Identity(msgspec.Struct, frozen=True):
    """A service as metrics name it."""

    host: str
    name: str
    namespace: str


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """What an outbound cluster is like. Durations in nanoseconds."""

    host: str
    port: int
    subset: str = ""
    stat_name: str = ""
    """Empty: the cluster's own name."""
    discovery: Discovery
    service: Identity
    rule: Ref | None = None
    external: bool = False
    policy: Policy = Policy()
    http: Http = Http()
    connect_timeout: int = CONNECT_TIMEOUT
    buffer_bytes: int | None = None
    """Of one connection; None is Envoy's default."""
    keepalives: tuple[TcpKeepalive, ...] = ()
    """The mesh's, then the rule's; fields of later ones win."""
    tls: UpstreamTLS | None = None
    originates_tls: bool = False
    """The rule has TLS of its own to the service, not the mesh's."""
    preference: Preference | None = None
    panic_percent: int = 0
    looks_up: bool = False
    """The service's endpoints have names, even where a rule passes connections through."""
    dns_refresh_rate: int = DNS_REFRESH_RATE
    all_families: bool = False
    """Resolve IPv4 and IPv6, and race the two."""
    only_v6: bool = False
    """Resolve IPv6 only."""
    original_port: int = 0
    """Replaces the port that the client meant; 0 keeps it."""
    groups: tuple[Group, ...] = ()
    """Endpoints, for clusters that carry them."""
    keeps_draining: bool = False
    by_sni: bool = False
    """Connections come here by the SNI that is the cluster's name."""


@query
def outbound_keys(db: Database, view: View) -> tuple[tuple[str, int, str], ...]:
    """Return (host, port, subset) of every outbound cluster that a proxy may have, services first, subsets after."""
    found: dict[tuple[str, int, str], None] = {}
    for service in scope.services(db, scope.scope_of(db, view)):
        for port in _ports(service):
            found[service.host, port.number, ""] = None
            if not is_dynamic(service):
                for subset in subsets.names(db, view, service.host):
                    found[service.host, port.number, subset] = None
    return tuple(found)


def outbound(db: Database, view: View, host: str, number: int, subset: str) -> Cluster | None:
    """Describe one outbound cluster; None when there is none, as for names to resolve without any endpoint."""
    service = scope.service(db, scope.scope_of(db, view), host)
    port = service.port(number) if service else None
    if service is None or port is None:
        return None
    rule = rule_for(db, view, host)
    chosen = policy(db, view, host, number, subset)
    discovery, looks_up = discovery_of(db, view, service, number, subset)
    groups = inline_assignment(db, view, host, number, subset) if looks_up else ()
    # Envoy refuses LOGICAL_DNS without its one endpoint, which `distribute` may have taken away.
    needs_one = discovery is Discovery.LOGICAL_DNS and not any(group.members for group in groups)
    if needs_one or (looks_up and not groups):
        return None
    config = facts.mesh_config(db)
    http = _http(db, view, port.protocol, chosen)
    target = Target(
        http2=http.upstream is Upstream.HTTP2,
        selected=view.is_router or bool(rule and rule.selective),
        dynamic=discovery is Discovery.DYNAMIC,
        own_name=f"outbound_.{number}_.{subset}_.{host}",
        accepted=_accepted(db, service, chosen),
    )
    return Cluster(
        host=host,
        port=number,
        subset=subset,
        stat_name=_stat_name(db, service, port, subset),
        discovery=discovery,
        service=Identity(service.host, service.name, service.namespace),
        rule=rule.refs[0] if rule else None,
        external=service.external and not subset,
        policy=chosen,
        http=http,
        connect_timeout=connect_timeout(db, chosen),
        buffer_bytes=cluster_buffer(db, view),
        keepalives=keepalives(db, chosen),
        originates_tls=chosen.tls is not None and chosen.tls.mode in ("SIMPLE", "MUTUAL"),
        tls=upstream_tls(chosen.tls, target, config.tls_defaults),
        preference=locality.preference(config, chosen.load_balancer, service),
        panic_percent=_panic_percent(service, chosen),
        dns_refresh_rate=int(config.dns_refresh_rate or DNS_REFRESH_RATE),
        all_families=races(db, service),
        only_v6=view.families == V6,
        original_port=_original_port(service, port),
        looks_up=looks_up,
        groups=_carried(groups, discovery),
        keeps_draining=service.keeps_draining,
    )


def _stat_name(db: Database, service: Service, port: Port, subset: str) -> str:
    template = facts.mesh_config(db).outbound_cluster_stat_name or ""
    return stat_names.filled(template, stat_names.of_service(service), port, subset, 0)


def _http(db: Database, view: View, protocol: Protocol, chosen: Policy) -> Http:
    mesh_policy = facts.mesh_config(db).h2_upgrade_policy or ""
    return following_client(upgraded(http_of(db, view, protocol), protocol, chosen, mesh_policy), chosen)


def http_of(db: Database, view: View, protocol: Protocol) -> Http:
    """Choose the HTTP of a port before any policy; a sniffed port of a sidecar follows the client."""
    if protocol.is_http2:
        return Http(Upstream.HTTP2)
    headers = mesh.proxy_settings(db, view).proxy_headers
    preserve = bool(headers and headers.preserve_http1_header_case) and (
        protocol.is_http or protocol.is_sniffed
    )
    sniffed = protocol.is_sniffed and not view.is_router
    return Http(Upstream.CLIENT if sniffed else Upstream.HTTP1, preserve)


def upgraded(base: Http, protocol: Protocol, chosen: Policy, mesh_policy: str) -> Http:
    """Speak HTTP/2 where `h2UpgradePolicy` asks for it: the rule's for any port, the mesh's for HTTP ports alone.

    A port that already follows its client, or keeps the case of headers, has its protocol set and is not upgraded.
    """
    settings = chosen.connection_pool.http if chosen.connection_pool else None
    own = (settings.h2_upgrade_policy if settings else None) or "DEFAULT"
    upgrades = own == "UPGRADE" or (own == "DEFAULT" and mesh_policy == "UPGRADE" and protocol.is_http)
    return Http(Upstream.HTTP2) if upgrades and base == Http() else base


def following_client(base: Http, chosen: Policy) -> Http:
    """Speak what the client speaks where `useClientProtocol` asks for it."""
    settings = chosen.connection_pool.http if chosen.connection_pool else None
    if settings is None or not settings.use_client_protocol:
        return base
    return msgspec.structs.replace(base, upstream=Upstream.CLIENT)


def connect_timeout(db: Database, chosen: Policy) -> int:
    """Return the time to connect: the rule's, else the mesh's, 10s."""
    tcp = chosen.connection_pool.tcp if chosen.connection_pool else None
    own = tcp.connect_timeout if tcp else None
    return int(own or facts.mesh_config(db).connect_timeout or CONNECT_TIMEOUT)


def keepalives(db: Database, chosen: Policy) -> tuple[TcpKeepalive, ...]:
    """Return the settings of TCP keep-alive that add up: the mesh's, then the rule's."""
    tcp = chosen.connection_pool.tcp if chosen.connection_pool else None
    both = (facts.mesh_config(db).tcp_keepalive, tcp.tcp_keepalive if tcp else None)
    return tuple(one for one in both if one is not None)


_DYNAMIC = frozenset({Protocol.HTTP, Protocol.TLS, Protocol.GRPC, Protocol.HTTP2})


def _ports(service: Service) -> Iterable[Port]:
    if service.resolution is Resolution.ALIAS:
        return ()
    allowed = (port for port in service.ports if port.protocol is not Protocol.UDP)
    return (port for port in allowed if port.protocol in _DYNAMIC) if is_dynamic(service) else allowed


def _accepted(db: Database, service: Service, chosen: Policy) -> tuple[str, ...]:
    """Return the names that TLS to a ServiceEntry expects when the rule gives none."""
    if service.registry is not Registry.EXTERNAL or chosen.tls is None:
        return ()
    return identities(db, service.host, service.namespace)


def _original_port(service: Service, port: Port) -> int:
    """Return the port that replaces the client's, for a ServiceEntry that passes traffic through."""
    if service.registry is not Registry.EXTERNAL or service.resolution is not Resolution.PASSTHROUGH:
        return 0
    return port.target_port if isinstance(port.target_port, int) else 0


def _panic_percent(service: Service, chosen: Policy) -> int:
    """Return the healthy share below which Envoy uses all endpoints; 0 is never, as unready ones are sent too."""
    detection = chosen.outlier_detection
    if detection is None or locality.distribution(service):
        return 0
    return max(detection.min_health_percent or 0, 0)


def _carried(groups: tuple[Group, ...], discovery: Discovery) -> tuple[Group, ...]:
    if discovery is Discovery.LOGICAL_DNS:
        return _one_endpoint(groups)
    return groups if discovery.is_dns else ()


def _one_endpoint(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """Keep one endpoint: Envoy refuses a LOGICAL_DNS cluster with more."""
    first = next((group for group in groups if group.members), None)
    if first is None:
        return groups[:1]
    member = first.members[0]
    weight = first.weight if len(first.members) == 1 else member.weight
    return (msgspec.structs.replace(first, members=(member,), weight=weight, priority=0),)
