"""Services: what Kubernetes Services and Istio ServiceEntries have in common, with a fully qualified host.

Sources: pilot/pkg/serviceregistry/kube/conversion.go, pilot/pkg/serviceregistry/serviceentry/conversion.go.
"""

from enum import StrEnum
from operator import attrgetter

import msgspec

from lateen.api import facts
from lateen.api import kubernetes as k8s
from lateen.api.meta import Object, Ref
from lateen.api.service_entry import ServiceEntry
from lateen.engine import Database, entry_of, query
from lateen.model import host as hosts
from lateen.model import protocol, visibility
from lateen.model.auto_address import allocated_address
from lateen.model.defaults import CLUSTER_DOMAIN
from lateen.model.distribution import distribution
from lateen.model.protocol import Protocol
from lateen.model.selectors import Pairs, pairs
from lateen.model.service_entry_visibility import widest

EXPORT_TO = "networking.istio.io/exportTo"
PERSISTENT_SESSION = "istio.io/persistent-session"
PERSISTENT_SESSION_HEADER = "istio.io/persistent-session-header"


class Registry(StrEnum):
    """Where a service was declared."""

    KUBERNETES = "Kubernetes"
    EXTERNAL = "External"  # Istio's word for a ServiceEntry, MESH_INTERNAL or not


class Resolution(StrEnum):
    """How a proxy finds a service's endpoints, in Istio's words."""

    STATIC = "ClientSideLB"
    DNS = "DNSLB"
    DNS_ROUND_ROBIN = "DNSRoundRobinLB"
    PASSTHROUGH = "Passthrough"  # where the client meant to go
    DYNAMIC_DNS = "DynamicDNS"
    ALIAS = "Alias"  # ExternalName: no cluster of its own

    @property
    def is_dns(self) -> bool:
        """Envoy resolves the endpoints' names itself."""
        return self in (Resolution.DNS, Resolution.DNS_ROUND_ROBIN)


class Port(msgspec.Struct, frozen=True):
    """A service's port."""

    name: str
    number: int
    protocol: Protocol
    target_port: int | str = 0
    """The endpoint's port: a number, a container port's name (Kubernetes), or 0 for the same number."""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A named thing that proxies can send requests to."""

    host: str
    namespace: str
    name: str
    """The Kubernetes Service's name; for a ServiceEntry its host."""
    registry: Registry
    ports: tuple[Port, ...] = ()
    addresses: tuple[str, ...] = ()
    """Virtual IPs, and CIDR ranges of a ServiceEntry; empty for a headless service."""
    auto_address: str = ""
    """The address that the mesh allots to a ServiceEntry without one; for proxies with DNS capture only."""
    resolution: Resolution = Resolution.STATIC
    external: bool = False
    """MESH_EXTERNAL."""
    export_to: tuple[str, ...] = (visibility.PUBLIC,)
    """Effective: the mesh's default applied, `.` resolved."""
    selector: Pairs | None = None
    created: str = ""
    origin: Ref
    aliases: tuple[str, ...] = ()
    external_name: str = ""
    publish_not_ready: bool = False
    node_local: bool = False
    """`internalTrafficPolicy: Local`."""
    traffic_distribution: str = ""
    """SAME_ZONE, SAME_NODE (`distribution`), or empty."""
    subject_alt_names: tuple[str, ...] = ()
    labels: Pairs = ()

    @property
    def headless(self) -> bool:
        """A Kubernetes Service with `clusterIP: None`."""
        return self.registry is Registry.KUBERNETES and self.resolution is Resolution.PASSTHROUGH

    @property
    def age(self) -> tuple[str, str, str]:
        """Sort key, oldest first."""
        return self.created, self.name, self.namespace

    @property
    def keeps_draining(self) -> bool:
        """Sessions stay with an endpoint that is going away."""
        return any(
            value and key in (PERSISTENT_SESSION, PERSISTENT_SESSION_HEADER) for key, value in self.labels
        )

    def port(self, number: int) -> Port | None:
        """Return the port with this number; a UDP port of the same number is another one, and nobody asks for it."""
        found = (port for port in self.ports if port.number == number)
        return next((port for port in found if port.protocol is not protocol.Protocol.UDP), None)


_AGE = attrgetter("created", "name", "namespace")
"""As `Service.age`, in half the time."""


@query
def declared_by(db: Database, ref: Ref) -> tuple[Service, ...]:
    """Return the services that one Service or ServiceEntry declares."""
    found = facts.get(db, ref)
    if found is None:
        return ()
    if isinstance(found.spec, k8s.Service):
        return (_of_kubernetes(db, ref, found, found.spec),)
    if isinstance(found.spec, ServiceEntry):
        return _of_service_entry(db, ref, found, found.spec)
    return ()


@query
def all_services(db: Database) -> tuple[Service, ...]:
    """Return every service of the mesh, oldest first, aliases resolved."""
    refs = (*facts.refs(db, "Service"), *facts.refs(db, "ServiceEntry"))
    return _with_aliases(sorted((service for ref in refs for service in declared_by(db, ref)), key=_AGE))


@query
def by_host(db: Database) -> dict[str, tuple[Service, ...]]:
    """Return the services of each host, oldest first; a host may be declared in several namespaces."""
    index: dict[str, tuple[Service, ...]] = {}
    for service in all_services(db):
        host = service.host
        index[host] = (*index[host], service) if host in index else (service,)
    return index


