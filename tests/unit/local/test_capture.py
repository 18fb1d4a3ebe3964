"""Capture plans, as nft would print them."""

import pytest

from lateen.local import rules
from lateen.local.border_config import border_rules
from lateen.local.capture import Capture, plan
from lateen.local.network import Network

DEFAULT = """\
table ip lateen {
  chain inbound {
    type nat hook prerouting priority -100; policy accept;
    tcp dport 15001 return
    tcp dport 15006 return
    tcp dport 15020 return
    tcp dport 15021 return
    tcp dport 15090 return
    iif != "lo" meta l4proto tcp redirect to :15006
  }
  chain outbound {
    type nat hook output priority -100; policy accept;
    meta l4proto != tcp return
    meta mark 0x53a return
    oif "lo" meta mark 0x539 ip daddr != 127.0.0.0/8 meta l4proto tcp redirect to :15006
    meta mark 0x539 return
    oif "lo" return
    ip daddr 127.0.0.0/8 return
    meta l4proto tcp redirect to :15001
  }
}
"""


def test_everything_is_captured_by_default() -> None:
    assert rules.as_text(plan(Capture())) == DEFAULT


def lines(capture: Capture) -> list[str]:
    """The rules of a plan that the default plan has not."""
    usual = DEFAULT.splitlines()
    return [line.strip() for line in rules.as_text(plan(capture)).splitlines() if line not in usual]


@pytest.mark.parametrize(
    ("capture", "added"),
    [
        (Capture(exclude_outbound_ports=(3306, 3306, 25)), ["tcp dport 3306 return", "tcp dport 25 return"]),
        (Capture(exclude_outbound_ranges=("10.1.0.0/16",)), ["ip daddr 10.1.0.0/16 return"]),
        (
            Capture(include_outbound_ranges=("10.96.0.0/12",)),
            ["ip daddr 10.96.0.0/12 meta l4proto tcp redirect to :15001"],
        ),
        (Capture(include_outbound_ranges=()), []),
        (
            Capture(include_outbound_ranges=(), include_outbound_ports=(80,)),
            ["tcp dport 80 meta l4proto tcp redirect to :15001"],
        ),
        (Capture(exclude_inbound_ports=(22,)), ["tcp dport 22 return"]),
        (Capture(include_inbound_ports=(8080,)), ['iif != "lo" tcp dport 8080 redirect to :15006']),
        (Capture(include_inbound_ports=()), []),
    ],
)
def test_annotations_add_their_rules(capture: Capture, added: list[str]) -> None:
    assert lines(capture) == added


@pytest.mark.parametrize(
    ("capture", "line"),
    [
        (Capture(include_outbound_ranges=()), "meta l4proto tcp redirect to :15001"),
        (Capture(include_inbound_ports=()), 'iif != "lo" meta l4proto tcp redirect to :15006'),
    ],
)
def test_nothing_included_means_no_redirect(capture: Capture, line: str) -> None:
    assert f"    {line}" not in rules.as_text(plan(capture)).splitlines()


def test_excluded_ports_are_decided_before_calls_to_oneself() -> None:
    text = rules.as_text(plan(Capture(exclude_outbound_ports=(25,))))
    assert text.index("tcp dport 25 return") < text.index("meta mark 0x539 ip daddr")


def test_excluded_ranges_are_decided_before_included_ones() -> None:
    both = Capture(include_outbound_ranges=("10.0.0.0/8",), exclude_outbound_ranges=("10.9.0.0/16",))
    text = rules.as_text(plan(both))
    assert text.index("10.9.0.0/16") < text.index("10.0.0.0/8")


def test_the_border_takes_the_host_and_the_world_and_leaves_the_mesh_alone() -> None:
    network = Network(pods="10.5.0.0/16", services=("10.97.0.0/16",))
    assert [line.strip() for line in rules.as_text(border_rules(network)).splitlines()[3:7]] == [
        "ip daddr 10.5.0.2/32 meta l4proto tcp redirect to :15001",
        "ip daddr 10.5.0.0/16 return",
        "ip daddr 10.97.0.0/16 return",
        'iif != "lo" meta l4proto tcp redirect to :15001',
    ]


def test_a_table_survives_json() -> None:
    import json

    table = plan(Capture(exclude_outbound_ranges=("10.1.0.0/16",)))
    assert rules.from_json(json.loads(json.dumps(table))) == table
