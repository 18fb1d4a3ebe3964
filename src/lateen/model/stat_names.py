"""The names of statistics that the mesh's templates make (`outboundClusterStatName`, `inboundClusterStatName`).

Source: pilot/pkg/networking/telemetry/telemetry.go.
"""

import msgspec

from lateen.model.service import Port, Registry, Service

TARGET_PORT = "%TARGET_PORT%"


class Named(msgspec.Struct, frozen=True):
    """What a template calls a service."""

    short: str
    """`name.namespace` of a Kubernetes Service, else the host."""
    name: str
    """A Kubernetes Service's name, else the host."""
    host: str


NOBODY = Named("", "", "")
"""What is behind ports that nobody declares."""


def of_service(service: Service) -> Named:
    """Name a service."""
    if service.registry is Registry.KUBERNETES:
        return Named(f"{service.name}.{service.namespace}", service.name, service.host)
    return of_host(service.host)


def of_host(host: str) -> Named:
    """Name what is known by its host only."""
    return Named(host, host, host)


def filled(
    template: str, named: Named, port: Port, subset: str = "", target_port: int | str = TARGET_PORT
) -> str:
    """Fill a template; empty without one.

    Args:
        template: the mesh's.
        named: the service.
        port: its port.
        subset: of the service.
        target_port: of the workload; unset stays as it is written, as in the names of inbound listeners.
    """
    values = {
        "%SERVICE%": named.short,
        "%SERVICE_NAME%": named.name,
        "%SERVICE_FQDN%": named.host,
        "%SUBSET_NAME%": subset,
        TARGET_PORT: str(target_port),
        "%SERVICE_PORT%": str(port.number),
        "%SERVICE_PORT_NAME%": port.name,
    }
    for pattern, value in values.items():
        template = template.replace(pattern, value)
    return template
