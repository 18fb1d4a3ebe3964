"""Gateway and its TLS: what is refused, what is warned about, and near misses that are fine."""

import pytest
from judging import expect, expect_none, judge

from lateen.api import codes
from lateen.api.finding import Level

KIND, SERVER = "Gateway", "spec.servers[0]"


def server(text: str = "", port: str = "number: 80, protocol: HTTP, name: http") -> str:
    """Write a Gateway with one server, on plain HTTP unless told otherwise."""
    hosts = "" if "hosts:" in text else "hosts: ['*'], "
    return f"{{servers: [{{port: {{{port}}}, {hosts}{text}}}]}}"


def https(text: str) -> str:
    """Write a Gateway with one HTTPS server."""
    return server(f"tls: {{{text}}}", "number: 443, protocol: HTTPS, name: https")


SERVERS = [
    ("{}", "spec.servers", "has no servers"),
    (server("hosts: []"), f"{SERVER}.hosts", "has no hosts"),
    (server("hosts: [a]"), f"{SERVER}.hosts[0]", "is a short name"),
    (server("hosts: ['*a.b']"), f"{SERVER}.hosts[0]", "stands for whole labels"),
    (server("hosts: [a_.b]"), f"{SERVER}.hosts[0]", "is not a host name"),
    (server("hosts: [a_/b.c]"), f"{SERVER}.hosts[0]", "is not a namespace"),
    (server("hosts: [/b.c]"), f"{SERVER}.hosts[0]", "lacks the namespace or the host"),
    (server("hosts: ['~/b.c']"), f"{SERVER}.hosts[0]", "is not a namespace"),
    (server("bind: a"), f"{SERVER}.bind", "is not an IP address"),
    (server("bind: 'unix:///a'"), f"{SERVER}.port.number", "has no port number"),
    (
        server("bind: 'unix://a'", "number: 0, protocol: HTTP, name: http"),
        f"{SERVER}.bind",
        "not an absolute path",
    ),
    (server("", "number: 0, protocol: HTTP, name: http"), f"{SERVER}.port.number", "the port is missing"),
    (server("", "number: 65536, protocol: HTTP, name: http"), f"{SERVER}.port.number", "is not a port"),
    (server("", "number: 80, protocol: HTTQ, name: http"), f"{SERVER}.port.protocol", "is not a protocol"),
    (server("", "number: 80, name: http"), f"{SERVER}.port.protocol", "the protocol is missing"),
    (server("", "number: 80, protocol: HTTP"), f"{SERVER}.port.name", "has no name"),
    (
        server("", "number: 80, protocol: HTTP, name: a, targetPort: 8080"),
        f"{SERVER}.port.targetPort",
        "has no effect",
    ),
    ("{servers: [{hosts: ['*']}]}", f"{SERVER}.port", "the port is missing"),
    (server("", "number: 443, protocol: HTTPS, name: a"), f"{SERVER}.tls", "needs tls"),
    (server("", "number: 443, protocol: tls, name: a"), f"{SERVER}.tls", "needs tls"),
    (server("tls: {}", "number: 1, protocol: TCP, name: a"), f"{SERVER}.tls", "has no tls"),
    (server("tls: {mode: SIMPLE, credentialName: a}"), f"{SERVER}.tls", "has no tls but httpsRedirect"),
    (
        server("tls: {httpsRedirect: true, caCertificates: a}"),
        f"{SERVER}.tls",
        "has no tls but httpsRedirect",
    ),
    (
        "{servers: [{port: {number: 1, protocol: TCP, name: a}, hosts: ['*']}, {port: {number: 2, protocol: TCP, name: a}, hosts: ['*']}]}",
        "spec.servers[1].port.name",
        "there twice",
    ),
]
TLS = [
    ("mode: SIMPLE, privateKey: a", "serverCertificate", "SIMPLE needs serverCertificate"),
    ("mode: SIMPLE, serverCertificate: a", "privateKey", "SIMPLE needs privateKey"),
    ("mode: MUTUAL, serverCertificate: a, privateKey: b", "caCertificates", "MUTUAL needs caCertificates"),
    ("mode: OPTIONAL_MUTUAL, serverCertificate: a, privateKey: b", "caCertificates", "needs caCertificates"),
    (
        "mode: SIMPLE, serverCertificate: a, privateKey: b, credentialName: c",
        "credentialName",
        "exclude each other",
    ),
    ("mode: SIMPLE, credentialName: a, credentialNames: [b]", "credentialNames", "exclude each other"),
    ("mode: SIMPLE, credentialNames: [a, b, c]", "credentialNames", "too many"),
    ("mode: SIMPLE, tlsCertificates: [{privateKey: a}]", "tlsCertificates[0].serverCertificate", "needs"),
    (
        "mode: SIMPLE, serverCertificate: a, privateKey: b, caCrl: c",
        "caCrl",
        "asks for no client certificate",
    ),
    (
        "mode: MUTUAL, serverCertificate: a, privateKey: b, caCertificates: c, caCrl: d, credentialName: e",
        "credentialName",
        "",
    ),
]
ENVOY = [
    ("mode: SIMPLE, credentialName: a, ecdhCurves: [P-256, p-384]", "ecdhCurves[1]"),
    ("mode: SIMPLE, credentialName: a, ecdhCurves: [P-256, P-256]", "ecdhCurves[1]"),
    ("mode: MUTUAL, credentialName: a, verifyCertificateSpki: [abc]", "verifyCertificateSpki[0]"),
    ("mode: MUTUAL, credentialName: a, verifyCertificateHash: [abc]", "verifyCertificateHash[0]"),
]
FINE = [
    server(),
    server("hosts: ['*', 'a.b', '*.a', 'ns/*', './a.b', '*/a.b', '10.0.0.1', 'ns/*.local']"),
    server("tls: {httpsRedirect: true}"),
    server("bind: '::1'"),
    server("bind: 'unix:///a'", "number: 0, protocol: HTTP, name: http"),
    server("bind: 'unix://@a'", "number: 0, protocol: mongo, name: http"),
    https("mode: SIMPLE, credentialName: a"),
    https("mode: MUTUAL, credentialName: a"),
    https("mode: SIMPLE, credentialNames: [a, b]"),
    https("mode: SIMPLE, tlsCertificates: [{serverCertificate: a, privateKey: b}]"),
    https("mode: OPTIONAL_MUTUAL, serverCertificate: a, privateKey: b, caCertificates: c, caCrl: d"),
    https("mode: SIMPLE, credentialName: a, minProtocolVersion: TLSV1_3, cipherSuites: [AES128-SHA]"),
    https(f"mode: MUTUAL, credentialName: a, verifyCertificateHash: [{'ab' * 32}]"),
    server("tls: {}", "number: 443, protocol: TLS, name: a"),
    server("tls: {mode: AUTO_PASSTHROUGH}", "number: 15443, protocol: TLS, name: a"),
    "{selector: {istio: ingressgateway}, servers: [{port: {number: 1, protocol: TCP, name: a}, hosts: ['*']}]}",
]
WARNED = [
    ("mode: SIMPLE, credentialName: a, httpsRedirect: true", "httpsRedirect", "for plain HTTP ports"),
    ("mode: PASSTHROUGH, credentialName: a", "", "passes TLS on"),
    (
        "mode: SIMPLE, credentialName: a, minProtocolVersion: TLSV1_1",
        "minProtocolVersion",
        "needs cipherSuites",
    ),
    ("mode: SIMPLE, credentialName: a, cipherSuites: [FOO]", "cipherSuites[0]", "is not known"),
    ("mode: SIMPLE, credentialName: a, cipherSuites: ['', '']", "cipherSuites[1]", "'' is there twice"),
    (
        "mode: SIMPLE, credentialName: a, cipherSuites: [AES128-SHA, AES128-SHA]",
        "cipherSuites[1]",
        "there twice",
    ),
]


