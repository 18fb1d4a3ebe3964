"""ServiceEntry, WorkloadEntry and WorkloadGroup: what is refused, what is warned about, near misses that are fine."""

import pytest
from judging import expect, expect_none, judge

from lateen.api import codes
from lateen.api.finding import Level

HTTP = "ports: [{number: 80, name: http, protocol: HTTP}]"
TCP = "ports: [{number: 80, name: tcp, protocol: TCP}]"

ENTRIES = [
    (f"{{{HTTP}}}", "spec.hosts", "has no hosts"),
    (f"{{hosts: ['*'], {HTTP}}}", "spec.hosts[0]", "is not a host of its own"),
    (f"{{hosts: [a_], {HTTP}}}", "spec.hosts[0]", "is not a host name"),
    (f"{{hosts: [a], addresses: [b], {HTTP}}}", "spec.addresses[0]", "is not an IP address"),
    (
        f"{{hosts: [a], addresses: [10.0.0.0/8], resolution: DNS, {HTTP}}}",
        "spec.addresses[0]",
        "needs resolution NONE or STATIC",
    ),
    (
        "{hosts: [a], ports: [{number: 80, name: a}, {number: 81, name: a}], resolution: DNS}",
        "spec.ports[1].name",
        "there twice",
    ),
    (
        "{hosts: [a], ports: [{number: 80, name: a}, {number: 80, name: b}], resolution: DNS}",
        "spec.ports[1].number",
        "there twice",
    ),
    (
        "{hosts: [a], ports: [{number: 0, name: a, protocol: HTTP}]}",
        "spec.ports[0].number",
        "the port is missing",
    ),
    ("{hosts: [a], ports: [{number: 80, protocol: HTTP}]}", "spec.ports[0].name", "is missing"),
    (
        "{hosts: [a], ports: [{number: 80, name: a, protocol: HTTPZ}]}",
        "spec.ports[0].protocol",
        "is not a protocol",
    ),
    (
        "{hosts: [a], ports: [{number: 80, name: a, protocol: HTTP, targetPort: 65536}]}",
        "spec.ports[0].targetPort",
        "not a port",
    ),
    (
        f"{{hosts: [a], {HTTP}, resolution: STATIC, workloadSelector: {{labels: {{a: b}}}}, endpoints: [{{address: 10.0.0.1}}]}}",
        "spec.endpoints",
        "exclude each other",
    ),
    (f"{{hosts: [a], {HTTP}, endpoints: [{{address: 10.0.0.1}}]}}", "spec.endpoints", "resolution NONE"),
    (
        f"{{hosts: [a], {HTTP}, resolution: STATIC, endpoints: [{{address: a.b}}]}}",
        "spec.endpoints[0].address",
        "use",
    ),
    (
        f"{{hosts: [a], {HTTP}, resolution: STATIC, endpoints: [{{}}]}}",
        "spec.endpoints[0].address",
        "is missing",
    ),
    (
        f"{{hosts: [a], {HTTP}, resolution: STATIC, endpoints: [{{address: 10.0.0.1, ports: {{b: 1}}}}]}}",
        "spec.endpoints[0].ports[b]",
        "no port named 'b'",
    ),
    (
        f"{{hosts: [a], {HTTP}, resolution: STATIC, endpoints: [{{address: 'unix://a'}}]}}",
        "spec.endpoints[0].address",
        "absolute path",
    ),
    (
        f"{{hosts: [a], {HTTP}, resolution: STATIC, endpoints: [{{address: 'unix:///a', ports: {{http: 1}}}}]}}",
        "spec.endpoints[0].ports",
        "has no ports",
    ),
    (
        f"{{hosts: [a], {HTTP}, resolution: DNS, endpoints: [{{address: a_}}]}}",
        "spec.endpoints[0].address",
        "neither an IP",
    ),
    (
        f"{{hosts: [a], {HTTP}, resolution: DNS, endpoints: [{{address: 'unix:///a'}}]}}",
        "spec.endpoints[0].address",
        "neither",
    ),
    (
        f"{{hosts: [a], {HTTP}, resolution: DNS_ROUND_ROBIN, endpoints: [{{address: a}}, {{address: b}}]}}",
        "spec.endpoints",
        "one endpoint at most",
    ),
    (f"{{hosts: ['*.a'], {HTTP}, resolution: DNS}}", "spec.hosts[0]", "cannot be looked up"),
    (f"{{hosts: [a.b], {HTTP}, resolution: DYNAMIC_DNS}}", "spec.hosts[0]", "has no '*'"),
    (
        f"{{hosts: ['*.a'], {HTTP}, resolution: DYNAMIC_DNS, addresses: [10.0.0.1]}}",
        "spec.addresses",
        "has no addresses",
    ),
    (
        f"{{hosts: ['*.a'], {HTTP}, resolution: DYNAMIC_DNS, endpoints: [{{address: a}}]}}",
        "spec.endpoints",
        "has no endpoints",
    ),
    (
        "{hosts: ['*.a'], ports: [{number: 80, name: a, protocol: MONGO}], resolution: DYNAMIC_DNS}",
        "spec.ports[0].protocol",
        "is for",
    ),
    (
        f"{{hosts: [a.b, c.d], {TCP}, resolution: DNS}}",
        "spec.ports[0].protocol",
        "told apart on HTTP and TLS ports only",
    ),
    (f"{{hosts: [a], {HTTP}, exportTo: ['~', b]}}", "spec.exportTo", "nothing can stand beside it"),
    (f"{{hosts: [a], {HTTP}, exportTo: [b, b]}}", "spec.exportTo[1]", "'b' is there twice"),
    (f"{{hosts: [a], {HTTP}, exportTo: ['.', '.']}}", "spec.exportTo[1]", "'.' is there twice"),
    (f"{{hosts: [a], {HTTP}, exportTo: [default, '.']}}", "spec.exportTo[1]", "'.' is 'default'"),
]
FINE = [
    f"{{hosts: [a], {HTTP}}}",
    f"{{hosts: ['*.a', '*.b'], {TCP}, addresses: [10.0.0.0/8, '2001:db8::/32']}}",
    f"{{hosts: [a], {HTTP}, resolution: STATIC, endpoints: [{{address: 10.0.0.1, ports: {{http: 8080}}, labels: {{a: b}}}}]}}",
    f"{{hosts: [a], {HTTP}, resolution: STATIC, endpoints: [{{address: 'unix:///a'}}]}}",
    f"{{hosts: [a], {HTTP}, resolution: STATIC, workloadSelector: {{labels: {{a: b}}}}}}",
    f"{{hosts: ['*.a'], {HTTP}, resolution: DNS, endpoints: [{{address: b.c}}]}}",
    f"{{hosts: [a.b, c.d], {HTTP}, resolution: DNS}}",
    f"{{hosts: [a], {TCP}, resolution: DNS}}",
    f"{{hosts: ['*.a'], {HTTP}, resolution: DYNAMIC_DNS}}",
    f"{{hosts: [a], {HTTP}, exportTo: ['~']}}",
    "{hosts: [a]}",
]
WARNED = [
    (f"{{hosts: [a], {TCP}}}", "spec.ports[0].protocol", "takes TCP connections to every address"),
    (f"{{hosts: ['*a.b'], {HTTP}}}", "spec.hosts[0]", "stands for whole labels"),
    (
        f"{{hosts: [a], {HTTP}, workloadSelector: {{labels: {{a: b}}}}}}",
        "spec.workloadSelector",
        "nothing is selected",
    ),
    (
        f"{{hosts: [a], {HTTP}, resolution: STATIC, workloadSelector: {{}}}}",
        "spec.workloadSelector",
        "has no labels",
    ),
    (
        f"{{hosts: [a], {HTTP}, resolution: STATIC, endpoints: [{{network: n}}]}}",
        "spec.endpoints[0].address",
        "in the network n",
    ),
]
WORKLOADS = [
    ("{}", "spec.address", "the address is missing"),
    ("{address: a_}", "spec.address", "neither an IP address nor a DNS name"),
    ("{address: 'unix:///a/'}", "spec.address", "absolute path"),
    ("{address: 'unix:///a', ports: {b: 1}}", "spec.ports", "has no ports"),
    ("{address: 10.0.0.1, ports: {b: 0}}", "spec.ports[b]", "the port is missing"),
    ("{address: 10.0.0.1, ports: {b_: 1}}", "spec.ports[b_]", "is not the name of a port"),
    ("{address: 10.0.0.1, labels: {a b: c}}", "spec.labels[a b]", "is not a label"),
]


