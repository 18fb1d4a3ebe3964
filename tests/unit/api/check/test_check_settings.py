"""EnvoyFilter, ProxyConfig and MeshConfig: what is refused, what is warned about, near misses that are fine."""

import pytest
from judging import expect, expect_none, judge, judge_mesh

from lateen.api import codes
from lateen.api.finding import Level

HTTP_MANAGER = "envoy.filters.network.http_connection_manager"
PATCH = "spec.configPatches[0]"


def patch(text: str) -> str:
    """Write an EnvoyFilter with one patch."""
    return f"{{configPatches: [{{{text}}}]}}"


FILTERS = [
    (patch("patch: {operation: REMOVE}"), f"{PATCH}.applyTo", "applyTo is missing"),
    (patch("applyTo: CLUSTER"), f"{PATCH}.patch", "the patch is missing"),
    (patch("applyTo: CLUSTER, patch: {}"), f"{PATCH}.patch.operation", "the operation is missing"),
    (patch("applyTo: CLUSTER, patch: {operation: MERGE}"), f"{PATCH}.patch.value", "MERGE needs a value"),
    (
        patch("applyTo: CLUSTER, match: {listener: {}}, patch: {operation: REMOVE}"),
        f"{PATCH}.match.listener",
        "is matched by cluster",
    ),
    (
        patch("applyTo: HTTP_FILTER, match: {cluster: {}}, patch: {operation: REMOVE}"),
        f"{PATCH}.match.cluster",
        "is matched by listener",
    ),
    (
        patch("applyTo: VIRTUAL_HOST, match: {listener: {}}, patch: {operation: REMOVE}"),
        f"{PATCH}.match.listener",
        "is matched by routeConfiguration",
    ),
    (
        patch("applyTo: CLUSTER, match: {proxy: {proxyVersion: '('}}, patch: {operation: REMOVE}"),
        f"{PATCH}.match.proxy.proxyVersion",
        "not a regular expression",
    ),
    (
        patch(
            "applyTo: HTTP_FILTER, match: {listener: {filterChain: {filter: {}}}}, patch: {operation: REMOVE}"
        ),
        f"{PATCH}.match.listener.filterChain.filter.name",
        "no name to match",
    ),
    (
        patch(
            "applyTo: NETWORK_FILTER, match: {listener: {filterChain: {filter: {name: a, subFilter: {name: b}}}}}, patch: {operation: REMOVE}"
        ),
        f"{PATCH}.match.listener.filterChain.filter.subFilter",
        "is for applyTo HTTP_FILTER",
    ),
    (
        patch(
            "applyTo: HTTP_FILTER, match: {listener: {filterChain: {filter: {name: a, subFilter: {name: b}}}}}, patch: {operation: REMOVE}"
        ),
        f"{PATCH}.match.listener.filterChain.filter.name",
        HTTP_MANAGER,
    ),
    (
        "{workloadSelector: {labels: {a: b}}, targetRefs: [{kind: Service, name: a}]}",
        "spec.targetRefs",
        "exclude each other",
    ),
    ("{targetRefs: [{kind: Service}]}", "spec.targetRefs[0].name", "the name is missing"),
    (
        "{targetRefs: [{kind: Service, name: a, namespace: b}]}",
        "spec.targetRefs[0].namespace",
        "own namespace",
    ),
]
MESH = [
    ("proxyListenPort: 0", "proxyListenPort", "the port is missing"),
    ("proxyHttpPort: 70000", "proxyHttpPort", "is not a port"),
    ("connectTimeout: 0s", "connectTimeout", "at least 1ms"),
    ("connectTimeout: 61m", "connectTimeout", "1h at most"),
    ("protocolDetectionTimeout: 1us", "protocolDetectionTimeout", "whole milliseconds"),
    ("trustDomain: a_b", "trustDomain", "is not a trust domain"),
    ("serviceSettings: [{hosts: [a_]}]", "serviceSettings[0].hosts[0]", "is not a host name"),
    (
        "localityLbSetting: {distribute: [{from: a, to: {b: 1}}]}",
        "localityLbSetting.distribute[0].to",
        "add up to 1",
    ),
    (
        "defaultTrafficPolicy: {connectionPool: {}}",
        "defaultTrafficPolicy.connectionPool",
        "the pool is empty",
    ),
    (
        "defaultTrafficPolicy: {outlierDetection: {interval: 0s}}",
        "defaultTrafficPolicy.outlierDetection.interval",
        "1ms",
    ),
    (
        "outboundTrafficPolicy: {tls: {mode: MUTUAL, privateKey: a}}",
        "outboundTrafficPolicy.tls.clientCertificate",
        "needs",
    ),
    ("defaultHttpRetryPolicy: {attempts: -1}", "defaultHttpRetryPolicy.attempts", "cannot be negative"),
    (
        "defaultInboundHttpRetryPolicy: {backoff: 1s}",
        "defaultInboundHttpRetryPolicy.backoff",
        "without attempts",
    ),
    ("defaultServiceExportTo: [a, a]", "defaultServiceExportTo[1]", "there twice"),
    ("tlsDefaults: {ecdhCurves: [FOO]}", "tlsDefaults.ecdhCurves[0]", "is not known to Envoy"),
    ("defaultConfig: {discoveryAddress: a}", "defaultConfig.discoveryAddress", "host:port"),
    (
        "defaultConfig: {connectionSettings: {httpMaxConcurrentStreams: 0}}",
        "defaultConfig.connectionSettings.httpMaxConcurrentStreams",
        "at least 1",
    ),
    (
        "defaultConfig: {connectionSettings: {http2InitialStreamWindowSize: 1}}",
        "defaultConfig.connectionSettings.http2InitialStreamWindowSize",
        "at least 65535",
    ),
    (
        "defaultConfig: {connectionSettings: {httpIdleTimeout: -1s}}",
        "defaultConfig.connectionSettings.httpIdleTimeout",
        "cannot be negative",
    ),
]
MESH_FINE = [
    "{}",
    "rootNamespace: other",
    "discoverySelectors: [{matchLabels: {a: b}}]",
    "{proxyHttpPort: 0, protocolDetectionTimeout: 0s, connectTimeout: 1h, trustDomain: cluster.local}",
    "{accessLogFile: /dev/stdout, outboundTrafficPolicy: {mode: REGISTRY_ONLY}, enablePrometheusMerge: true}",
    "{defaultConfig: {discoveryAddress: 'istiod.istio-system.svc:15012', gatewayTopology: {numTrustedProxies: 1}}}",
    "outboundClusterStatName: '%SERVICE_FQDN%_%SERVICE_PORT%'",
]


