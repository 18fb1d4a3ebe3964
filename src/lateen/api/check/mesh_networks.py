"""MeshNetworks (agent/validation.go ValidateMeshNetworks). Paths begin at its own fields."""

from lateen.api.check.primitives.addresses import is_ip, subnet
from lateen.api.check.primitives.dns import fqdn, is_label
from lateen.api.check.primitives.numbers import port
from lateen.api.check.report import Report
from lateen.api.mesh_config import IstioNetworkGateway, MeshNetworks


def mesh_networks(report: Report, spec: MeshNetworks) -> None:
    """Check which endpoints are in which network, and how each is reached."""
    for name, network in spec.networks.items():
        path = f"networks[{name}]"
        for place, endpoints in enumerate(network.endpoints):
            where = f"{path}.endpoints[{place}]"
            if endpoints.from_cidr is not None:
                report.wrong(f"{where}.fromCidr", subnet(endpoints.from_cidr))
            elif endpoints.from_registry is not None and not is_label(endpoints.from_registry):
                report.error(
                    f"{where}.fromRegistry", f"{endpoints.from_registry!r} is not the name of a registry"
                )
        for place, gateway in enumerate(network.gateways):
            _gateway(report, f"{path}.gateways[{place}]", gateway)


def _gateway(report: Report, path: str, given: IstioNetworkGateway) -> None:
    if given.registry_service_name is not None:
        report.wrong(f"{path}.registryServiceName", fqdn(given.registry_service_name))
    elif given.address is not None and not is_ip(given.address):
        report.wrong(f"{path}.address", fqdn(given.address))
    if not 0 <= given.port <= 65535:
        report.error(f"{path}.port", f"{given.port} is not a port; ports go from 1 to 65535")
    else:
        port(report, f"{path}.port", given.port)