@pytest.mark.parametrize(("text", "path", "words"), ENTRIES)
def test_refused(text, path, words):
    found = [one for one in judge("ServiceEntry", text) if one.level is Level.ERROR]
    assert [one.path for one in found] == [path]
    assert words in found[0].message + found[0].suggestion


@pytest.mark.parametrize("text", FINE)
def test_fine(text):
    expect_none(judge("ServiceEntry", text))


@pytest.mark.parametrize(("text", "path", "words"), WARNED)
def test_warned_about(text, path, words):
    expect(judge("ServiceEntry", text), path, words, Level.WARNING)


def test_no_address_is_allotted_when_the_label_says_so():
    text = f"{{hosts: [a], {TCP}, resolution: DNS}}"
    labels = {"networking.istio.io/enable-autoallocate-ip": "false"}
    expect(
        judge("ServiceEntry", text, labels=labels), "spec.ports[0].protocol", "every address", Level.WARNING
    )


def test_a_wildcard_inside_a_label_is_no_sni_for_envoy():
    found = judge("ServiceEntry", "{hosts: ['*a.b'], ports: [{number: 443, name: tls, protocol: TLS}]}")
    assert [(one.path, one.code) for one in found] == [("spec.hosts[0]", codes.ENVOY)]


@pytest.mark.parametrize(("text", "path", "words"), WORKLOADS)
def test_refused_workload_entries(text, path, words):
    expect(judge("WorkloadEntry", text), path, words)


