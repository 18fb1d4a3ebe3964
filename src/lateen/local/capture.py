"""Which of a workload's connections go through its sidecar, as a plan: a pure function from settings to rules.

The rules are Istio's (tools/istio-iptables/pkg/capture/run.go), told apart by packet marks where Istio uses the proxy's
uid: a user namespace with a single uid cannot tell proxy and application apart by uid.
"""

from typing import Final, NamedTuple

from lateen.local.rules import Chain, Match, Rule, Table

# What Envoy sets on its sockets: from the bootstrap, on everything it dials, and on inbound clusters, to the app.
PROXY_MARK: Final = 0x539
INBOUND_MARK: Final = 0x53A

OUTBOUND_PORT: Final = 15001
INBOUND_PORT: Final = 15006
# The proxy's own ports: both capture ports, merged metrics, readiness, Envoy's metrics.
PROXY_PORTS: Final = (OUTBOUND_PORT, INBOUND_PORT, 15020, 15021, 15090)

_LOOPBACK: Final = Match("ip daddr", "127.0.0.0/8")
_TCP: Final = Match("l4proto", 6)
_OUT_LO: Final = Match("oif", 1)


class Capture(NamedTuple):
    """Istio's annotations traffic.sidecar.istio.io/*, parsed.

    An `include…` of None means everything (`*` in Istio); an empty tuple means nothing. Ranges are IPv4 prefixes.
    """

    include_outbound_ranges: tuple[str, ...] | None = None
    exclude_outbound_ranges: tuple[str, ...] = ()
    include_outbound_ports: tuple[int, ...] = ()
    exclude_outbound_ports: tuple[int, ...] = ()
    include_inbound_ports: tuple[int, ...] | None = None
    exclude_inbound_ports: tuple[int, ...] = ()


def plan(capture: Capture) -> Table:
    """The table that carries out the settings inside one pod's network namespace."""
    chains = (Chain("inbound", "prerouting", -100), Chain("outbound", "output", -100))
    return Table("lateen", chains, (*_inbound(capture), *_outbound(capture)))


def _inbound(capture: Capture) -> list[Rule]:
    passed = dict.fromkeys((*PROXY_PORTS, *capture.exclude_inbound_ports))
    rules = [_rule("inbound", Match("tcp dport", port)) for port in passed]
    from_outside = Match("iif", 1, negate=True)
    if capture.include_inbound_ports is None:
        return [*rules, _rule("inbound", from_outside, _TCP, to=INBOUND_PORT)]
    taken = dict.fromkeys(capture.include_inbound_ports)
    return rules + [
        _rule("inbound", from_outside, Match("tcp dport", port), to=INBOUND_PORT) for port in taken
    ]


def _outbound(capture: Capture) -> list[Rule]:
    by_proxy = Match("mark", PROXY_MARK)
    # Excluded ports come before the self-call rule, as in Istio.
    return [
        _rule("outbound", Match("l4proto", 6, negate=True)),
        *(
            _rule("outbound", Match("tcp dport", port))
            for port in dict.fromkeys(capture.exclude_outbound_ports)
        ),
        _rule("outbound", Match("mark", INBOUND_MARK)),
        # A workload that calls itself through its service's address: the proxy dials its own pod.
        _rule("outbound", _OUT_LO, by_proxy, _LOOPBACK._replace(negate=True), _TCP, to=INBOUND_PORT),
        _rule("outbound", by_proxy),
        _rule("outbound", _OUT_LO),
        _rule("outbound", _LOOPBACK),
        *(
            _rule("outbound", Match("ip daddr", cidr))
            for cidr in dict.fromkeys(capture.exclude_outbound_ranges)
        ),
        *(_captured(Match("tcp dport", port)) for port in dict.fromkeys(capture.include_outbound_ports)),
        *_included(capture.include_outbound_ranges),
    ]


def _included(ranges: tuple[str, ...] | None) -> list[Rule]:
    if ranges is None:
        return [_captured()]
    return [_captured(Match("ip daddr", cidr)) for cidr in dict.fromkeys(ranges)]


def _captured(*matches: Match) -> Rule:
    return _rule("outbound", *matches, _TCP, to=OUTBOUND_PORT)


def _rule(chain: str, *matches: Match, to: int | None = None) -> Rule:
    return Rule(chain, matches, to)
