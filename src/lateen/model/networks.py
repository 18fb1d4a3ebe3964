"""Gateways between networks: endpoints of another network are replaced by the gateway that leads there.

A gateway is a Kubernetes Service with the label `topology.istio.io/network`, or an entry of the mesh's networks.
Sources: pilot/pkg/model/network.go, pilot/pkg/serviceregistry/kube/controller/network.go, ep_filters.go.
"""

from collections.abc import Iterable, Sequence
from math import lcm
from typing import Any

import msgspec

from lateen.api import facts
from lateen.api import kubernetes as k8s
from lateen.api.meta import Object
from lateen.engine import Database, query
from lateen.model import blocks
from lateen.model import host as hosts
from lateen.model.endpoint import Endpoint
from lateen.model.locality import Group, Member
from lateen.model.mesh_networks import NETWORK_LABEL, declared_gateways, gateway_services
from lateen.model.service import of_host

GATEWAY_PORT_LABEL = "networking.istio.io/gatewayPort"
GATEWAY_PORT = 15443
_MAX_WEIGHT = 4294967295


class NetworkGateway(msgspec.Struct, frozen=True, order=True):
    """Where a network is entered."""

    address: str
    port: int
    network: str


@query
def gateways(db: Database) -> tuple[NetworkGateway, ...]:
    """Return the gateways whose address is an IP, sorted; a name would need resolving."""
    numbers = blocks.refs_by_block(db, "Service")
    found = {gateway for number in numbers for gateway in _of_services(db, number)}
    found |= {NetworkGateway(address, port, name) for name, address, port in declared_gateways(db)}
    for name, host, port in gateway_services(db):
        found |= {NetworkGateway(address, port, name) for address in _outside_addresses(db, host)}
    return tuple(sorted(gateway for gateway in found if hosts.is_address(gateway.address)))


@query
def _of_services(db: Database, number: int) -> tuple[NetworkGateway, ...]:
    """Return the gateways that a block of Services is."""
    return tuple(gateway for one in blocks.objects(db, "Service", number) for gateway in _of_service(one))


def _of_service(found: Object[Any]) -> tuple[NetworkGateway, ...]:
    if not isinstance(found.spec, k8s.Service):
        return ()
    network = found.meta.labels.get(NETWORK_LABEL, "")
    label = found.meta.labels.get(GATEWAY_PORT_LABEL, "")
    port = int(label) if label.isdigit() else GATEWAY_PORT
    if not network or all(one.port != port for one in found.spec.ports):
        return ()
    return tuple(NetworkGateway(address, port, network) for address in _addresses(found.spec, found.status))


@query
def _outside_addresses(db: Database, host: str) -> tuple[str, ...]:
    """Return the addresses that a Kubernetes service has outside of its cluster."""
    for service in of_host(db, host) or ():
        found = facts.get(db, service.origin)
        if found is not None and isinstance(found.spec, k8s.Service):
            return tuple(_addresses(found.spec, found.status))
    return ()


def _addresses(spec: k8s.Service, status: object) -> Iterable[str]:
    yield from spec.external_ips
    balancer = getattr(status, "load_balancer", None)
    for ingress in getattr(balancer, "ingress", ()) or ():
        yield getattr(ingress, "ip", None) or getattr(ingress, "hostname", None) or ""


def through_gateways(db: Database, groups: Sequence[Group], network: str) -> tuple[Group, ...]:
    """Replace what lies in other networks than the proxy's by their gateways; the locality stays the original's.

    Weights are multiplied so that they divide evenly among a network's gateways. Traffic between networks finds its
    way by the SNI of the mesh's TLS, so an endpoint that is spoken to in plain text is left out.
    """
    known: dict[str, list[NetworkGateway]] = {}
    for gateway in gateways(db):
        known.setdefault(gateway.network, []).append(gateway)
    if not known:
        return tuple(groups)
    scale = lcm(*(len(entries) for entries in known.values()))
    return tuple(_group(group, known, scale, network) for group in groups)


def _group(group: Group, known: dict[str, list[NetworkGateway]], scale: int, network: str) -> Group:
    direct: list[Member] = []
    weights: dict[NetworkGateway, int] = {}
    for member in group.members:
        weight = min(member.weight * scale, _MAX_WEIGHT)
        entries = known.get(member.endpoint.network, [])
        if not entries or _is_near(member.endpoint.network, network):
            direct.append(Member(member.endpoint, weight, member.mtls))
        elif member.mtls:
            for gateway in entries:
                weights[gateway] = weights.get(gateway, 0) + weight // len(entries)
    members = (*direct, *(_entered(gateway, weights[gateway]) for gateway in sorted(weights)))
    return Group(group.locality, members, sum(member.weight for member in members), group.priority)


def _is_near(endpoint: str, proxy: str) -> bool:
    """Tell whether the endpoint is in the proxy's network; a proxy of unknown network uses known gateways."""
    return endpoint in ("", proxy)


def _entered(gateway: NetworkGateway, weight: int) -> Member:
    endpoint = Endpoint(
        address=gateway.address,
        port=gateway.port,
        network=gateway.network,
        labels=((NETWORK_LABEL, gateway.network),),
    )
    return Member(endpoint, max(weight, 1), mtls=True)
