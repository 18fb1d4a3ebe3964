"""WorkloadGroup (networking.istio.io): a template for workloads that register themselves."""

from __future__ import annotations

from lateen.api.message import Int32, Message, OneOf, UInt32
from lateen.api.workload_entry import WorkloadEntry


class WorkloadGroup(Message, frozen=True):
    """What the WorkloadEntries of a group have in common."""

    metadata: WorkloadGroupMeta | None = None
    """Labels and annotations of the created entries."""
    template: WorkloadEntry | None = None
    """The entry without its address; required."""
    probe: ReadinessProbe | None = None
    """How the agent checks the workload."""


class WorkloadGroupMeta(Message, frozen=True):
    """Metadata of the created entries (`WorkloadGroup.ObjectMeta`)."""

    labels: dict[str, str] = {}
    """Added to each entry."""
    annotations: dict[str, str] = {}
    """Added to each entry."""


class ReadinessProbe(OneOf, frozen=True):
    """A check with its timing."""

    oneofs = (("http_get", "tcp_socket", "exec", "grpc"),)

    initial_delay_seconds: Int32 | None = None
    """Before the first check; unset is 0."""
    timeout_seconds: Int32 | None = None
    """Of one check; unset or 0 is 1."""
    period_seconds: Int32 | None = None
    """Between checks; unset or 0 is 10."""
    success_threshold: Int32 | None = None
    """Successes in a row that make it ready; unset or 0 is 1."""
    failure_threshold: Int32 | None = None
    """Failures in a row that make it unready; unset or 0 is 3."""
    http_get: HTTPHealthCheckConfig | None = None
    """Ready when the answer is 200 to 399."""
    tcp_socket: TCPHealthCheckConfig | None = None
    """Ready when it accepts a connection."""
    exec: ExecHealthCheckConfig | None = None
    """Ready when the command exits with 0."""
    grpc: GrpcHealthCheckConfig | None = None
    """Ready when gRPC's health service says so."""


class HTTPHealthCheckConfig(Message, frozen=True):
    """A request to make."""

    path: str | None = None
    """Unset is `/`."""
    port: UInt32 = 0
    """Required."""
    host: str | None = None
    """Unset is the workload's own address."""
    scheme: str | None = None
    """HTTP or HTTPS; unset is HTTP."""
    http_headers: tuple[HTTPHeader, ...] = ()
    """Headers of the request."""


class HTTPHeader(Message, frozen=True):
    """A header of a check."""

    name: str | None = None
    """Name of the header."""
    value: str | None = None
    """Its value."""


class TCPHealthCheckConfig(Message, frozen=True):
    """A connection to make."""

    host: str | None = None
    """Unset is the workload's own address."""
    port: UInt32 = 0
    """Required."""


class ExecHealthCheckConfig(Message, frozen=True):
    """A command to run."""

    command: tuple[str, ...] = ()
    """Program and arguments, not a shell line; required."""


class GrpcHealthCheckConfig(Message, frozen=True):
    """A call of gRPC's health service."""

    port: UInt32 | None = None
    """Port of the service."""
    service: str | None = None
    """Service to ask about; unset is the server itself."""
