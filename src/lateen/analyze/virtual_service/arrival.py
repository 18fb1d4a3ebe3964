"""Where the requests of a VirtualService come in: a host and a port for examples, and all the ports."""

from lateen.analyze.virtual_service.witness import concrete
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database
from lateen.model import host as hosts
from lateen.model.defaults import CLUSTER_DOMAIN, MESH_GATEWAY
from lateen.model.gateway import servers_of
from lateen.model.service import Port, Service, of_host
from lateen.model.virtual_services import gateway_name

HTTP_PORT = 80


def arrival(db: Database, one: Object[VirtualService]) -> tuple[str, int]:
    """Return a host and a port that requests for the object have."""
    if not one.spec.hosts:
        return "any.example", HTTP_PORT
    host = concrete(one.spec.hosts[0])
    ports = http_ports(services_of(db, one)) if is_mesh(one) else gateway_ports(db, one)
    return host, next(iter(sorted(ports)), HTTP_PORT)


def is_mesh(one: Object[VirtualService]) -> bool:
    """Tell whether the object is for sidecars."""
    return not one.spec.gateways or MESH_GATEWAY in one.spec.gateways


def services_of(db: Database, one: Object[VirtualService]) -> tuple[Service, ...]:
    """Return the services whose hosts the object names itself, without wildcards."""
    names = (hosts.fqdn(host, one.meta.namespace, CLUSTER_DOMAIN).lower() for host in one.spec.hosts)
    return tuple(service for name in names for service in (of_host(db, name) or ())[:1])


def is_read_as_http(port: Port) -> bool:
    """Tell whether a proxy applies HTTP rules to a port."""
    return port.protocol.is_http or port.protocol.is_sniffed


def http_ports(services: tuple[Service, ...]) -> frozenset[int]:
    """Return the numbers of the ports that carry HTTP."""
    return frozenset(port.number for service in services for port in service.ports if is_read_as_http(port))


def gateway_ports(db: Database, one: Object[VirtualService]) -> frozenset[int]:
    """Return the ports of the servers of the object's Gateways."""
    names = (gateway_name(name, one.meta.namespace) for name in one.spec.gateways if name != MESH_GATEWAY)
    refs = (Ref("Gateway", *name.split("/", 1)) for name in names if "/" in name)
    return frozenset(server.port for ref in refs for server in servers_of(db, ref))