@pytest.mark.parametrize(("text", "path", "words"), SERVERS)
def test_refused(text, path, words):
    expect(judge(KIND, text), path, words)


@pytest.mark.parametrize(("text", "path", "words"), TLS)
def test_refused_tls(text, path, words):
    found = judge(KIND, https(text))
    assert (f"{SERVER}.tls.{path}", Level.ERROR) in [(one.path, one.level) for one in found]
    assert any(words in one.message for one in found)


@pytest.mark.parametrize(("text", "path"), ENVOY)
def test_tls_that_only_envoy_refuses(text, path):
    found = judge(KIND, https(text))
    assert [(one.path, one.code) for one in found] == [(f"{SERVER}.tls.{path}", codes.ENVOY)]


@pytest.mark.parametrize("text", FINE)
def test_fine(text):
    expect_none(judge(KIND, text))


@pytest.mark.parametrize(("text", "path", "words"), WARNED)
def test_warned_about(text, path, words):
    expect(judge(KIND, https(text)), f"{SERVER}.tls.{path}".removesuffix("."), words, Level.WARNING)


def test_the_name_has_no_dots():
    expect(judge(KIND, server(), name="a.b"), "metadata.name", "no dots")


def test_mesh_certificates_are_not_supported_yet():
    found = judge(KIND, https("mode: ISTIO_MUTUAL, credentialName: a"))
    assert [(one.path, one.code) for one in found] == [
        (f"{SERVER}.tls.credentialName", codes.SCHEMA),
        (f"{SERVER}.tls.mode", codes.NOT_YET),
    ]
