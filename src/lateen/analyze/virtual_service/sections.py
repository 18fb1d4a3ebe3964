"""LAT0114: `http`, `tls` or `tcp` rules of a VirtualService for whose protocol no server or port is.

A gateway's server carries out the rules of one section: that of HTTP in clear text or after its TLS, of TLS that it passes on, or of
other bytes (pilot/pkg/networking/core/gateway.go). HTTP rules for the ports of services are LAT0102.
"""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.gateway.subject import gateway
from lateen.analyze.report import found, joined
from lateen.analyze.virtual_service.arrival import is_mesh, services_of
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.gateway import GatewayServer, Kind, servers_of
from lateen.model.service import Port, Service
from lateen.model.virtual_services import gateway_name

SECTIONS = {
    "http": ((Kind.HTTP, Kind.HTTPS), "reads HTTP"),
    "tls": ((Kind.PASSTHROUGH,), "passes TLS on (tls.mode: PASSTHROUGH)"),
    "tcp": ((Kind.TCP, Kind.TLS), "forwards bytes (protocol: TCP, or TLS that it ends)"),
}
DOES = {
    Kind.HTTP: "reads HTTP",
    Kind.HTTPS: "ends TLS and reads HTTP",
    Kind.TCP: "forwards bytes",
    Kind.TLS: "ends TLS and forwards bytes",
    Kind.PASSTHROUGH: "passes TLS on",
    Kind.AUTO_PASSTHROUGH: "passes TLS on by itself",
}


def sections(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which sections of a VirtualService no gateway and no sidecar carries out."""
    one = virtual_service(db, ref)
    if one is None or not one.spec.hosts:
        return ()
    if not is_mesh(one):
        return tuple(_on_gateways(db, one))
    is_only_mesh = not one.spec.gateways or set(one.spec.gateways) == {MESH_GATEWAY}
    return tuple(_for_sidecars(db, one)) if is_only_mesh else ()


def _on_gateways(db: Database, one: Object[VirtualService]) -> Iterator[Finding]:
    names = dict.fromkeys(gateway_name(name, one.meta.namespace) for name in one.spec.gateways)
    refs = [Ref("Gateway", *name.split("/", 1)) for name in names if "/" in name]
    servers = [server for ref in refs for server in servers_of(db, ref)]
    if not servers or any(gateway(db, ref) is None for ref in refs):
        return
    for section, (kinds, wanted) in SECTIONS.items():
        if getattr(one.spec, section) and not any(server.kind in kinds for server in servers):
            shown = joined(dict.fromkeys(_described(server) for server in servers))
            message = (
                f"the {section} rules are ignored: no server of Gateway {joined(names)} {wanted}; {shown}"
            )
            hint = "write the rules in the section that fits, or give the Gateway another server"
            yield found(Code.SECTION_IGNORED, one.ref, f"spec.{section}", message, hint)


def _described(server: GatewayServer) -> str:
    return f"port {server.port} {DOES[server.kind]}"


def _for_sidecars(db: Database, one: Object[VirtualService]) -> Iterator[Finding]:
    """Judge `tls` and `tcp` rules when every host is a known service; a Sidecar may give a port another protocol."""
    services = services_of(db, one)
    if len(services) != len(one.spec.hosts) or facts.refs(db, "Sidecar"):
        return
    for section, is_for in (("tls", _is_tls), ("tcp", _is_tcp)):
        ports = [(service, port) for service in services for port in service.ports]
        if getattr(one.spec, section) and ports and not any(is_for(port) for _, port in ports):
            shown = joined(_port(service, port) for service, port in ports)
            message = (
                f"the {section} rules are ignored by sidecars: no port carries {section.upper()} ({shown})"
            )
            hint = "write the rules in the section that fits, or name the port by what it carries"
            yield found(Code.SECTION_IGNORED, one.ref, f"spec.{section}", message, hint)


def _is_tls(port: Port) -> bool:
    return port.protocol.is_tls


def _is_tcp(port: Port) -> bool:
    return port.protocol.is_sniffed or (port.protocol.is_tcp and not port.protocol.is_tls)


def _port(service: Service, port: Port) -> str:
    return f"{port.number} of {service.host} is {port.protocol}"
