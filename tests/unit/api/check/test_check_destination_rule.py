"""DestinationRule: what is refused, what is warned about, and near misses that are fine."""

import pytest
from judging import expect, expect_none, judge, policy

from lateen.api import codes
from lateen.api.finding import Level

KIND, POLICY = "DestinationRule", "spec.trafficPolicy"

RULES = [
    ("{}", "spec.host", "the host is missing"),
    ("{host: a_}", "spec.host", "is not a host name"),
    ("{host: a, trafficPolicy: {}}", "spec.trafficPolicy", "the policy is empty"),
    ("{host: a, subsets: [{name: v1}, {name: v1}]}", "spec.subsets[1].name", "there twice"),
    ("{host: a, subsets: [{}]}", "spec.subsets[0].name", "is missing"),
    ("{host: a, subsets: [{name: v.1}]}", "spec.subsets[0].name", "is not the name of a subset"),
    (
        "{host: a, subsets: [{name: v1, labels: {a: b c}}]}",
        "spec.subsets[0].labels[a]",
        "is not the value of a label",
    ),
    (
        "{host: a, subsets: [{name: v1, trafficPolicy: {}}]}",
        "spec.subsets[0].trafficPolicy",
        "the policy is empty",
    ),
    (
        "{host: a, exportTo: [b], workloadSelector: {matchLabels: {a: b}}}",
        "spec.exportTo",
        "own namespace only",
    ),
    (
        "{host: a, workloadSelector: {matchLabels: {a: '*'}}}",
        "spec.workloadSelector.matchLabels[a]",
        "'*' means nothing",
    ),
]
POLICIES = [
    ("tunnel: {targetHost: a, targetPort: 1}, proxyProtocol: {}", "proxyProtocol", "exclude each other"),
    ("tunnel: {targetHost: a_, targetPort: 1}", "tunnel.targetHost", "is not a host name"),
    ("tunnel: {targetHost: a, targetPort: 0}", "tunnel.targetPort", "the port is missing"),
    ("tunnel: {targetHost: a, targetPort: 1, protocol: GET}", "tunnel.protocol", "is not CONNECT or POST"),
    ("retryBudget: {percent: 101}", "retryBudget.percent", "not a percentage"),
    ("retryBudget: {budgetInterval: -1s}", "retryBudget.budgetInterval", "cannot be negative"),
    ("connectionPool: {}", "connectionPool", "the pool is empty"),
    (
        "connectionPool: {tcp: {maxConnections: -1}}",
        "connectionPool.tcp.maxConnections",
        "cannot be negative",
    ),
    ("connectionPool: {tcp: {connectTimeout: 0s}}", "connectionPool.tcp.connectTimeout", "at least 1ms"),
    (
        "connectionPool: {tcp: {maxConnectionDuration: 0s}}",
        "connectionPool.tcp.maxConnectionDuration",
        "at least 1ms",
    ),
    ("connectionPool: {tcp: {idleTimeout: 1001us}}", "connectionPool.tcp.idleTimeout", "whole number"),
    (
        "connectionPool: {tcp: {tcpKeepalive: {time: 0s}}}",
        "connectionPool.tcp.tcpKeepalive.time",
        "at least 1ms",
    ),
    (
        "connectionPool: {http: {http1MaxPendingRequests: -1}}",
        "connectionPool.http.http1MaxPendingRequests",
        "negative",
    ),
    ("connectionPool: {http: {http2MaxRequests: -1}}", "connectionPool.http.http2MaxRequests", "negative"),
    (
        "connectionPool: {http: {maxRequestsPerConnection: -1}}",
        "connectionPool.http.maxRequestsPerConnection",
        "negative",
    ),
    ("connectionPool: {http: {maxRetries: -1}}", "connectionPool.http.maxRetries", "negative"),
    (
        "connectionPool: {http: {maxConcurrentStreams: -1}}",
        "connectionPool.http.maxConcurrentStreams",
        "negative",
    ),
    ("connectionPool: {http: {idleTimeout: 0s}}", "connectionPool.http.idleTimeout", "at least 1ms"),
    (
        "connectionPool: {http: {h2UpgradePolicy: UPGRADE, useClientProtocol: true}}",
        "connectionPool.http.useClientProtocol",
        "exclude each other",
    ),
    (
        "connectionPool: {http: {http2KeepAlive: {interval: 1s}}}",
        "connectionPool.http.http2KeepAlive.timeout",
        "timeout is missing",
    ),
    ("outlierDetection: {interval: 0s}", "outlierDetection.interval", "at least 1ms"),
    ("outlierDetection: {baseEjectionTime: 0s}", "outlierDetection.baseEjectionTime", "at least 1ms"),
    (
        "outlierDetection: {maxEjectionPercent: 101}",
        "outlierDetection.maxEjectionPercent",
        "not a percentage",
    ),
    ("outlierDetection: {minHealthPercent: -1}", "outlierDetection.minHealthPercent", "not a percentage"),
    (
        "outlierDetection: {consecutiveLocalOriginFailures: 1}",
        "outlierDetection.consecutiveLocalOriginFailures",
        "without splitExternalLocalOriginErrors",
    ),
    (
        "outlierDetection: {outlierDetectionHttpErrorCodes: [500, 600]}",
        "outlierDetection.outlierDetectionHttpErrorCodes[1]",
        "not an HTTP status",
    ),
    ("portLevelSettings: [{port: {number: 1}}]", "portLevelSettings[0]", "the port's policy is empty"),
    (
        "portLevelSettings: [{loadBalancer: {simple: RANDOM}}]",
        "portLevelSettings[0].port",
        "the port is missing",
    ),
    ("tls: {mode: MUTUAL, privateKey: a}", "tls.clientCertificate", "MUTUAL needs clientCertificate"),
    ("tls: {mode: SIMPLE, credentialName: a, caCertificates: b}", "tls.caCertificates", "exclude each other"),
    (
        "tls: {mode: SIMPLE, insecureSkipVerify: true, caCertificates: b}",
        "tls.caCertificates",
        "exclude each other",
    ),
    (
        "tls: {mode: SIMPLE, insecureSkipVerify: true, credentialName: b}",
        "tls.credentialName",
        "exclude each other",
    ),
    ("tls: {mode: SIMPLE, credentialName: 'configmap://b'}", "tls.credentialName", "is not of the form"),
    (
        "tls: {mode: SIMPLE, credentialName: 'configmap://b/c'}",
        "tls.credentialName",
        "own namespace, default",
    ),
]
BALANCERS = [
    ("consistentHash: {httpCookie: {ttl: 1s}}", "consistentHash.httpCookie.name", "has no name"),
    (
        "consistentHash: {httpCookie: {name: a, ttl: -1s}}",
        "consistentHash.httpCookie.ttl",
        "cannot be negative",
    ),
    (
        "consistentHash: {httpCookie: {name: a, attributes: [{name: b}, {name: b}]}}",
        "consistentHash.httpCookie.attributes[1].name",
        "there twice",
    ),
    (
        "consistentHash: {httpCookie: {name: a, attributes: [{value: b}]}}",
        "consistentHash.httpCookie.attributes[0].name",
        "has no name",
    ),
    ("consistentHash: {useSourceIp: true, maglev: {}}", "consistentHash.maglev.tableSize", "is missing"),
    (
        "consistentHash: {useSourceIp: true, maglev: {tableSize: 65536}}",
        "consistentHash.maglev.tableSize",
        "prime",
    ),
    (
        "consistentHash: {useSourceIp: true, maglev: {tableSize: 5000011}}",
        "consistentHash.maglev.tableSize",
        "less than",
    ),
    ("localityLbSetting: {}, zoneAwareLbSetting: {}", "zoneAwareLbSetting", "exclude each other"),
    ("warmup: {}", "warmup.duration", "the duration is missing"),
    ("warmup: {duration: 0s}", "warmup.duration", "at least 1ms"),
    ("warmup: {duration: 1s, minimumPercent: 101}", "warmup.minimumPercent", "not a percentage"),
    ("warmup: {duration: 1s, aggression: 0}", "warmup.aggression", "more than 0"),
    ("warmupDurationSecs: 0s", "warmupDurationSecs", "at least 1ms"),
    (
        "localityLbSetting: {distribute: [{from: a, to: {b: 50, c: 49}}]}",
        "localityLbSetting.distribute[0].to",
        "add up to 99",
    ),
    (
        "localityLbSetting: {distribute: [{from: a, to: {b: 100, c: 0}}]}",
        "localityLbSetting.distribute[0].to[c]",
        "is not a share",
    ),
    (
        "localityLbSetting: {distribute: [{from: a/*, to: {b: 100}}, {from: a/b, to: {b: 100}}]}",
        "localityLbSetting.distribute[1].from",
        "overlaps with 'a'",
    ),
    (
        "localityLbSetting: {distribute: [{from: a, to: {'*/b': 100}}]}",
        "localityLbSetting.distribute[0].to[*/b]",
        "at the end",
    ),
    (
        "localityLbSetting: {distribute: [{from: a//b, to: {b: 100}}]}",
        "localityLbSetting.distribute[0].from",
        "an empty part",
    ),
    ("zoneAwareLbSetting: {minClusterSize: 0}", "zoneAwareLbSetting.minClusterSize", "at least 1"),
    (
        "zoneAwareLbSetting: {failoverPriority: [topology.kubernetes.io/zone]}",
        "zoneAwareLbSetting.failoverPriority[0]",
        "is not for zone aware routing",
    ),
]
FAILOVER = [
    ("failover: [{from: a, to: a}]", "failover[0].to", "same region"),
    ("failover: [{from: a/b, to: c}]", "failover[0].from", "more than a region"),
    ("failover: [{from: a, to: '*'}]", "failover[0].to", "is not one region"),
    ("failover: [{from: a, to: b}], distribute: [{from: a, to: {b: 100}}]", "failover", "exclude each other"),
    (
        "failover: [{from: a, to: b}], failoverPriority: [topology.kubernetes.io/region]",
        "failoverPriority[0]",
        "exclude each other",
    ),
]
FINE = [
    "{host: a}",
    "{host: '*.a'}",
    "{host: a, exportTo: ['.'], workloadSelector: {matchLabels: {a: b}}}",
    "{host: a, exportTo: [default], workloadSelector: {matchLabels: {a: b}}}",
    "{host: a, subsets: [{name: v1}, {name: v2, labels: {a: ''}}]}",
    policy("connectionPool: {tcp: {idleTimeout: 0s, maxConnections: 0}, http: {idleTimeout: 1ms}}"),
    policy("loadBalancer: {simple: LEAST_CONN}"),
    policy("loadBalancer: {consistentHash: {httpCookie: {name: a, ttl: 0s}}}"),
    policy("loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 2}}}"),
    policy(
        "loadBalancer: {localityLbSetting: {distribute: [{from: a/*, to: {a/b: 1, a/c/d: 99}}, {from: b, to: {'*': 100}}]}}"
    ),
    policy(
        "loadBalancer: {localityLbSetting: {failoverPriority: [topology.kubernetes.io/region]}}, outlierDetection: {}"
    ),
    policy("loadBalancer: {warmup: {duration: 1s, minimumPercent: 0, aggression: 0.1}}"),
    policy("outlierDetection: {consecutive5xxErrors: 0, maxEjectionPercent: 100}"),
    policy("tls: {mode: SIMPLE}"),
    policy("tls: {mode: MUTUAL, credentialName: a}"),
    policy("tls: {mode: SIMPLE, credentialName: 'configmap://default/a'}"),
    policy("tls: {mode: DISABLE, insecureSkipVerify: true, caCertificates: a}"),
    policy("tunnel: {targetHost: '::1', targetPort: 1}"),
    policy("portLevelSettings: [{port: {number: 1}, tls: {}}]"),
]


