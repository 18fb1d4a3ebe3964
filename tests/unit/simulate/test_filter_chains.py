from typing import Any

import pytest
from envoy.config.listener.v3.listener_pb2 import Listener
from google.protobuf.json_format import ParseDict

from lateen.simulate import filter_chains, listeners
from lateen.simulate.request import ClientHello, Connection
from support import handmade as made


def chain(name: str, **match: Any) -> made.Json:
    return {"name": name, "filter_chain_match": match, "filters": [made.tcp_proxy(name)]}


def chosen(chains: list[made.Json], connection: Connection, **settings: Any) -> str | None:
    listener = ParseDict(
        made.listener(
            "l",
            "0.0.0.0",
            80,
            *chains,
            listener_filters=[made.TLS_INSPECTOR, made.HTTP_INSPECTOR],
            **settings,
        ),
        Listener(),
    )
    found = filter_chains.choose(listener, connection, listeners.inspect(listener, connection))
    return found[0].name if found else None


def ip(address: str, length: int) -> made.Json:
    return {"address_prefix": address, "prefix_len": length}


def to(address: str = "10.0.0.1", port: int = 80, **more: Any) -> Connection:
    return Connection(address=address, port=port, **more)


PORT = chain("port", destination_port=80, prefix_ranges=[ip("10.0.0.1", 32)])
NET = chain("net", prefix_ranges=[ip("10.0.0.0", 8)])


def test_the_longest_range_wins() -> None:
    chains = [NET, chain("host", prefix_ranges=[ip("10.0.0.1", 32)]), chain("rest")]
    assert chosen(chains, to()) == "host"
    assert chosen(chains, to("10.0.0.2")) == "net"
    assert chosen(chains, to("11.0.0.2")) == "rest"


def test_a_port_that_fails_elsewhere_does_not_fall_back() -> None:
    assert chosen([PORT, NET], to("10.0.0.2")) is None
    assert chosen([PORT, NET], to("10.0.0.2", 81)) == "net"


def test_no_way_back_from_a_more_specific_range() -> None:
    chains = [chain("http", prefix_ranges=[ip("10.0.0.1", 32)], application_protocols=["http/1.1"]), NET]
    assert chosen(chains, to()) == "http"
    assert chosen(chains, to(payload="bytes")) is None


def test_the_default_chain_is_for_the_rest() -> None:
    assert chosen([PORT], to("10.0.0.2"), default_filter_chain=chain("default")) == "default"


@pytest.mark.parametrize(
    ("sni", "wanted"),
    [("a.b.com", "exact"), ("c.b.com", "wild"), ("d.com", "any"), ("A.B.COM", "exact"), ("", "any")],
)
def test_server_names(sni: str, wanted: str) -> None:
    chains = [chain("exact", server_names=["a.b.com"]), chain("wild", server_names=["*.b.com"]), chain("any")]
    assert chosen(chains, to(tls=ClientHello(sni=sni))) == wanted


def test_transport_protocol() -> None:
    chains = [chain("tls", transport_protocol="tls"), chain("plain", transport_protocol="raw_buffer")]
    assert chosen(chains, to(tls=ClientHello())) == "tls"
    assert chosen(chains, to()) == "plain"


def test_the_clients_first_protocol_wins() -> None:
    chains = [chain("one", application_protocols=["http/1.1"]), chain("two", application_protocols=["h2"])]
    assert chosen(chains, to(tls=ClientHello(alpn=("h2", "http/1.1")))) == "two"


def test_source() -> None:
    chains = [
        chain("local", source_type="SAME_IP_OR_LOOPBACK"),
        chain("net", source_prefix_ranges=[ip("10.2.0.0", 16)]),
        chain("port", source_prefix_ranges=[ip("10.3.0.0", 16)], source_ports=[5]),
    ]
    assert chosen(chains, to(source_address="127.0.0.1")) == "local"
    assert chosen(chains, to(source_address="10.2.3.4")) == "net"
    assert chosen(chains, to(source_address="10.3.3.4", source_port=5)) == "port"
    assert chosen(chains, to(source_address="10.3.3.4", source_port=6)) is None
