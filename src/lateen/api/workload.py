"""Kubernetes objects that run: Deployment, Pod, and the parts of a pod."""

from __future__ import annotations

from lateen.api.kubernetes import IntOrString
from lateen.api.message import KubernetesMessage
from lateen.api.meta import Meta


class Deployment(KubernetesMessage, frozen=True):
    """Equal pods (`spec` of a Deployment)."""

    replicas: int | None = None
    """How many; unset is 1."""
    selector: PodSelector | None = None
    """Which pods are its own; required."""
    template: PodTemplate | None = None
    """What each pod is like; required."""
    min_ready_seconds: int | None = None
    """No effect here."""
    paused: bool | None = None
    """No effect here."""


class PodSelector(KubernetesMessage, frozen=True):
    """A label selector of Kubernetes."""

    match_labels: dict[str, str] = {}
    """Exact values."""
    match_expressions: tuple[PodSelectorRequirement, ...] = ()
    """Conditions on sets of values."""


class PodSelectorRequirement(KubernetesMessage, frozen=True):
    """One condition on labels."""

    key: str = ""
    operator: str = ""
    """In, NotIn, Exists or DoesNotExist."""
    values: tuple[str, ...] = ()


class PodTemplate(KubernetesMessage, frozen=True):
    """Metadata and spec of the pods to make."""

    metadata: Meta = Meta()
    """Labels and annotations of each pod."""
    spec: Pod | None = None
    """What runs in each pod; required."""


class DeploymentStatus(KubernetesMessage, frozen=True):
    """What Kubernetes reports about a Deployment."""

    replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None


class Pod(KubernetesMessage, frozen=True):
    """One running workload (`spec` of a Pod)."""

    containers: tuple[Container, ...] = ()
    """What runs; required."""
    init_containers: tuple[Container, ...] = ()
    """What runs before."""
    service_account_name: str | None = None
    """Identity; unset is `default`."""
    service_account: str | None = None
    """Deprecated spelling of `service_account_name`."""
    node_name: str | None = None
    """Node it runs on; gives the locality."""
    host_network: bool | None = None
    """Uses the node's addresses; unset is false."""
    hostname: str | None = None
    """Host name inside; unset is the pod's name."""
    subdomain: str | None = None
    """With `hostname`, a DNS name below a headless service."""
    restart_policy: str | None = None
    """Always, OnFailure or Never; unset is Always."""
    termination_grace_period_seconds: int | None = None
    """Time to stop; unset is 30."""
    volumes: tuple[Volume, ...] = ()
    """Files that containers may mount."""
    security_context: SecurityContext | None = None
    """User that runs the containers."""


class Container(KubernetesMessage, frozen=True):
    """A process of a pod."""

    name: str = ""
    """Unique in the pod; required."""
    image: str | None = None
    """What to run; local mode maps known images to programs."""
    command: tuple[str, ...] = ()
    """Program and first arguments; empty is the image's entry point."""
    args: tuple[str, ...] = ()
    """Further arguments."""
    env: tuple[EnvVar, ...] = ()
    """Environment variables."""
    env_from: tuple[EnvFromSource, ...] = ()
    """ConfigMaps and Secrets whose keys become variables."""
    working_dir: str | None = None
    """Unset is the image's."""
    ports: tuple[ContainerPort, ...] = ()
    """Ports that the process listens on."""
    readiness_probe: Probe | None = None
    """Decides whether the pod gets traffic."""
    liveness_probe: Probe | None = None
    """Decides whether the process is restarted."""
    startup_probe: Probe | None = None
    """Holds the other probes back until it succeeds."""
    volume_mounts: tuple[VolumeMount, ...] = ()
    """Where volumes appear."""
    security_context: SecurityContext | None = None
    """User that runs the process."""
    image_pull_policy: str | None = None
    """No effect here."""
    restart_policy: str | None = None
    """Of an init container: `Always` makes it a sidecar, which runs beside the others and whose ports count."""


