# ruff: noqa: PTH110, PTH116, PTH123, PTH208
# pathlib would cost the warden's start-up several milliseconds.
"""Namespaces made by system calls: the mesh's own, one set per pod, and how a process enters them.

Runs inside the warden. Nothing here can be undone by the thread that did it (an ordinary user cannot return to the
host's network namespace), so `make_mesh` and `make_pod` are called in a forked child, which hands back descriptors.
"""

import os
import signal
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

from lateen.local import kernel, netlink, nftables
from lateen.local.rules import Table

BRIDGE: Final = "mesh0"
_LO: Final = 1
_QUIET_IPV6: Final = {"net.ipv6.conf.all.disable_ipv6": "1", "net.ipv6.conf.default.disable_ipv6": "1"}


class Namespaces(NamedTuple):
    """Descriptors of a pod's namespaces, or of the mesh's own."""

    net: int
    mount: int
    uts: int


class MeshRequest(NamedTuple):
    """The mesh's own network: a bridge that holds `addresses` (ip/prefix each), rules, kernel settings."""

    addresses: tuple[str, ...]
    table: Table | None
    sysctls: Mapping[str, str]


class PodRequest(NamedTuple):
    """A pod: its place in the network, capture rules or none, kernel settings, and the files laid over /etc."""

    host_name: str
    link: str
    address: str
    prefix: int
    gateway: str
    table: Table | None
    sysctls: Mapping[str, str]
    etc: str


class SetupError(Exception):
    """A step on the way into the namespaces failed."""

    def __init__(self, step: str, error: OSError) -> None:
        super().__init__(step, error)
        self.step = step
        self.error = error


def become_owner() -> None:
    """Enter a user namespace in which this process has every capability, and new mount and pid namespaces.

    The uid and gid stay what they are (mapped onto themselves), so applications see the user they are started by
    and need no second user namespace; root takes the same way and so loses its power over the host. Only where the
    kernel refuses user namespaces altogether does root go on without one. Raises SetupError.
    """
    uid, gid = os.geteuid(), os.getegid()
    try:
        kernel.unshare(kernel.CLONE_NEWUSER)
    except OSError as error:
        if uid != 0:
            raise SetupError("user namespace", error) from error
    else:
        _step("identity map", lambda: _map_identity(uid, gid))
    _step("namespaces", lambda: kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWPID))


def _map_identity(uid: int, gid: int) -> None:
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def prepare_mounts() -> None:
    """In the first process of the pid namespace: keep mounts to ourselves, and show our processes in /proc.

    Mounts made on the host later are still seen here (slave), so a disk plugged in reaches the applications.
    Raises SetupError.
    """
    _step("private mounts", lambda: kernel.mount("none", "/", kernel.MS_REC | kernel.MS_SLAVE))
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    _step("proc", lambda: kernel.mount("proc", "/proc", flags, kind="proc"))


def make_mesh(request: MeshRequest) -> Namespaces:
    """The mesh's own network namespace with its bridge. Leaves the calling process in it. Raises SetupError."""
    _step("network namespace", lambda: kernel.unshare(kernel.CLONE_NEWNET | kernel.CLONE_NEWUTS))
    _set_sysctls({**_QUIET_IPV6, **request.sysctls})
    with netlink.Netlink() as link:
        mac = netlink.mac_of(request.addresses[0].partition("/")[0])
        _step("bridge", lambda: link.talk(netlink.link_up(_LO), netlink.bridge(BRIDGE, mac)))
        bridge = socket.if_nametoindex(BRIDGE)
        for address in request.addresses:
            ip, _, prefix = address.partition("/")
            link.talk(netlink.address(bridge, ip, int(prefix)))
    _install(request.table)
    return _current()


def make_pod(mesh: Namespaces, request: PodRequest) -> Namespaces:
    """A pod's namespaces, joined to the bridge. Leaves the calling process in them. Raises SetupError or OSError."""
    kernel.unshare(kernel.CLONE_NEWNET | kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS)
    socket.sethostname(request.host_name)
    lay_over_etc(request.etc)
    _set_sysctls({**_QUIET_IPV6, **request.sysctls})
    _install(request.table)
    pod = _current()
    kernel.setns(mesh.net)
    _plug_in(pod, request)
    kernel.setns(pod.net)
    ethernet = socket.if_nametoindex("eth0")
    with netlink.Netlink() as link:
        link.talk(
            netlink.link_up(_LO),
            netlink.address(ethernet, request.address, request.prefix),
            netlink.link_up(ethernet),
            netlink.default_route(request.gateway),
        )
    return pod


def unplug(mesh: Namespaces, link: str) -> None:
    """Take a pod's cable out of the bridge at once; its namespace may live on until the kernel gets to it."""
    kernel.setns(mesh.net)
    with netlink.Netlink() as route:
        route.talk(netlink.delete_link(link))


def lay_over_etc(directory: str) -> None:
    """Put the files of `directory` in the place of those in /etc.

    An overlay, because a mount on a single file ends when the host replaces that file by renaming, as every network
    manager does with /etc/resolv.conf. Where overlays are not to be had, single files it is.
    """
    try:
        kernel.mount("etc", "/etc", 0, kind="overlay", options=f"lowerdir={_escaped(directory)}:/etc")
    except OSError:
        for name in os.listdir(directory):
            if os.path.exists(f"/etc/{name}"):
                kernel.mount(f"{directory}/{name}", f"/etc/{name}", kernel.MS_BIND)


def enter(namespaces: Namespaces) -> None:
    """Move this process into a pod, or into the mesh's own namespaces."""
    for fd in namespaces:
        kernel.setns(fd)


def kill_inside(namespaces: Namespaces) -> None:
    """Kill every process whose network namespace is this one, whatever session or group it moved to."""
    wanted = os.fstat(namespaces.net).st_ino
    for entry in os.listdir("/proc"):
        if entry.isdigit() and _network_of(entry) == wanted:
            os.kill(int(entry), signal.SIGKILL)


def _network_of(pid: str) -> int:
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return 0


def _plug_in(pod: Namespaces, request: PodRequest) -> None:
    bridge = socket.if_nametoindex(BRIDGE)
    mac = netlink.mac_of(request.address)
    with netlink.Netlink() as link:
        link.talk(
            netlink.veth(request.link, bridge_index=bridge, peer="eth0", peer_netns=pod.net, peer_mac=mac)
        )


def _install(table: Table | None) -> None:
    if table is not None:
        _step("packet rules", lambda: nftables.install(table))


def _current() -> Namespaces:
    net, mount, uts = (
        os.open(f"/proc/self/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in ("net", "mnt", "uts")
    )
    return Namespaces(net, mount, uts)


def _set_sysctls(settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        path = "/proc/sys/" + name.replace(".", "/")
        # What a kernel does not have (IPv6, br_netfilter) need not be switched off.
        if os.path.exists(path) or not name.startswith(("net.ipv6.", "net.bridge.")):
            _step(f"sysctl {name}", partial(_write, path, value))


def _escaped(path: str) -> str:
    return "".join("\\" + letter if letter in "\\:," else letter for letter in path)


def _write(path: str, value: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(value)


def _step(name: str, action: Callable[[], object]) -> None:
    try:
        action()
    except OSError as error:
        raise SetupError(name, error) from error