@entry_of(by_host)
def of_host(db: Database, host: str) -> tuple[Service, ...] | None:
    """Return the services of one host, oldest first; None when nobody declares it."""
    return by_host(db).get(host)


@query
def service(db: Database, host: str, namespace: str) -> Service | None:
    """Return the service with this host declared in this namespace; Kubernetes before ServiceEntry."""
    found = [service for service in of_host(db, host) or () if service.namespace == namespace]
    return min(found, key=lambda service: service.registry is not Registry.KUBERNETES, default=None)


def _of_kubernetes(db: Database, ref: Ref, found: Object[k8s.Service], spec: k8s.Service) -> Service:
    meta = found.meta
    exported = tuple(part.strip() for part in meta.annotations.get(EXPORT_TO, "").split(",") if part.strip())
    default = facts.mesh_config(db).default_service_export_to
    return Service(
        host=f"{meta.name}.{meta.namespace}.svc.{CLUSTER_DOMAIN}",
        namespace=meta.namespace,
        name=meta.name,
        registry=Registry.KUBERNETES,
        ports=tuple(_kubernetes_port(port) for port in spec.ports),
        addresses=_cluster_addresses(spec),
        resolution=_kubernetes_resolution(spec),
        external=spec.type == "ExternalName",
        export_to=visibility.effective(exported, meta.namespace, default),
        selector=pairs(spec.selector) or None,
        created=meta.creation_timestamp,
        origin=ref,
        external_name=spec.external_name or "",
        publish_not_ready=bool(spec.publish_not_ready_addresses),
        node_local=spec.internal_traffic_policy == "Local",
        traffic_distribution=distribution(
            db, spec.traffic_distribution or "", meta.annotations, meta.namespace
        ),
        labels=pairs(meta.labels),
    )


def _kubernetes_port(port: k8s.ServicePort) -> Port:
    spoken = protocol.of_kubernetes_port(
        port.port, port.name or "", port.protocol or "TCP", port.app_protocol
    )
    return Port(port.name or "", port.port, spoken, port.target_port or port.port)


def _cluster_addresses(spec: k8s.Service) -> tuple[str, ...]:
    addresses = spec.cluster_ips or ((spec.cluster_ip,) if spec.cluster_ip else ())
    return tuple(address for address in addresses if address and address != "None")


def _kubernetes_resolution(spec: k8s.Service) -> Resolution:
    if spec.type == "ExternalName":
        return Resolution.ALIAS
    return Resolution.PASSTHROUGH if spec.cluster_ip == "None" else Resolution.STATIC


_RESOLUTIONS = {
    "STATIC": Resolution.STATIC,
    "DNS": Resolution.DNS,
    "DNS_ROUND_ROBIN": Resolution.DNS_ROUND_ROBIN,
    "DYNAMIC_DNS": Resolution.DYNAMIC_DNS,
}


def _of_service_entry(
    db: Database, ref: Ref, found: Object[ServiceEntry], spec: ServiceEntry
) -> tuple[Service, ...]:
    meta, default = found.meta, facts.mesh_config(db).default_service_export_to
    export = visibility.capped(
        visibility.effective(spec.export_to, meta.namespace, default),
        meta.namespace,
        widest(db, meta.namespace),
    )
    addresses = tuple(_address(address) for address in spec.addresses)
    return tuple(
        Service(
            host=hosts.lowered(host),
            namespace=meta.namespace,
            name=host,
            registry=Registry.EXTERNAL,
            ports=tuple(
                Port(port.name, port.number, protocol.parse(port.protocol or ""), port.target_port or 0)
                for port in spec.ports
            ),
            addresses=addresses,
            auto_address="" if addresses else allocated_address(db, ref, host),
            resolution=_RESOLUTIONS.get(spec.resolution or "NONE", Resolution.PASSTHROUGH),
            external=(spec.location or "MESH_EXTERNAL") == "MESH_EXTERNAL",
            export_to=export,
            selector=pairs(spec.workload_selector.labels) if spec.workload_selector else None,
            created=meta.creation_timestamp,
            origin=ref,
            traffic_distribution=distribution(db, "", meta.annotations, meta.namespace),
            subject_alt_names=spec.subject_alt_names,
            labels=pairs(meta.labels),
        )
        for host in _distinct(spec.hosts)
    )


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return every host once, as it is first written."""
    if len(names) == 1:
        return names
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(hosts.lowered(name), name)
    return tuple(found.values())


def _address(address: str) -> str:
    """Write a range of one address as that address (conversion.go: the mask is dropped)."""
    return address.removesuffix("/32") if ":" not in address else address.removesuffix("/128")


def _with_aliases(services: list[Service]) -> tuple[Service, ...]:
    """Give each concrete service the names of the ExternalName services that end at it, by namespace and name."""
    named = sorted(
        (s.namespace, s.host, s.external_name) for s in services if s.resolution is Resolution.ALIAS
    )
    if not named:
        return tuple(services)
    targets = {host: target for _, host, target in named}
    aliases: dict[str, tuple[str, ...]] = {}
    for host in targets:
        end = _follow(host, targets)
        if end not in targets:  # a circle ends nowhere
            aliases[end] = (*aliases.get(end, ()), host)
    return tuple(
        msgspec.structs.replace(s, aliases=aliases[s.host])
        if s.host in aliases and s.resolution is not Resolution.ALIAS
        else s
        for s in services
    )


def _follow(host: str, targets: dict[str, str]) -> str:
    seen = set()
    while host in targets and host not in seen:
        seen.add(host)
        host = targets[host]
    return host
