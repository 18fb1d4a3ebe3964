"""The networks that MeshNetworks declares: whose endpoints are in them, and where they are entered.

What an object says of itself (a label, a WorkloadEntry's `network`) goes before. Sources: pilot/pkg/model/network.go,
pilot/pkg/serviceregistry/kube/controller/network.go.
"""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from lateen.api import facts
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model.defaults import ROOT_NAMESPACE

KUBERNETES = (
    "Kubernetes"  # Istio's name for a mesh of one Kubernetes cluster, and for the registry of its services
)
NETWORK_LABEL = "topology.istio.io/network"
Range = tuple[IPv4Network | IPv6Network, str]


def network_of(db: Database, address: str, registry: str) -> str:
    """Return the network of an address that says nothing of itself: its registry's, else the narrowest range's.

    `registry` is the cluster's name for what Kubernetes runs, empty for everything else. Of what Kubernetes runs the label
    of the namespace that Istio runs in comes first (controller.go Network).
    """
    if registry == KUBERNETES and (own := _of_kubernetes(db)):
        return own
    of_registry, ranges = _declared(db)
    if registry in of_registry:
        return of_registry[registry]
    if not ranges:
        return ""
    try:
        found = ip_address(address)
    except ValueError:
        return ""  # a name or a socket is in no range
    return next((name for one, name in ranges if found in one), "")


@query
def ranges(db: Database) -> tuple[str, ...]:
    """Return the ranges of all networks, by address (pilot/pkg/networking/util/util.go MeshNetworksToEnvoyInternalAddressConfig)."""
    found = (one for one, _ in _declared(db)[1])
    ordered = sorted(found, key=lambda one: (one.version, int(one.network_address), one.prefixlen))
    return tuple(str(one) for one in ordered)


@query
def declared_gateways(db: Database) -> tuple[tuple[str, str, int], ...]:
    """Return (network, address, port) of the gateways that are declared by their address, sorted."""
    networks = facts.mesh_networks(db).networks
    found = ((name, one.address, one.port) for name, network in networks.items() for one in network.gateways)
    return tuple(sorted((name, address, port) for name, address, port in found if address))


@query
def gateway_services(db: Database) -> tuple[tuple[str, str, int], ...]:
    """Return (network, host, port) of the gateways that are declared by their service, sorted."""
    networks = facts.mesh_networks(db).networks
    found = (
        (name, (one.registry_service_name or "").lower(), one.port)
        for name, network in networks.items()
        for one in network.gateways
    )
    return tuple(sorted(one for one in found if one[1]))


@query
def _declared(db: Database) -> tuple[dict[str, str], tuple[Range, ...]]:
    """Return the networks by registry, and by range with the narrowest first."""
    registries: dict[str, str] = {}
    ranges: list[Range] = []
    for name, network in sorted(facts.mesh_networks(db).networks.items()):
        for one in network.endpoints:
            if one.from_registry:
                registries.setdefault(one.from_registry, name)
            elif one.from_cidr and (parsed := _range(one.from_cidr)) is not None:
                ranges.append((parsed, name))
    return registries, tuple(sorted(ranges, key=lambda one: -one[0].prefixlen))


def _range(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@query
def _of_kubernetes(db: Database) -> str:
    found = facts.get(db, Ref("Namespace", "", ROOT_NAMESPACE))
    return found.meta.labels.get(NETWORK_LABEL, "") if found else ""
