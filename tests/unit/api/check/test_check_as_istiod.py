"""Where istiod's verdict is not the obvious one: what it lets pass is at most warned about, and the other way round."""

import pytest
import yaml
from judging import expect, expect_none, judge, judge_mesh, policy, rule

from lateen.api.decode import decode
from lateen.api.finding import Level

SERVER = "{hosts: [a.b], port: {number: 443, name: https, protocol: HTTPS}, tls: {%s}}"
DNS = "hosts: ['*.a.b'], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS"
STATIC = "hosts: [a.b], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC"
LONG = "a" * 64


def gateway(tls: str, more: str = "") -> str:
    return f"{{servers: [{SERVER % tls}]{more}}}"


ONLY_WARNED = [
    ("Gateway", gateway("mode: PASSTHROUGH", ", selector: {app: 'a b'}"), "spec.selector[app]", "nothing can"),
    ("Sidecar", "{workloadSelector: {labels: {app: a-}}, egress: [{hosts: ['*/*']}]}", "spec.workloadSelector.labels[app]", "nothing can"),
    ("ProxyConfig", "{selector: {matchLabels: {app: /x}}}", "spec.selector.matchLabels[app]", "nothing can"),
    ("WorkloadGroup", "{template: {labels: {app: '::1'}}}", "spec.template.labels[app]", "nothing can"),
    ("ServiceEntry", f"{{{STATIC}, endpoints: [{{address: 1.2.3.4, labels: {{a: {LONG}}}}}]}}", "spec.endpoints[0].labels[a]", "at most 63"),
    ("DestinationRule", policy("portLevelSettings: [{port: {number: 65536}, tls: {}}]"), "spec.trafficPolicy.portLevelSettings[0].port.number", "no service has"),
    ("VirtualService", "{hosts: [a], tcp: [{match: [{sourceNamespace: a_}], route: [{destination: {host: a}}]}]}", "spec.tcp[0].match[0].sourceNamespace", "not the name"),
    ("EnvoyFilter", "{targetRefs: [{kind: Pod, name: a}]}", "spec.targetRefs[0].kind", "cannot be for 'Pod'"),
    ("Gateway", gateway("mode: SIMPLE, credentialName: a, caCrl: b"), "spec.servers[0].tls.caCrl", "is not read"),
    ("Gateway", gateway("mode: SIMPLE, credentialName: a, cipherSuites: [-AES128-SHA]"), "spec.servers[0].tls.cipherSuites[0]", "left out"),
    ("Gateway", gateway("mode: SIMPLE, credentialName: a, subjectAltNames: [b]"), "spec.servers[0].tls.subjectAltNames", "not compared"),
    ("DestinationRule", policy("loadBalancer: {warmup: {duration: 1s}, warmupDurationSecs: 2s}"), "spec.trafficPolicy.loadBalancer.warmupDurationSecs", "is not read"),
]  # fmt: skip

PASS = [
    ("VirtualService", "{hosts: [a], gateways: [mesh, a/b/c], http: [{route: [{destination: {host: a}}]}]}"),
    ("DestinationRule", policy(
        "outlierDetection: {}, loadBalancer: {localityLbSetting: {distribute: [{from: a, to: {a: 100}}, {from: '*', to: {a: 100}}]}}"
    )),
    ("Gateway", gateway("mode: SIMPLE, credentialName: a, cipherSuites: ['[AES128-SHA|AES256-SHA]', '!AES128-SHA', ALL]")),
]  # fmt: skip

REFUSED = [
    ("ServiceEntry", "{hosts: [a.b], ports: [{number: 80, name: http, targetPort: 0}]}", "spec.ports[0].targetPort", "the port is missing"),
    ("ServiceEntry", f"{{{DNS}, workloadSelector: {{labels: {{app: a}}}}}}", "spec.hosts[0]", "cannot be looked up"),
    ("Gateway", "{servers: [{hosts: ['::1'], port: {number: 80, name: http, protocol: HTTP}}]}", "spec.servers[0].hosts[0]", "short name"),
    ("Gateway", gateway("mode: PASSTHROUGH, credentialName: a, caCrl: b"), "spec.servers[0].tls.caCrl", "exclude each other"),
    ("ProxyConfig", f"{{selector: {{matchLabels: {{a: {LONG}}}}}}}", "spec.selector.matchLabels[a]", "at most 63"),
    ("WorkloadEntry", "{address: 'unix://@a/'}", "spec.address", "a directory"),
    ("EnvoyFilter", "{targetRefs: [{group: a_b, kind: Gateway, name: a}]}", "spec.targetRefs[0].kind", "is no kind"),
]  # fmt: skip

