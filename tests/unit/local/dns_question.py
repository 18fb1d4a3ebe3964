"""A DNS query as a resolver sends it."""

import struct

from lateen.local.dns_message import A


def question(name: str, qtype: int = A, *, ident: int = 7, flags: int = 0x0100, udp: int = 0) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    opt = b"\0" + struct.pack(">HHIH", 41, udp, 0, 0) if udp else b""
    return (
        struct.pack(">HHHHHH", ident, flags, 1, 0, 0, bool(udp)) + labels + struct.pack(">HH", qtype, 1) + opt
    )
