"""Kubernetes objects that describe services and other plain facts: Service, Namespace, Secret, ConfigMap, EndpointSlice, Node."""

from __future__ import annotations

from lateen.api.message import KubernetesMessage
from lateen.api.secret_bytes import SecretBytes, SecretText

IntOrString = int | str

SERVICE_NAME = "kubernetes.io/service-name"
"""The label of an EndpointSlice that names the Service whose endpoints it has."""


class Service(KubernetesMessage, frozen=True):
    """A name for a set of pods (`spec` of a Service)."""

    type: str | None = None
    """ClusterIP, NodePort, LoadBalancer or ExternalName; unset is ClusterIP."""
    selector: dict[str, str] = {}
    """Labels of its pods; empty means that EndpointSlices are kept by hand."""
    ports: tuple[ServicePort, ...] = ()
    """Ports of the service."""
    cluster_ip: str | None = None
    """Virtual address, `None` for a headless service; unset is allocated."""
    cluster_ips: tuple[str, ...] = ()
    """All virtual addresses; the first equals `cluster_ip`."""
    external_name: str | None = None
    """DNS name that an ExternalName service stands for."""
    external_ips: tuple[str, ...] = ()
    """More addresses of the service."""
    load_balancer_ip: str | None = None
    """Address asked of a load balancer; no effect here."""
    publish_not_ready_addresses: bool | None = None
    """Keep pods that are not ready; unset is false."""
    internal_traffic_policy: str | None = None
    """Cluster, or Local for endpoints on the caller's node; unset is Cluster."""
    external_traffic_policy: str | None = None
    """Cluster or Local; no effect here."""
    traffic_distribution: str | None = None
    """PreferClose, PreferSameZone or PreferSameNode; unset has no preference."""
    session_affinity: str | None = None
    """None or ClientIP; no effect in the mesh."""


class ServicePort(KubernetesMessage, frozen=True):
    """A port of a Service."""

    name: str | None = None
    """The text before the first `-` names the protocol; required when there are several ports."""
    port: int = 0
    """Number of the port; required."""
    target_port: IntOrString | None = None
    """Number or name of the pods' port; unset is `port`."""
    protocol: str | None = None
    """TCP, UDP or SCTP; unset is TCP."""
    app_protocol: str | None = None
    """Names the protocol and wins over the port's name."""
    node_port: int | None = None
    """Port on every node; no effect here."""


class LoadBalancerIngress(KubernetesMessage, frozen=True):
    """An address of a load balancer."""

    ip: str | None = None
    hostname: str | None = None


class LoadBalancerStatus(KubernetesMessage, frozen=True):
    """Addresses of a load balancer."""

    ingress: tuple[LoadBalancerIngress, ...] = ()


class Condition(KubernetesMessage, frozen=True):
    """A condition in an object's status."""

    type: str = ""
    """e.g. Healthy."""
    status: str = ""
    """True, False or Unknown."""
    reason: str = ""
    """One word."""
    message: str = ""
    """For people."""


class ServiceStatus(KubernetesMessage, frozen=True):
    """What Kubernetes reports about a Service."""

    conditions: tuple[Condition, ...] = ()
    """What controllers say about it."""
    load_balancer: LoadBalancerStatus | None = None
    """Where it is reached from outside."""


class Namespace(KubernetesMessage, frozen=True):
    """A namespace; only its metadata matters."""

    finalizers: tuple[str, ...] = ()
    """Kept by Kubernetes."""


class ServiceAccount(KubernetesMessage, frozen=True):
    """An identity of workloads; only its name matters."""


class Node(KubernetesMessage, frozen=True):
    """A machine; its topology labels give the locality of its pods."""

    pod_cidr: str | None = None
    """Addresses of its pods."""


class Secret(KubernetesMessage, frozen=True):
    """Confidential values; their text never appears in a repr or a finding."""

    type: str | None = None
    """e.g. kubernetes.io/tls."""
    data: dict[str, SecretBytes] = {}
    """Values, base64 in YAML."""
    string_data: dict[str, SecretText] = {}
    """Values as text; admission moves them into `data`, over equal keys."""
    immutable: bool | None = None
    """No effect here."""


class ConfigMap(KubernetesMessage, frozen=True):
    """Settings."""

    data: dict[str, str] = {}
    """Values as text."""
    binary_data: dict[str, bytes] = {}
    """Values as base64."""
    immutable: bool | None = None
    """No effect here."""


class ObjectReference(KubernetesMessage, frozen=True):
    """The object behind an endpoint."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class EndpointConditions(KubernetesMessage, frozen=True):
    """State of an endpoint; unset counts as ready, serving and not terminating."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class SliceEndpoint(KubernetesMessage, frozen=True):
    """An endpoint of an EndpointSlice (`discovery.k8s.io Endpoint`)."""

    addresses: tuple[str, ...] = ()
    """Equivalent addresses; the first is used."""
    conditions: EndpointConditions | None = None
    hostname: str | None = None
    node_name: str | None = None
    zone: str | None = None
    target_ref: ObjectReference | None = None
    """The pod, whose labels decide about subsets."""


class EndpointPort(KubernetesMessage, frozen=True):
    """A port of an EndpointSlice or of Endpoints."""

    name: str | None = None
    """Equals the service port's name."""
    port: int | None = None
    protocol: str | None = None
    app_protocol: str | None = None


class EndpointSlice(KubernetesMessage, frozen=True):
    """Some endpoints of the Service that its label `kubernetes.io/service-name` names."""

    address_type: str | None = None
    """IPv4, IPv6 or FQDN."""
    endpoints: tuple[SliceEndpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


class EndpointAddress(KubernetesMessage, frozen=True):
    """An address of Endpoints."""

    ip: str = ""
    hostname: str | None = None
    node_name: str | None = None
    target_ref: ObjectReference | None = None


class EndpointSubset(KubernetesMessage, frozen=True):
    """Addresses that share ports."""

    addresses: tuple[EndpointAddress, ...] = ()
    not_ready_addresses: tuple[EndpointAddress, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


class Endpoints(KubernetesMessage, frozen=True):
    """All endpoints of the Service of the same name; the older form of EndpointSlice."""

    subsets: tuple[EndpointSubset, ...] = ()