class SecurityContext(KubernetesMessage, frozen=True):
    """User and group of a process."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None


class ContainerPort(KubernetesMessage, frozen=True):
    """A port that a process listens on."""

    name: str | None = None
    """For services that name their target port."""
    container_port: int = 0
    """Required."""
    protocol: str | None = None
    """TCP, UDP or SCTP; unset is TCP."""
    host_port: int | None = None
    """No effect here."""


class EnvVar(KubernetesMessage, frozen=True):
    """An environment variable."""

    name: str = ""
    """Required."""
    value: str | None = None
    """Text with `$(OTHER)` references; unset is empty."""
    value_from: EnvVarSource | None = None
    """Where the value comes from instead."""


class EnvVarSource(KubernetesMessage, frozen=True):
    """A value from somewhere else."""

    field_ref: FieldRef | None = None
    """A field of the pod."""
    config_map_key_ref: KeyRef | None = None
    """A key of a ConfigMap."""
    secret_key_ref: KeyRef | None = None
    """A key of a Secret."""
    resource_field_ref: ResourceFieldRef | None = None
    """A limit or request of the container."""


class FieldRef(KubernetesMessage, frozen=True):
    """A field of the pod."""

    field_path: str = ""
    """e.g. metadata.name, metadata.labels['app'], status.podIP."""
    api_version: str | None = None


class KeyRef(KubernetesMessage, frozen=True):
    """A key of a ConfigMap or Secret in the same namespace."""

    name: str = ""
    key: str = ""
    optional: bool | None = None


class ResourceFieldRef(KubernetesMessage, frozen=True):
    """A limit or request."""

    resource: str = ""
    container_name: str | None = None


class EnvFromSource(KubernetesMessage, frozen=True):
    """All keys of a ConfigMap or Secret."""

    prefix: str | None = None
    config_map_ref: NameRef | None = None
    secret_ref: NameRef | None = None


class NameRef(KubernetesMessage, frozen=True):
    """A ConfigMap or Secret in the same namespace."""

    name: str = ""
    optional: bool | None = None


class VolumeMount(KubernetesMessage, frozen=True):
    """Where a volume appears in a container."""

    name: str = ""
    mount_path: str = ""
    sub_path: str | None = None
    read_only: bool | None = None


class Volume(KubernetesMessage, frozen=True):
    """Files for containers; sources other than these are accepted without effect."""

    name: str = ""
    config_map: ConfigMapVolume | None = None
    secret: SecretVolume | None = None
    empty_dir: EmptyDirVolume | None = None
    host_path: HostPathVolume | None = None


class KeyToPath(KubernetesMessage, frozen=True):
    """Names the file of a key."""

    key: str = ""
    path: str = ""
    mode: int | None = None


class ConfigMapVolume(KubernetesMessage, frozen=True):
    """The keys of a ConfigMap as files."""

    name: str = ""
    items: tuple[KeyToPath, ...] = ()
    optional: bool | None = None


class SecretVolume(KubernetesMessage, frozen=True):
    """The keys of a Secret as files."""

    secret_name: str = ""
    items: tuple[KeyToPath, ...] = ()
    optional: bool | None = None


class EmptyDirVolume(KubernetesMessage, frozen=True):
    """A directory that lives as long as the pod."""

    medium: str | None = None


class HostPathVolume(KubernetesMessage, frozen=True):
    """A directory of the node."""

    path: str = ""
    type: str | None = None


class Probe(KubernetesMessage, frozen=True):
    """A check of a container."""

    http_get: HTTPGetAction | None = None
    """Succeeds with a status of 200 to 399."""
    tcp_socket: TCPSocketAction | None = None
    """Succeeds with a connection."""
    exec: ExecAction | None = None
    """Succeeds with exit code 0."""
    grpc: GRPCAction | None = None
    """Succeeds when gRPC's health service says so."""
    initial_delay_seconds: int | None = None
    """Unset is 0."""
    timeout_seconds: int | None = None
    """Unset is 1."""
    period_seconds: int | None = None
    """Unset is 10."""
    success_threshold: int | None = None
    """Unset is 1."""
    failure_threshold: int | None = None
    """Unset is 3."""
    termination_grace_period_seconds: int | None = None
    """Unset is the pod's."""


class ProbeHeader(KubernetesMessage, frozen=True):
    """A header of a probe's request."""

    name: str = ""
    value: str = ""


class HTTPGetAction(KubernetesMessage, frozen=True):
    """A request to make."""

    path: str | None = None
    """Unset is `/`."""
    port: IntOrString = 0
    """Number or name of a container port; required."""
    host: str | None = None
    """Unset is the pod's address."""
    scheme: str | None = None
    """HTTP or HTTPS; unset is HTTP."""
    http_headers: tuple[ProbeHeader, ...] = ()


class TCPSocketAction(KubernetesMessage, frozen=True):
    """A connection to make."""

    port: IntOrString = 0
    """Number or name of a container port; required."""
    host: str | None = None


class ExecAction(KubernetesMessage, frozen=True):
    """A command to run in the container."""

    command: tuple[str, ...] = ()


class GRPCAction(KubernetesMessage, frozen=True):
    """A call of gRPC's health service."""

    port: int = 0
    service: str | None = None


class PodCondition(KubernetesMessage, frozen=True):
    """A condition of a pod."""

    type: str = ""
    """Ready decides about traffic."""
    status: str = ""
    """True, False or Unknown."""
    reason: str | None = None
    message: str | None = None


class PodAddress(KubernetesMessage, frozen=True):
    """One address of a pod."""

    ip: str = ""


class PodStatus(KubernetesMessage, frozen=True):
    """What runs the pod reports about it."""

    phase: str | None = None
    """Pending, Running, Succeeded, Failed or Unknown."""
    pod_ip: str | None = None
    """The pod's address."""
    pod_ips: tuple[PodAddress, ...] = ()
    """All its addresses."""
    host_ip: str | None = None
    """The node's address."""
    conditions: tuple[PodCondition, ...] = ()
    """Its conditions."""
