"""Packet rules as values: tables, chains, matches and verdicts, with a text form in nft's syntax.

Planned by `capture` and `border_rules` (pure), carried as JSON to the warden, sent to the kernel by `nftables`.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

HOOKS: Final = {"prerouting": 0, "input": 1, "forward": 2, "output": 3, "postrouting": 4}


class Match(NamedTuple):
    """One test on a packet.

    `field` is one of `mark` and `tcp dport` (value: a number), `iif` and `oif` (an interface index; 1 is lo),
    `l4proto` (an IP protocol number), `ip daddr` and `ip saddr` (a prefix such as 10.0.0.0/8).
    """

    field: str
    value: int | str
    negate: bool = False


class Rule(NamedTuple):
    """All matches true: redirect to a port of this namespace, or with no port leave the chain, packet unchanged."""

    chain: str
    matches: tuple[Match, ...]
    redirect: int | None = None


class Chain(NamedTuple):
    """A base chain of type nat; `priority` as nft orders them, lower first (dstnat is -100)."""

    name: str
    hook: str
    priority: int


class Table(NamedTuple):
    """A table of family ip: chains, and rules in the order they are tried."""

    name: str
    chains: tuple[Chain, ...]
    rules: tuple[Rule, ...]


def from_json(value: Sequence[Any]) -> Table:
    """A table as JSON gives it back: tuples have become lists."""
    name, chains, rules = value
    return Table(
        name,
        tuple(Chain(*chain) for chain in chains),
        tuple(Rule(chain, tuple(Match(*match) for match in matches), port) for chain, matches, port in rules),
    )


def as_text(table: Table) -> str:
    """The table as `nft -f` reads it."""
    lines = [f"table ip {table.name} {{"]
    for chain in table.chains:
        lines += [
            f"  chain {chain.name} {{",
            f"    type nat hook {chain.hook} priority {chain.priority}; policy accept;",
            *(f"    {_rule_text(rule)}" for rule in table.rules if rule.chain == chain.name),
            "  }",
        ]
    return "\n".join([*lines, "}", ""])


def _rule_text(rule: Rule) -> str:
    verdict = "return" if rule.redirect is None else f"redirect to :{rule.redirect}"
    return " ".join([*(_match_text(match) for match in rule.matches), verdict])


def _match_text(match: Match) -> str:
    operator = "!= " if match.negate else ""
    value = match.value
    if match.field in {"iif", "oif"}:
        value = '"lo"' if value == 1 else value
    elif match.field == "mark":
        value = f"{value:#x}"
    elif match.field == "l4proto" and value == 6:
        value = "tcp"
    name = f"meta {match.field}" if match.field in {"mark", "l4proto"} else match.field
    return f"{name} {operator}{value}"
