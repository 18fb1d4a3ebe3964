"""The outbound clusters of a proxy: one per visible service, port and subset, and what each is like.

Sources: pilot/pkg/networking/core/{cluster,cluster_builder,cluster_traffic_policy}.go.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import msgspec

from lateen.api import facts
from lateen.api.destination_rule import Subset, TcpKeepalive
from lateen.api.meta import Ref
from lateen.engine import Database
from lateen.model import locality, mesh, stat_names
from lateen.model.cluster_discovery import Discovery, discovery_of, races
from lateen.model.defaults import CONNECT_TIMEOUT, DNS_REFRESH_RATE
from lateen.model.families import V6
from lateen.model.http_settings import cluster_buffer
from lateen.model.identities import identities
from lateen.model.load_assignment import inline_assignment
from lateen.model.locality import Group, Preference
from lateen.model.protocol import Protocol
from lateen.model.seen import Seen
from lateen.model.service import Port, Registry, Resolution, Service
from lateen.model.traffic_policy import Policy, of_subset, policy
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


class Traits(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """What many clusters have in common, and what most of a cluster's bytes depend on. Durations in nanoseconds."""

    discovery: Discovery
    policy: Policy = Policy()
    """Without what other fields here say: TLS, places, tunnel."""
    http: Http = Http()
    connect_timeout: int = CONNECT_TIMEOUT
    buffer_bytes: int | None = None
    """Of one connection; None is Envoy's default."""
    keepalives: tuple[TcpKeepalive, ...] = ()
    """The mesh's, then the rule's; fields of later ones win."""
    tls: UpstreamTLS | None = None
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
    keeps_draining: bool = False


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """What an outbound cluster is like."""

    host: str
    port: int
    subset: str = ""
    stat_name: str = ""
    """Empty: the cluster's own name."""
    service: Identity
    rule: Ref | None = None
    external: bool = False
    originates_tls: bool = False
    """The rule has TLS of its own to the service, not the mesh's."""
    traits: Traits
    groups: tuple[Group, ...] = ()
    """Endpoints, for clusters that carry them."""
    by_sni: bool = False
    """Connections come here by the SNI that is the cluster's name."""


class _Port(NamedTuple):
    """A port of a service as one proxy sees it, with the policy for the whole service."""

    db: Database
    view: View
    seen: Seen
    port: Port
    whole: Policy

    @property
    def number(self) -> int:
        return self.port.number


def outbound(db: Database, view: View, seen: Seen) -> Iterator[Cluster]:
    """Describe the clusters of a service: of each port the whole service's, and those of its subsets.

    Names to resolve without any endpoint have no cluster.
    """
    for port in seen.ports:
        at = _Port(db, view, seen, port, policy(db, seen.rule, port.number))
        first = _cluster(at, None, at.whole, None)
        others = (_cluster(at, one, of_subset(at.whole, one, port.number), first) for one in seen.subsets)
        yield from (one for one in (first, *others) if one is not None)


def _cluster(at: _Port, subset: Subset | None, chosen: Policy, first: Cluster | None) -> Cluster | None:
    """Describe one cluster; `first` is that of the whole service, which most of its subsets' are like."""
    db, service = at.db, at.seen.service
    discovery, looks_up = discovery_of(db, at.view, service, subset, (at.whole, chosen))
    groups = inline_assignment(db, at.view, at.seen, at.number, subset) if looks_up else ()
    # Envoy refuses LOGICAL_DNS without its one endpoint, which `distribute` may have taken away.
    needs_one = discovery is Discovery.LOGICAL_DNS and not any(group.members for group in groups)
    if needs_one or (looks_up and not groups):
        return None
    name, rule = subset.name if subset else "", at.seen.rule
    return Cluster(
        host=service.host,
        port=at.number,
        subset=name,
        stat_name=_stat_name(db, service, at.port, name),
        service=first.service if first else Identity(service.host, service.name, service.namespace),
        rule=rule.refs[0] if rule else None,
        external=service.external and not name,
        originates_tls=chosen.tls is not None and chosen.tls.mode in ("SIMPLE", "MUTUAL"),
        traits=_alike(at, chosen, (discovery, looks_up), first)
        or _traits(at, name, chosen, (discovery, looks_up)),
        groups=_carried(groups, discovery),
    )


def _alike(at: _Port, chosen: Policy, found: tuple[Discovery, bool], first: Cluster | None) -> Traits | None:
    """Return the traits of the whole service's cluster where a subset's are the same; TLS may name the subset."""
    if first is None or chosen is not at.whole or chosen.tls is not None:
        return None
    return first.traits if (first.traits.discovery, first.traits.looks_up) == found else None


def _traits(at: _Port, subset: str, chosen: Policy, found: tuple[Discovery, bool]) -> Traits:
    db, view, service, (discovery, looks_up) = at.db, at.view, at.seen.service, found
    config = facts.mesh_config(db)
    http = _http(db, view, at.port.protocol, chosen)
    target = Target(
        http2=http.upstream is Upstream.HTTP2,
        selected=view.is_router or bool(at.seen.rule and at.seen.rule.selective),
        dynamic=discovery is Discovery.DYNAMIC,
        own_name=f"outbound_.{at.number}_.{subset}_.{service.host}",
        accepted=_accepted(db, service, chosen),
    )
    return Traits(
        discovery=discovery,
        policy=_without_what_is_said_elsewhere(chosen),
        http=http,
        connect_timeout=connect_timeout(db, chosen),
        buffer_bytes=cluster_buffer(db, view),
        keepalives=keepalives(db, chosen),
        tls=upstream_tls(chosen.tls, target, config.tls_defaults),
        preference=locality.preference(config, chosen.load_balancer, service),
        panic_percent=_panic_percent(service, chosen),
        dns_refresh_rate=int(config.dns_refresh_rate or DNS_REFRESH_RATE),
        all_families=races(db, service),
        only_v6=view.families == V6,
        original_port=_original_port(service, at.port),
        looks_up=looks_up,
        keeps_draining=service.keeps_draining,
    )


def _without_what_is_said_elsewhere(chosen: Policy) -> Policy:
    """Leave out TLS, the tunnel and places: more clusters are alike then, and what is left can be hashed."""
    balancer = chosen.load_balancer
    if balancer is not None:
        balancer = msgspec.structs.replace(
            balancer, locality_lb_setting=None, zone_aware_lb_setting=None, backend_utilization=None
        )
    return msgspec.structs.replace(chosen, load_balancer=balancer, tls=None, tunnel=None)


def _stat_name(db: Database, service: Service, port: Port, subset: str) -> str:
    template = facts.mesh_config(db).outbound_cluster_stat_name
    return stat_names.filled(template, stat_names.of_service(service), port, subset, 0) if template else ""


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
    """Speak what the client speaks where `useClientProtocol` asks for it; a sniffed port no longer keeps the case then."""
    settings = chosen.connection_pool.http if chosen.connection_pool else None
    if settings is None or not settings.use_client_protocol:
        return base
    if base.upstream is Upstream.CLIENT:
        return Http(Upstream.CLIENT)
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