@pytest.mark.parametrize(
    "text",
    ["{address: 10.0.0.1}", "{address: a.b}", "{address: 'unix://@a'}", "{address: '::1', ports: {a: 1}}"],
)
def test_fine_workload_entries(text):
    expect_none(judge("WorkloadEntry", text))


def test_a_workload_entry_of_a_network_only():
    expect(judge("WorkloadEntry", "{network: n}"), "spec.address", "in the network n", Level.WARNING)


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("{}", "spec.template", "the template is missing"),
        ("{template: {}, metadata: {labels: {a b: c}}}", "spec.metadata.labels[a b]", "is not a label"),
        ("{template: {}, probe: {}}", "spec.probe", "asks nothing"),
        ("{template: {}, probe: {grpc: {port: 1}}}", "spec.probe.grpc", "has no gRPC probes"),
        ("{template: {}, probe: {httpGet: {}}}", "spec.probe.httpGet.port", "the port is missing"),
        (
            "{template: {}, probe: {httpGet: {port: 1, scheme: http}}}",
            "spec.probe.httpGet.scheme",
            "HTTP or HTTPS",
        ),
        ("{template: {}, probe: {tcpSocket: {port: 70000}}}", "spec.probe.tcpSocket.port", "is not a port"),
        ("{template: {}, probe: {exec: {}}}", "spec.probe.exec.command", "is missing"),
        (
            "{template: {}, probe: {tcpSocket: {port: 1}, periodSeconds: -1}}",
            "spec.probe.periodSeconds",
            "negative",
        ),
    ],
)
def test_refused_workload_groups(text, path, words):
    found = [one for one in judge("WorkloadGroup", text) if one.code != codes.NOT_YET]
    expect(tuple(found), path, words)


def test_probes_of_workload_groups_are_warned_about():
    found = judge("WorkloadGroup", "{template: {}, probe: {tcpSocket: {port: 80}}}")
    expect(found, "spec.probe", "healthy", Level.WARNING)
