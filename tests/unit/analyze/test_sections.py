"""Which sections of a VirtualService nobody carries out (LAT0114), and which somebody does."""

import pytest

import lateen
from lateen.sources.memory import from_text

SERVERS = {
    "http": "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}",
    "https": "{port: {number: 443, name: https, protocol: HTTPS}, hosts: ['*'], tls: {mode: SIMPLE, credentialName: c}}",
    "tls": "{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*'], tls: {mode: SIMPLE, credentialName: c}}",
    "passed": "{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*'], tls: {mode: PASSTHROUGH}}",
    "unsaid": "{port: {number: 443, name: https, protocol: HTTPS}, hosts: ['*'], tls: {}}",
    "auto": "{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*'], tls: {mode: AUTO_PASSTHROUGH}}",
    "tcp": "{port: {number: 31400, name: tcp, protocol: TCP}, hosts: ['*']}",
}
CARRIED_OUT = {
    "http": {"http", "https"},
    "tls": {"passed", "unsaid"},
    "tcp": {"tls", "tcp"},
}
MATCH = {"http": "", "tls": "match: [{sniHosts: [db]}], ", "tcp": ""}


def told(text):
    return [one.path for one in lateen.load([from_text(text, "a.yaml")]).findings if one.code == "LAT0114"]


def gateway(*servers):
    return (
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec:\n"
        f"  selector: {{istio: ingressgateway}}\n  servers: [{', '.join(SERVERS[one] for one in servers)}]\n---\n"
    )


def rule(section, gateways="", host="db"):
    match = MATCH[section].replace("db", host)
    return (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: rule}\nspec:\n"
        f"  hosts: [{host}]\n{gateways}"
        f"  {section}: [{{{match}route: [{{destination: {{host: db, port: {{number: 1}}}}}}]}}]\n---\n"
    )


def service(**ports):
    written = ", ".join(f"{{name: {name}, port: {number}}}" for name, number in ports.items())
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: db}}\nspec: {{ports: [{written}]}}\n---\n"


EDGE = "  gateways: [edge]\n"
SIDECAR = "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a}\nspec: {egress: [{hosts: ['*/*']}]}\n"


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("section", CARRIED_OUT)
def test_a_server_carries_out_one_section(section, server):
    expected = [] if server in CARRIED_OUT[section] else [f"spec.{section}"]
    assert told(gateway(server) + rule(section, EDGE, host="db.example.com")) == expected


@pytest.mark.parametrize(
    ("section", "port", "expected"),
    [
        ("tls", "http", ["spec.tls"]),
        ("tls", "tcp", ["spec.tls"]),
        ("tls", "sniffed", ["spec.tls"]),
        ("tls", "https", []),
        ("tcp", "http", ["spec.tcp"]),
        ("tcp", "https", ["spec.tcp"]),
        ("tcp", "sniffed", []),
        ("tcp", "mongo", []),
    ],
)
def test_sidecars_go_by_the_protocol_of_the_port(section, port, expected):
    assert told(service(**{port: 1}) + rule(section)) == expected


@pytest.mark.parametrize(
    "text",
    [
        gateway("http", "passed") + rule("tls", EDGE, host="db.example.com"),
        rule("tls", EDGE, host="db.example.com"),
        service(http=1) + gateway("http") + rule("tcp", "  gateways: [edge, mesh]\n"),
        service(http=1, tcp=2) + rule("tcp"),
        rule("tcp"),
        service(http=1) + rule("tcp") + SIDECAR,
    ],
)
def test_what_somebody_may_carry_out_is_not_told(text):
    assert told(text) == []