@pytest.mark.parametrize(("text", "path", "words"), RULES)
def test_refused(text, path, words):
    expect(judge(KIND, text), path, words)


@pytest.mark.parametrize(("text", "path", "words"), POLICIES)
def test_refused_policies(text, path, words):
    expect(judge(KIND, policy(text)), f"{POLICY}.{path}", words)


@pytest.mark.parametrize(("text", "path", "words"), BALANCERS)
def test_refused_load_balancers(text, path, words):
    expect(judge(KIND, policy(f"loadBalancer: {{{text}}}")), f"{POLICY}.loadBalancer.{path}", words)


@pytest.mark.parametrize(("text", "path", "words"), FAILOVER)
def test_refused_failover(text, path, words):
    found = judge(KIND, policy(f"loadBalancer: {{localityLbSetting: {{{text}}}}}, outlierDetection: {{}}"))
    expect(found, f"{POLICY}.loadBalancer.localityLbSetting.{path}", words)


@pytest.mark.parametrize("text", FINE)
def test_fine(text):
    expect_none(judge(KIND, text))


@pytest.mark.parametrize(
    ("text", "path", "words", "code"),
    [
        (
            "outlierDetection: {consecutiveErrors: 5}",
            "outlierDetection.consecutiveErrors",
            "deprecated",
            codes.SCHEMA_WARNING,
        ),
        (
            "loadBalancer: {consistentHash: {useSourceIp: true, minimumRingSize: 10}}",
            "loadBalancer.consistentHash.minimumRingSize",
            "deprecated",
            codes.SCHEMA_WARNING,
        ),
        (
            "loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}]}}",
            "loadBalancer.localityLbSetting.failover",
            "no effect without outlierDetection",
            codes.SCHEMA_WARNING,
        ),
        (
            "loadBalancer: {backendUtilization: {a: 1}}",
            "loadBalancer.backendUtilization",
            "has no effect",
            codes.WITHOUT_EFFECT,
        ),
    ],
)
def test_warned_about(text, path, words, code):
    found = judge(KIND, policy(text))
    expect(found, f"{POLICY}.{path}", words, Level.WARNING)
    assert [one.code for one in found] == [code]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("consistentHash: {httpHeaderName: ''}", "httpHeaderName"),
        (
            "consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: 8388609}}",
            "ringHash.minimumRingSize",
        ),
    ],
)
def test_what_only_envoy_refuses(text, path):
    found = judge(KIND, policy(f"loadBalancer: {{{text}}}"))
    assert [(one.path, one.code) for one in found] == [
        (f"{POLICY}.loadBalancer.consistentHash.{path}", codes.ENVOY)
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (policy("tls: {mode: ISTIO_MUTUAL}"), "spec.trafficPolicy.tls.mode"),
        (
            policy("portLevelSettings: [{port: {number: 1}, tls: {mode: ISTIO_MUTUAL}}]"),
            "spec.trafficPolicy.portLevelSettings[0].tls.mode",
        ),
        (
            "{host: a, subsets: [{name: a}, {name: v, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}]}",
            "spec.subsets[1].trafficPolicy.tls.mode",
        ),
    ],
)
def test_mesh_certificates_are_not_supported_yet(text, path):
    found = judge(KIND, text)
    expect(found, path, "ISTIO_MUTUAL is not supported yet: it needs the certificate authority of the mesh")
    assert found[0].code == codes.NOT_YET
