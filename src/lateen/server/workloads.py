"""What the control plane asks of whoever runs the workloads: the local mesh, or nobody."""

from typing import Protocol

import msgspec


class WorkloadRow(msgspec.Struct, frozen=True, kw_only=True):
    """One running pod, for people."""

    pod: str
    """The pod's name; its proxy's node is called so, too."""
    namespace: str
    owner: str = ""
    """The Deployment's name; empty for a pod of its own."""
    labels: dict[str, str] = {}
    address: str = ""
    """Inside the mesh."""
    type: str = "sidecar"
    """`sidecar` or `router`."""
    state: str = "Running"
    """Starting, Running, CrashLoopBackOff, Completed, Stopping."""
    ready: bool = False
    """It gets traffic."""
    restarts: int = 0
    """Of the application, or of a gateway's proxy."""
    proxy_restarts: int = 0
    since: float = 0.0
    """Seconds since the epoch at which the pod was made."""
    pid: int = 0
    """The application's on the host; 0 while there is none."""
    proxy_pid: int = 0
    command: tuple[str, ...] = ()
    message: str = ""
    """Why it is not ready, in one line."""
    directory: str = ""
    """Holds bootstrap.json, admin.sock, app.log and proxy.log."""


class HostPort(msgspec.Struct, frozen=True, kw_only=True):
    """A port of this machine that leads into the mesh."""

    address: str
    port: int
    pod: str
    """The gateway that answers."""
    mesh_port: int
    """The port that Gateways name."""
    protocol: str = "HTTP"
    """HTTP, HTTPS, TCP… as the Gateway says."""


class Workloads(Protocol):
    """Whoever runs the workloads."""

    def rows(self) -> tuple[WorkloadRow, ...]:
        """Return all pods, by namespace and name."""

    def host_ports(self) -> tuple[HostPort, ...]:
        """Return the ports of this machine that lead into the mesh, by number."""

    async def shutdown(self) -> None:
        """Begin to stop the mesh; returns at once, the process ends when all is cleaned up."""


class NoWorkloads:
    """A control plane alone."""

    def rows(self) -> tuple[WorkloadRow, ...]:
        """Return nothing."""
        return ()

    def host_ports(self) -> tuple[HostPort, ...]:
        """Return nothing."""
        return ()

    async def shutdown(self) -> None:
        """Do nothing."""
