"""Sidecar: what is refused, what is warned about, and near misses that are fine."""

import pytest
from judging import expect, expect_none, judge

from lateen.api import codes
from lateen.api.finding import Level

PORT = "port: {number: 80, protocol: HTTP}"

WRONG = [
    ("{}", "spec", "the Sidecar is empty"),
    ("{workloadSelector: {labels: {a: b}}}", "spec", "the Sidecar is empty"),
    (
        "{workloadSelector: {labels: {a: 'b*'}}, egress: [{hosts: ['*/*']}]}",
        "spec.workloadSelector.labels[a]",
        "means nothing",
    ),
    ("{egress: [{}]}", "spec.egress[0].hosts", "has no hosts"),
    ("{egress: [{hosts: [a.b]}]}", "spec.egress[0].hosts[0]", "is not of the form namespace/host"),
    ("{egress: [{hosts: [./a]}]}", "spec.egress[0].hosts[0]", "is a short name"),
    ("{egress: [{hosts: [a_/a.b]}]}", "spec.egress[0].hosts[0]", "is not a namespace"),
    ("{egress: [{hosts: [./]}]}", "spec.egress[0].hosts[0]", "lacks the namespace or the host"),
    ("{egress: [{hosts: ['./*a.b']}]}", "spec.egress[0].hosts[0]", "whole labels"),
    ("{egress: [{hosts: [./10.0.0.1]}]}", "spec.egress[0].hosts[0]", "its last part is a number"),
    ("{egress: [{hosts: ['./*']}, {hosts: ['*/*']}]}", "spec.egress[0].port", "it is the last"),
    (
        f"{{egress: [{{{PORT}, hosts: ['./*']}}, {{{PORT}, hosts: ['./*']}}]}}",
        "spec.egress[1].port.number",
        "there twice",
    ),
    (
        "{egress: [{port: {number: 80, protocol: X}, hosts: ['./*']}]}",
        "spec.egress[0].port.protocol",
        "is not a protocol",
    ),
    (
        "{egress: [{port: {number: 80, targetPort: 1}, hosts: ['./*']}]}",
        "spec.egress[0].port.targetPort",
        "no effect",
    ),
    (
        "{egress: [{port: {protocol: HTTP}, hosts: ['./*']}]}",
        "spec.egress[0].port.number",
        "the port is missing",
    ),
    (f"{{egress: [{{{PORT}, bind: a, hosts: ['./*']}}]}}", "spec.egress[0].bind", "is not an IP address"),
    (
        "{egress: [{port: {number: 0}, bind: 'unix:///a', captureMode: IPTABLES, hosts: ['./*']}]}",
        "spec.egress[0].captureMode",
        "nothing can be redirected",
    ),
    ("{ingress: [{}]}", "spec.ingress[0].port", "the port is missing"),
    ("{ingress: [{port: {protocol: HTTP}}]}", "spec.ingress[0].port.number", "the port is missing"),
    (f"{{ingress: [{{{PORT}}}, {{{PORT}}}]}}", "spec.ingress[1].port.number", "there twice"),
    (f"{{ingress: [{{{PORT}, bind: a}}]}}", "spec.ingress[0].bind", "is not an IP address"),
    (
        f"{{ingress: [{{{PORT}, defaultEndpoint: '10.0.0.1:80'}}]}}",
        "spec.ingress[0].defaultEndpoint",
        "is not of the form",
    ),
    (
        f"{{ingress: [{{{PORT}, defaultEndpoint: '127.0.0.1'}}]}}",
        "spec.ingress[0].defaultEndpoint",
        "is not of the form",
    ),
    (
        f"{{ingress: [{{{PORT}, defaultEndpoint: '::1:80'}}]}}",
        "spec.ingress[0].defaultEndpoint",
        "is not of the form",
    ),
    (
        f"{{ingress: [{{{PORT}, defaultEndpoint: ':http'}}]}}",
        "spec.ingress[0].defaultEndpoint",
        "is not a port",
    ),
    (
        f"{{ingress: [{{{PORT}, defaultEndpoint: ':65536'}}]}}",
        "spec.ingress[0].defaultEndpoint",
        "is not a port",
    ),
    (
        f"{{ingress: [{{{PORT}, defaultEndpoint: 'unix://a'}}]}}",
        "spec.ingress[0].defaultEndpoint",
        "absolute path",
    ),
    (
        f"{{ingress: [{{{PORT}, connectionPool: {{}}}}]}}",
        "spec.ingress[0].connectionPool",
        "the pool is empty",
    ),
    ("{inboundConnectionPool: {}}", "spec.inboundConnectionPool", "the pool is empty"),
    (
        "{outboundTrafficPolicy: {egressProxy: {host: a, port: {number: 1}}}}",
        "spec.outboundTrafficPolicy.egressProxy",
        "ALLOW_ANY",
    ),
    (
        "{outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a}}}",
        "spec.outboundTrafficPolicy.egressProxy.port",
        "missing",
    ),
    (
        "{outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: '*.a', port: {number: 1}}}}",
        "spec.outboundTrafficPolicy.egressProxy.host",
        "is not a host name",
    ),
]
FINE = [
    "{egress: [{hosts: ['*/*']}]}",
    "{egress: [{hosts: [./*, istio-system/*, '~/*', '~ns/a.b', '*/a.b', 'b/*.a.b']}]}",
    f"{{egress: [{{{PORT}, hosts: ['./*']}}, {{hosts: ['*/*']}}]}}",
    "{egress: [{port: {number: 0}, bind: 'unix:///a', hosts: ['./*']}]}",
    f"{{ingress: [{{{PORT}, defaultEndpoint: '127.0.0.1:8080'}}]}}",
    f"{{ingress: [{{{PORT}, defaultEndpoint: '[::1]:8080'}}]}}",
    f"{{ingress: [{{{PORT}, defaultEndpoint: ':8080'}}]}}",
    f"{{ingress: [{{{PORT}, defaultEndpoint: 'unix://@a'}}]}}",
    "{outboundTrafficPolicy: {}}",
    "{outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a.b, port: {number: 1}}}}",
]
WARNED = [
    (
        "{outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a, port: {number: 1}}}}",
        "spec.outboundTrafficPolicy.egressProxy.host",
        "short names are not completed",
    ),
    ("{workloadSelector: {}, egress: [{hosts: ['*/*']}]}", "spec.workloadSelector", "has no labels"),
    ("{egress: [{hosts: [./a.b, default/a.b]}]}", "spec.egress[0].hosts[1]", "already covered"),
    ("{egress: [{hosts: [./*, ./a.b]}]}", "spec.egress[0].hosts[1]", "already covered"),
    ("{egress: [{hosts: ['*/*', b/a.b]}]}", "spec.egress[0].hosts", "'*/*' is everything"),
    (
        "{ingress: [{port: {number: 80, protocol: TCP}, connectionPool: {http: {}}}]}",
        "spec.ingress[0].connectionPool.http",
        "is not an HTTP port",
    ),
]


@pytest.mark.parametrize(("text", "path", "words"), WRONG)
def test_refused(text, path, words):
    expect(judge("Sidecar", text), path, words)


@pytest.mark.parametrize("text", FINE)
def test_fine(text):
    expect_none(judge("Sidecar", text))


@pytest.mark.parametrize(("text", "path", "words"), WARNED)
def test_warned_about(text, path, words):
    expect(judge("Sidecar", text), path, words, Level.WARNING)


def test_tls_of_an_inbound_port():
    text = "{ingress: [{port: {number: 80, protocol: HTTP}, tls: {mode: ISTIO_MUTUAL, credentialName: a, httpsRedirect: true}}]}"
    found = judge("Sidecar", text)
    assert {one.path.rpartition(".")[2] for one in found if one.level is Level.ERROR} == {
        "tls",
        "mode",
        "credentialName",
        "httpsRedirect",
    }
    assert [one.code for one in found if one.level is Level.WARNING] == [codes.WITHOUT_EFFECT]