@pytest.mark.parametrize(("text", "path", "words"), FILTERS)
def test_refused_envoy_filters(text, path, words):
    expect(judge("EnvoyFilter", text), path, words)


def test_every_envoy_filter_has_a_note():
    found = judge("EnvoyFilter", patch("applyTo: CLUSTER, patch: {operation: MERGE, value: {a: b}}"))
    assert [(one.level, one.path) for one in found] == [(Level.INFO, "spec")]


def test_an_envoy_filter_without_labels_is_for_everybody():
    expect(
        judge("EnvoyFilter", "{workloadSelector: {}}"),
        "spec.workloadSelector",
        "has no labels",
        Level.WARNING,
    )


def test_waypoints_are_not_supported():
    found = judge("EnvoyFilter", patch("match: {context: WAYPOINT, waypoint: {}}"))
    assert {one.code for one in found if one.level is Level.ERROR} == {codes.NOT_YET}


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("{concurrency: -1}", "spec.concurrency", "cannot be negative"),
        ("{selector: {matchLabels: {a: 'b*'}}}", "spec.selector.matchLabels[a]", "'*' means nothing"),
        (f"{{environmentVariables: {{A: {'x' * 2049}}}}}", "spec.environmentVariables[A]", "more than 2048"),
    ],
)
def test_refused_proxy_configs(text, path, words):
    expect(judge("ProxyConfig", text), path, words)


@pytest.mark.parametrize(("text", "path", "words"), MESH)
def test_refused_mesh_configs(text, path, words):
    expect(judge_mesh(text), path, words)


@pytest.mark.parametrize("text", MESH_FINE)
def test_fine_mesh_configs(text):
    expect_none(judge_mesh(text))


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ("extensionProviders: [{name: a, prometheus: {}}]", "extensionProviders", codes.WITHOUT_EFFECT),
        ("defaultConfig: {tracing: {sampling: 1}}", "defaultConfig.tracing", codes.WITHOUT_EFFECT),
        ("outboundClusterStatName: '%FOO%'", "outboundClusterStatName", codes.SCHEMA_WARNING),
        (
            "defaultInboundHttpRetryPolicy: {attempts: 1, perTryTimeout: 1s}",
            "defaultInboundHttpRetryPolicy.perTryTimeout",
            codes.SCHEMA_WARNING,
        ),
    ],
)
def test_mesh_configs_that_are_warned_about(text, path, code):
    found = judge_mesh(text)
    assert [(one.path, one.code, one.level) for one in found] == [(path, code, Level.WARNING)]