SETTINGS = [
    ("discoveryAddress: '2001:db8::1:80'", "discoveryAddress", "in brackets"),
    ("discoveryAddress: ''", "discoveryAddress", "is empty"),
    ("serviceCluster: ''", "serviceCluster", "is empty"),
    ("tracing: {lightstep: {address: 'a:80'}}", "tracing.lightstep.accessToken", "is missing"),
    ("privateKeyProvider: {}", "privateKeyProvider", "names no provider"),
    ("privateKeyProvider: {qat: {pollDelay: 0s}}", "privateKeyProvider.qat.pollDelay", "or zero"),
    ("privateKeyProvider: {cryptomb: {}}", "privateKeyProvider.cryptomb.pollDelay", "is missing"),
]


@pytest.mark.parametrize(("kind", "text", "path", "words"), ONLY_WARNED)
def test_only_warned_about(kind, text, path, words):
    found = judge(kind, text)
    assert [one for one in found if one.level is Level.ERROR] == []
    expect(found, path, words, Level.WARNING)


@pytest.mark.parametrize(("kind", "text"), PASS)
def test_accepted(kind, text):
    expect_none(judge(kind, text))


@pytest.mark.parametrize(("kind", "text", "path", "words"), REFUSED)
def test_refused(kind, text, path, words):
    expect(judge(kind, text), path, words)


@pytest.mark.parametrize(("text", "path", "words"), SETTINGS)
def test_refused_settings_of_proxies(text, path, words):
    expect(judge_mesh(f"{{defaultConfig: {{{text}}}}}"), f"defaultConfig.{path}", words)


def test_an_ipv6_address_in_brackets_has_a_port():
    expect_none(judge_mesh("{defaultConfig: {discoveryAddress: '[2001:db8::1]:80'}}"))


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("{attempts: 3, retryOn: never}", Level.WARNING),
        ("{retryOn: 5xx}", Level.WARNING),
        ("{attempts: 3, perTryTimeout: 10ns}", Level.WARNING),
        ("{attempts: -1}", Level.ERROR),
    ],
)
def test_istiod_does_not_judge_the_retries_that_the_mesh_makes(text, level):
    found = judge_mesh(f"{{defaultHttpRetryPolicy: {text}}}")
    assert [one.level for one in found] == [level]


def test_keepalive_may_be_finer_than_a_millisecond():
    expect_none(judge_mesh("{tcpKeepalive: {time: 1.000000001s}}"))


def test_a_refresh_of_a_millisecond_is_too_often_for_envoy():
    (found,) = judge_mesh("{dnsRefreshRate: 1ms}")
    assert (found.code, found.path) == ("LAT0011", "dnsRefreshRate")


def test_envoy_listens_at_addresses_only():
    found = judge("Sidecar", "{egress: [{hosts: ['*/*'], bind: foo.bar}]}")
    assert [(one.code, one.path) for one in found] == [("LAT0011", "spec.egress[0].bind")]


def test_one_way_to_balance_is_chosen():
    spec = {"host": "a", "trafficPolicy": {"loadBalancer": {"simple": "RANDOM", "backendUtilization": {}}}}
    meta = {"name": "a", "namespace": "default"}
    value = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": meta,
        "spec": spec,
    }
    (found,) = decode(value).findings
    assert "exclude each other" in found.message


def test_a_cookie_that_ends_before_it_begins_is_refused_by_envoy():
    text = policy("loadBalancer: {consistentHash: {httpCookie: {name: a, ttl: -1s}}}")
    (found,) = judge("DestinationRule", text)
    assert found.code == "LAT0011"


def test_source_labels_may_be_longer_than_kubernetes_keeps_them():
    found = judge("VirtualService", rule(f"match: [{{sourceLabels: {{a: {LONG}}}}}]"))
    expect(found, "spec.http[0].match[0].sourceLabels[a]", "at most 63", Level.WARNING)


@pytest.mark.parametrize(("waypoint", "paths"), [("w", ["spec.location"]), ("None", []), ("", [])])
def test_behind_a_waypoint_nothing_inside_is_looked_up(waypoint, paths):
    text = "{hosts: ['*.a.b'], location: MESH_INTERNAL, resolution: DYNAMIC_DNS}"
    found = judge("ServiceEntry", text, labels={"istio.io/use-waypoint": waypoint})
    assert [one.path for one in found if one.level is Level.ERROR] == paths


@pytest.mark.parametrize(
    "text", ["{address: 1.2.3.4, ports: {http: null}}", "{address: 1.2.3.4, labels: {a: null}}"]
)
def test_an_entry_of_a_map_is_not_null(text):
    meta = {"name": "a", "namespace": "default"}
    value = {"apiVersion": "networking.istio.io/v1", "kind": "WorkloadEntry", "metadata": meta}
    (found,) = decode(value | {"spec": yaml.safe_load(text)}).findings
    assert "the entry is empty" in found.message
