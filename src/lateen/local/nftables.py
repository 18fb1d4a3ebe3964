"""Packet rules sent to the kernel over nfnetlink, standard library only.

Each match becomes nft's own expressions: load into register 1 (`meta`, `payload`, `bitwise`), then `cmp`. No sets, so
nothing beyond nf_tables, nft_chain_nat and nft_redir is needed. Layouts: linux/netfilter/nf_tables.h.
"""

import socket
import struct
from typing import Final

from lateen.local.netlink import (
    NETLINK_NETFILTER,
    NLM_F_ACK,
    NLM_F_APPEND,
    NLM_F_CREATE,
    Message,
    Netlink,
    attribute,
    nested,
    text,
)
from lateen.local.rules import HOOKS, Chain, Match, Rule, Table

_SUBSYSTEM: Final = 10 << 8
_NEWTABLE: Final = _SUBSYSTEM | 0
_NEWCHAIN: Final = _SUBSYSTEM | 3
_NEWRULE: Final = _SUBSYSTEM | 6
_BATCH_BEGIN: Final = 0x10
_BATCH_END: Final = 0x11

_REGISTER_VERDICT: Final = 0
_REGISTER_1: Final = 1
_VERDICT_RETURN: Final = -5
_CMP_EQ: Final = 0
_CMP_NEQ: Final = 1
_NETWORK_HEADER: Final = 1
_TRANSPORT_HEADER: Final = 2
_IP_SADDR_OFFSET: Final = 12
_IP_DADDR_OFFSET: Final = 16
_TCP_DPORT_OFFSET: Final = 2
_ACCEPT: Final = 1
_PORT_SPECIFIED: Final = 2  # NF_NAT_RANGE_PROTO_SPECIFIED

_META_KEYS: Final = {"mark": 3, "iif": 4, "oif": 5, "l4proto": 16}
_ADDRESS_OFFSETS: Final = {"ip saddr": _IP_SADDR_OFFSET, "ip daddr": _IP_DADDR_OFFSET}
_TCP: Final = Match("l4proto", socket.IPPROTO_TCP)


def install(table: Table) -> None:
    """Add a table with its chains and rules to this thread's network namespace, all or nothing. Raises OSError."""
    with Netlink(NETLINK_NETFILTER) as netlink:
        netlink.talk(*messages(table))


def messages(table: Table) -> list[Message]:
    """The transaction that makes the table."""
    return [
        _batch(_BATCH_BEGIN),
        _add(_NEWTABLE, 0, text(1, table.name)),
        *(_chain(table.name, chain) for chain in table.chains),
        *(_rule(table.name, rule) for rule in table.rules),
        _batch(_BATCH_END),
    ]


def _batch(kind: int) -> Message:
    # The resource id of a batch marker is the subsystem, in network order.
    return Message(kind, 0, struct.pack(">BBH", 0, 0, _SUBSYSTEM >> 8))


def _add(kind: int, flags: int, body: bytes) -> Message:
    header = struct.pack(">BBH", socket.AF_INET, 0, 0)
    return Message(kind, flags | NLM_F_CREATE | NLM_F_ACK, header + body)


def _chain(table: str, chain: Chain) -> Message:
    hook = nested(4, attribute(1, _number(HOOKS[chain.hook])), attribute(2, _number(chain.priority)))
    body = text(1, table) + text(3, chain.name) + hook + text(7, "nat") + attribute(5, _number(_ACCEPT))
    return _add(_NEWCHAIN, 0, body)


def _rule(table: str, rule: Rule) -> Message:
    parts = [expression for match in rule.matches for expression in _test(match)]
    parts += _return() if rule.redirect is None else _redirect(rule.redirect)
    return _add(_NEWRULE, NLM_F_APPEND, text(1, table) + text(2, rule.chain) + nested(4, *parts))


def _test(match: Match) -> list[bytes]:
    if match.field in _META_KEYS:
        value = int(match.value)
        packed = struct.pack("=B" if match.field == "l4proto" else "=I", value)
        return [_load_meta(_META_KEYS[match.field]), _compare(packed, match)]
    if match.field == "tcp dport":
        port = struct.pack(">H", match.value)
        return [*_test(_TCP), _load(_TRANSPORT_HEADER, _TCP_DPORT_OFFSET, 2), _compare(port, match)]
    offset = _ADDRESS_OFFSETS[match.field]
    network, _, bits = str(match.value).partition("/")
    mask = (0xFFFF_FFFF << (32 - int(bits or 32))) & 0xFFFF_FFFF
    wanted = struct.unpack(">I", socket.inet_aton(network))[0] & mask
    loaded = [_load(_NETWORK_HEADER, offset, 4), _mask(struct.pack(">I", mask))]
    return [*loaded, _compare(struct.pack(">I", wanted), match)]


def _expression(name: str, *attributes: bytes) -> bytes:
    return nested(1, text(1, name), nested(2, *attributes))


def _load_meta(key: int) -> bytes:
    return _expression("meta", attribute(2, _number(key)), attribute(1, _number(_REGISTER_1)))


def _load(base: int, offset: int, length: int) -> bytes:
    values = (_REGISTER_1, base, offset, length)
    return _expression("payload", *(attribute(i, _number(value)) for i, value in enumerate(values, 1)))


def _mask(mask: bytes) -> bytes:
    registers = [
        attribute(i, _number(value)) for i, value in ((1, _REGISTER_1), (2, _REGISTER_1), (3, len(mask)))
    ]
    operands = [nested(4, attribute(1, mask)), nested(5, attribute(1, bytes(len(mask))))]
    return _expression("bitwise", *registers, *operands)


def _compare(value: bytes, match: Match) -> bytes:
    operator = _CMP_NEQ if match.negate else _CMP_EQ
    operands = (
        attribute(1, _number(_REGISTER_1)),
        attribute(2, _number(operator)),
        nested(3, attribute(1, value)),
    )
    return _expression("cmp", *operands)


def _return() -> list[bytes]:
    verdict = nested(2, nested(2, attribute(1, _number(_VERDICT_RETURN))))
    return [_expression("immediate", attribute(1, _number(_REGISTER_VERDICT)), verdict)]


def _redirect(port: int) -> list[bytes]:
    value = nested(2, attribute(1, struct.pack(">H", port)))
    load = _expression("immediate", attribute(1, _number(_REGISTER_1)), value)
    flags = attribute(3, _number(_PORT_SPECIFIED))
    return [load, _expression("redir", attribute(1, _number(_REGISTER_1)), flags)]


def _number(value: int) -> bytes:
    return struct.pack(">I", value & 0xFFFF_FFFF)
