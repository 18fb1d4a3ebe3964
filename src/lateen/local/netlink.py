"""Links, addresses and routes by rtnetlink: raw messages over a socket, standard library only.

Why not pyroute2: docs/adr/0003-raw-netlink.md. Message layouts: rtnetlink(7) and linux/if_link.h.
"""

import os
import socket
import struct
from collections.abc import Iterable
from typing import Final, NamedTuple, Self

NETLINK_ROUTE: Final = 0
NETLINK_NETFILTER: Final = 12

NLM_F_REQUEST: Final = 0x1
NLM_F_ACK: Final = 0x4
NLM_F_EXCL: Final = 0x200
NLM_F_CREATE: Final = 0x400
NLM_F_APPEND: Final = 0x800

_NESTED: Final = 0x8000
_NLMSG_ERROR: Final = 2
_HEADER: Final = struct.Struct("=IHHII")
_ANSWER_SECONDS: Final = 5.0

_RTM_NEWLINK: Final = 16
_RTM_DELLINK: Final = 17
_RTM_NEWADDR: Final = 20
_RTM_NEWROUTE: Final = 24

_IFLA_ADDRESS: Final = 1
_IFLA_IFNAME: Final = 3
_IFLA_MASTER: Final = 10
_IFLA_LINKINFO: Final = 18
_IFLA_NET_NS_FD: Final = 28
_IFLA_INFO_KIND: Final = 1
_IFLA_INFO_DATA: Final = 2
_VETH_INFO_PEER: Final = 1
_IFA_ADDRESS: Final = 1
_IFA_LOCAL: Final = 2
_RTA_GATEWAY: Final = 5

_IFF_UP: Final = 1
_RT_TABLE_MAIN: Final = 254
_RTPROT_BOOT: Final = 3
_RTN_UNICAST: Final = 1


class Message(NamedTuple):
    """One netlink message: its type, its flags beyond NLM_F_REQUEST, and what follows the header."""

    type: int
    flags: int
    body: bytes


def attribute(kind: int, value: bytes) -> bytes:
    """A type-length-value attribute, padded to four bytes."""
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + bytes(-length % 4)


def nested(kind: int, *attributes: bytes) -> bytes:
    """An attribute made of attributes."""
    return attribute(kind | _NESTED, b"".join(attributes))


def text(kind: int, value: str) -> bytes:
    """A zero-terminated string attribute."""
    return attribute(kind, value.encode() + b"\0")


def frame(message: Message, sequence: int) -> bytes:
    """The bytes of one message as they go on the wire."""
    length = _HEADER.size + len(message.body)
    header = _HEADER.pack(length, message.type, message.flags | NLM_F_REQUEST, sequence, 0)
    return header + message.body + bytes(-length % 4)


def errors(datagram: bytes) -> Iterable[tuple[int, int]]:
    """(sequence, errno) of every acknowledgement in a datagram; errno is 0 for success."""
    offset = 0
    while offset + _HEADER.size + 4 <= len(datagram):
        length, kind, _, sequence, _ = _HEADER.unpack_from(datagram, offset)
        if kind == _NLMSG_ERROR:
            yield sequence, -struct.unpack_from("=i", datagram, offset + _HEADER.size)[0]
        offset += max((length + 3) & ~3, _HEADER.size)


class Netlink:
    """A netlink socket of the network namespace this thread was in when it was made."""

    def __init__(self, protocol: int = NETLINK_ROUTE) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self._socket.settimeout(_ANSWER_SECONDS)
        self._socket.bind((0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def talk(self, *messages: Message) -> None:
        """Send messages in one datagram and wait for every acknowledgement asked for.

        Raises OSError with the kernel's errno and the number of the message, counted from 1.
        """
        self._socket.send(b"".join(frame(message, i) for i, message in enumerate(messages, 1)))
        waiting = sum(1 for message in messages if message.flags & NLM_F_ACK)
        while waiting > 0:
            for sequence, error in errors(self._socket.recv(65536)):
                if error:
                    raise OSError(
                        error, f"netlink message {sequence} of {len(messages)}: {os.strerror(error)}"
                    )
                waiting -= 1


def bridge(name: str, mac: bytes) -> Message:
    """Make a bridge, up, with an Ethernet address that stays.

    Without one of its own a bridge takes the lowest of its ports' addresses, so it would change when a pod goes, and the
    other pods would send to the old one until their ARP entries expire (br_stp_recalculate_bridge_id).
    """
    return _new_link(name, attribute(_IFLA_ADDRESS, mac) + _linkinfo("bridge"))


def veth(name: str, *, bridge_index: int, peer: str, peer_netns: int, peer_mac: bytes) -> Message:
    """Make a pair of Ethernet ends: `name` on the bridge and up, `peer` inside the namespace of fd `peer_netns`.

    The peer is still down: the kernel refuses (ENOTCONN) to bring it up before the pair is joined.
    """
    far_end = _interface() + text(_IFLA_IFNAME, peer) + attribute(_IFLA_ADDRESS, peer_mac)
    far_end += attribute(_IFLA_NET_NS_FD, struct.pack("=I", peer_netns))
    near_end = attribute(_IFLA_MASTER, struct.pack("=I", bridge_index))
    return _new_link(name, near_end + _linkinfo("veth", nested(_VETH_INFO_PEER, far_end)))


def link_up(index: int) -> Message:
    """Bring an interface up."""
    return Message(_RTM_NEWLINK, NLM_F_ACK, _interface(index=index, up=True))


def delete_link(name: str) -> Message:
    """Remove an interface; a veth takes its other end along."""
    return Message(_RTM_DELLINK, NLM_F_ACK, _interface() + text(_IFLA_IFNAME, name))


def address(index: int, ip: str, prefix: int) -> Message:
    """Give an interface an IPv4 address."""
    packed = socket.inet_aton(ip)
    body = struct.pack("=BBBBI", socket.AF_INET, prefix, 0, 0, index)
    body += attribute(_IFA_LOCAL, packed) + attribute(_IFA_ADDRESS, packed)
    return Message(_RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, body)


def default_route(gateway: str) -> Message:
    """Send what no other route takes to `gateway`."""
    body = struct.pack(
        "=BBBBBBBBI", socket.AF_INET, 0, 0, 0, _RT_TABLE_MAIN, _RTPROT_BOOT, 0, _RTN_UNICAST, 0
    ) + attribute(_RTA_GATEWAY, socket.inet_aton(gateway))
    return Message(_RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, body)


def mac_of(ip: str) -> bytes:
    """A locally administered Ethernet address that follows from the IPv4 address.

    A pod made again under its old address then keeps its Ethernet address, so the neighbours' ARP entries stay true.
    """
    return b"\x02\x42" + socket.inet_aton(ip)


def _interface(*, index: int = 0, up: bool = False) -> bytes:
    flags = _IFF_UP if up else 0
    return struct.pack("=BBHiII", 0, 0, 0, index, flags, flags)


def _linkinfo(kind: str, *rest: bytes) -> bytes:
    inner = [text(_IFLA_INFO_KIND, kind)]
    if rest:
        inner.append(nested(_IFLA_INFO_DATA, *rest))
    return nested(_IFLA_LINKINFO, *inner)


def _new_link(name: str, attributes: bytes) -> Message:
    body = _interface(up=True) + text(_IFLA_IFNAME, name) + attributes
    return Message(_RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, body)
