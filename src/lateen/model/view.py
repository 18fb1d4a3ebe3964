"""Proxies, and views: what matters about a proxy for its configuration.

A *proxy* is what a node says of itself over xDS. A *view* is what is left of it when everything that no rule looks at
is taken away: labels that no selector names, metadata that no EnvoyFilter matches, an address that nobody routes by.
Replicas of a workload share a view, and so every answer that is computed for it.

The node's form is Istio's (pilot/pkg/model/context.go): id `sidecar~10.1.1.1~app.default~default.svc.cluster.local`,
metadata with NAMESPACE, LABELS, INTERCEPTION_MODE and so on.
"""

from collections.abc import Mapping
from typing import Any, Literal, Self

import msgspec

from lateen.engine import Database, query
from lateen.model import workload
from lateen.model.defaults import CLUSTER_DOMAIN, TRUE
from lateen.model.families import V4, families_of, instance_addresses
from lateen.model.selectors import matched_metadata_keys, selected_label_keys

ProxyType = Literal["sidecar", "router"]
Pairs = tuple[tuple[str, str], ...]


class Proxy(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """A connected (or imagined) Envoy, as its node describes it."""

    type: ProxyType = "sidecar"
    address: str = "10.1.1.1"
    name: str = "app"
    namespace: str = "default"
    domain: str = CLUSTER_DOMAIN
    dns_domain: str = ""
    """What its names are completed with, when that is not `namespace.svc.domain`."""
    labels: Pairs = ()
    locality: str = ""
    """`region/zone/subzone`; empty when unknown."""
    metadata: Pairs = ()
    """The node's metadata: strings as they are, anything else as JSON; sorted by key."""
    structured: tuple[str, ...] = ()
    """The keys of `metadata` whose values are no strings, sorted."""

    @classmethod
    def from_node(cls, node_id: str, metadata: dict[str, Any], locality: str = "") -> Self:
        """Read an xDS node.

        Raises:
            ValueError: the id does not have the four parts `type~address~name.namespace~namespace.svc.domain`.
        """
        parts = node_id.split("~")
        if str(metadata.get("GENERATOR") or "") == "grpc":
            raise ValueError(
                "the node is a gRPC application (GENERATOR: grpc), and only Envoys are configured here"
            )
        if len(parts) != 4 or parts[0] not in ("sidecar", "router"):
            raise ValueError(f"node id {node_id!r} is not of the form type~address~name.namespace~domain")
        kind, address, name, dns = parts
        short, _, id_namespace = name.partition(".")
        namespace = str(metadata.get("NAMESPACE") or id_namespace or "default")
        domain = _cluster_domain(dns, namespace)
        labels = metadata.get("LABELS") or {}
        return cls(
            type="router" if kind == "router" else "sidecar",
            address=address,
            name=short,
            namespace=namespace,
            domain=domain,
            dns_domain="" if dns == f"{namespace}.svc.{domain}" else dns,
            labels=tuple(sorted((str(k), str(v)) for k, v in labels.items())),
            locality=_locality(labels) or locality,
            metadata=tuple(sorted((k, v if isinstance(v, str) else _json(v)) for k, v in metadata.items())),
            structured=tuple(sorted(key for key, value in metadata.items() if not isinstance(value, str))),
        )

    def meta(self, key: str) -> str:
        """Return one metadata value, or an empty string."""
        return dict(self.metadata).get(key, "")

    @property
    def id(self) -> str:
        """The node id that Envoy announces."""
        dns = self.dns_domain or f"{self.namespace}.svc.{self.domain}"
        return f"{self.type}~{self.address}~{self.name}.{self.namespace}~{dns}"


class View(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """What configuration depends on; equal for replicas. The argument of every query about a proxy."""

    type: ProxyType
    namespace: str
    domain: str = CLUSTER_DOMAIN
    dns_domain: str = ""
    """The proxy's."""
    labels: Pairs = ()
    """Only the labels that some selector names."""
    address: str = ""
    """Only when some object names this address (an endpoint of a headless service, of a ServiceEntry); else empty."""
    other_address: str = ""
    """The first address of the other family, likewise."""
    families: str = V4
    """V4, V6 or DUAL (`families`)."""
    locality: str = ""
    network: str = ""
    node: str = ""
    """The machine's name, only when some service is limited to its client's node."""
    interception: str = "REDIRECT"
    """REDIRECT, TPROXY or NONE."""
    named_ports: Pairs = ()
    """The workload's container ports that have a name, as (name, number)."""
    dns_capture: bool = False
    """The proxy's names are answered by the mesh, so addresses that Istio allots to ServiceEntries work."""
    metadata: Pairs = ()
    """Node metadata that translation reads: see `METADATA_READ` and what EnvoyFilters match."""
    structured: tuple[str, ...] = ()
    """The keys that EnvoyFilters match and whose values are no strings."""

    @property
    def is_router(self) -> bool:
        """The proxy is a gateway."""
        return self.type == "router"

    def meta(self, key: str) -> str:
        """Return one metadata value that survived into the view, or an empty string."""
        return dict(self.metadata).get(key, "")


# Node metadata that changes what is generated (spec: xDS delivery).
METADATA_READ = frozenset(
    {"HTTP10", "IDLE_TIMEOUT", "UNPRIVILEGED_POD", "ROUTER_MODE", "HTTP_PROXY_PORT", "PROXY_CONFIG", "ISTIO_VERSION",
     "CLUSTER_ID", "LATEEN_CAPTURE", "LATEEN_SYSTEM_ROOTS"}
)  # fmt: skip


@query
def view_of(db: Database, proxy: Proxy) -> View:
    """Reduce a proxy to what configuration depends on.

    Where there is a pod of its name, the pod's labels and locality count, not what the node says (context.go SetWorkloadLabels).
    """
    keys = selected_label_keys(db)
    pod = workload.pod_says(db, proxy.namespace, proxy.name)
    labels = proxy.labels if pod is None else pod.labels
    ports = (pod and pod.ports) or pod_ports(proxy.meta("POD_PORTS"))
    addresses = instance_addresses(proxy.meta("INSTANCE_IPS"), proxy.address)
    own, other = _named(db, proxy, addresses)
    return View(
        type=proxy.type,
        namespace=proxy.namespace,
        domain=proxy.domain,
        dns_domain=proxy.dns_domain,
        labels=tuple((k, v) for k, v in labels if k in keys),
        address=own,
        other_address=other,
        families=families_of(addresses),
        locality=(pod and pod.locality) or proxy.locality,
        network=proxy.meta("NETWORK") or dict(labels).get("topology.istio.io/network", ""),
        node=proxy.meta("NODE_NAME") if workload.node_matters(db) else "",
        interception=proxy.meta("INTERCEPTION_MODE") or "REDIRECT",
        named_ports=tuple((name, str(number)) for name, number in ports),
        dns_capture=proxy.meta("DNS_CAPTURE") in TRUE,
        metadata=tuple(
            (k, v) for k, v in proxy.metadata if k in METADATA_READ or k in matched_metadata_keys(db)
        ),
        structured=tuple(key for key in proxy.structured if key in matched_metadata_keys(db)),
    )


def _named(db: Database, proxy: Proxy, addresses: tuple[str, ...]) -> tuple[str, str]:
    """Return the first address of a proxy, and the first of the other family, where somebody names them."""
    first = addresses[0] if addresses else ""  # what is no address binds no port
    other = next((one for one in addresses if (":" in one) != (":" in first)), "")

    def kept(address: str) -> str:
        return address if workload.address_matters(db, proxy.namespace, address) else ""

    return kept(first), kept(other)


class _PodPort(msgspec.Struct, rename="camel"):
    name: str = ""
    container_port: int = 0
    protocol: str = "TCP"


def pod_ports(announced: str) -> tuple[tuple[str, int], ...]:
    """Read the ports that a node announces as POD_PORTS, for a workload without a Pod; UDP is nobody's target here."""
    try:
        found = msgspec.json.decode(announced, type=list[_PodPort]) if announced else []
    except msgspec.MsgspecError:
        return ()
    return workload.named_once((one.name, one.container_port) for one in found if one.protocol == "TCP")


def _locality(labels: Mapping[str, Any]) -> str:
    """Read a locality from a node's labels, which come before the node's own (pilot/pkg/xds/ads.go setTopologyLabels)."""
    parts = [str(labels.get(key) or "") for key in (workload.REGION, workload.ZONE, workload.SUBZONE)]
    if any(parts):
        return "/".join(parts).rstrip("/")
    return workload.said_locality({key: str(value) for key, value in labels.items()})


def _cluster_domain(dns: str, namespace: str) -> str:
    prefix = f"{namespace}.svc."
    if dns.startswith(prefix):
        return dns.removeprefix(prefix)
    _, found, rest = dns.partition(".svc.")
    return rest if found else CLUSTER_DOMAIN


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
