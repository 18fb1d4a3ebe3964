"""Kubernetes' kinds: what its API server refuses of what matters here, and near misses that are fine."""

import pytest
from judging import expect, expect_none, judge

from lateen.api.finding import Level

POD = "containers: [{name: a, %s}]"
PORT = "{name: http, port: 80}"

SERVICES = [
    ("{}", "spec.ports", "has no ports"),
    ("{type: NodePorts, ports: [{port: 80}]}", "spec.type", "is not one of"),
    ("{ports: [{port: 0}]}", "spec.ports[0].port", "the port is missing"),
    ("{ports: [{port: 65536}]}", "spec.ports[0].port", "is not a port"),
    ("{ports: [{port: 80}, {name: a, port: 81}]}", "spec.ports[0].name", "names each of them"),
    ("{ports: [{name: a, port: 80}, {name: a, port: 81}]}", "spec.ports[1].name", "there twice"),
    ("{ports: [{name: a, port: 80}, {name: b, port: 80}]}", "spec.ports[1].port", "80/TCP is there twice"),
    ("{ports: [{name: A, port: 80}]}", "spec.ports[0].name", "lower-case"),
    ("{ports: [{port: 80, protocol: HTTP}]}", "spec.ports[0].protocol", "is not one of TCP, UDP, SCTP"),
    ("{ports: [{port: 80, targetPort: http_1}]}", "spec.ports[0].targetPort", "is not the name of a port"),
    ("{ports: [{port: 80, targetPort: 0}]}", "spec.ports[0].targetPort", "the port is missing"),
    ("{ports: [{port: 80, appProtocol: 'a b'}]}", "spec.ports[0].appProtocol", "not the name of a protocol"),
    ("{clusterIP: a, ports: [{port: 80}]}", "spec.clusterIP", "neither an IP address nor None"),
    ("{externalIPs: [a], ports: [{port: 80}]}", "spec.externalIPs[0]", "is not an IP address"),
    ("{selector: {a: b c}, ports: [{port: 80}]}", "spec.selector[a]", "is not the value of a label"),
    ("{type: ExternalName}", "spec.externalName", "needs externalName"),
    ("{type: ExternalName, externalName: A_b}", "spec.externalName", "is not a DNS name"),
    ("{internalTrafficPolicy: local, ports: [{port: 80}]}", "spec.internalTrafficPolicy", "is not one of"),
    ("{trafficDistribution: Near, ports: [{port: 80}]}", "spec.trafficDistribution", "is not one of"),
]
HEADLESS = "{type: LoadBalancer, clusterIP: None, ports: [{port: 80}]}"

SERVICES_FINE = [
    "{ports: [{port: 80}]}",
    "{clusterIP: None}",
    "{type: ExternalName, externalName: a.example.com.}",
    "{ports: [{name: a, port: 53}, {name: b, port: 53, protocol: UDP}]}",
    "{clusterIP: 10.0.0.1, ports: [{port: 80, targetPort: http, appProtocol: kubernetes.io/h2c, nodePort: 30000}]}",
]
DEPLOYMENTS = [
    ("{selector: {matchLabels: {a: b}}}", "spec.template", "the template is missing"),
    ("{template: {spec: {containers: [{name: a}]}}}", "spec.selector", "the selector is missing"),
    (
        "{selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: c}}, spec: {containers: [{name: a}]}}}",
        "spec.selector.matchLabels[a]",
        "the template has a: c",
    ),
    (
        "{selector: {matchExpressions: [{key: a, operator: Exists}]}, template: {spec: {containers: [{name: a}]}}}",
        "spec.selector.matchExpressions[0]",
        "do not meet a Exists",
    ),
    (
        "{selector: {matchExpressions: [{key: b, operator: NotIn}]}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a}]}}}",
        "spec.selector.matchExpressions[0].values",
        "NotIn needs values",
    ),
    (
        "{replicas: -1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a}]}}}",
        "spec.replicas",
        "cannot be negative",
    ),
]
PODS = [
    ("{}", "spec.containers", "at least one container"),
    ("{containers: [{}]}", "spec.containers[0].name", "has no name"),
    ("{containers: [{name: a}, {name: a}]}", "spec.containers[1].name", "there twice"),
    ("{containers: [{name: A}]}", "spec.containers[0].name", "is not the name of a container"),
    (f"{{{POD}}}" % "ports: [{containerPort: 0}]", "spec.containers[0].ports[0].containerPort", "is missing"),
    (
        f"{{{POD}}}" % "ports: [{containerPort: 1, name: sixteen-letters-}]",
        "spec.containers[0].ports[0].name",
        "15 characters",
    ),
    (
        f"{{{POD}}}" % "ports: [{containerPort: 1, name: a}, {containerPort: 2, name: a}]",
        "spec.containers[0].ports[1].name",
        "there twice",
    ),
    (f"{{{POD}}}" % "env: [{value: a}]", "spec.containers[0].env[0].name", "not the name of a variable"),
    (
        f"{{{POD}}}" % "env: [{name: A, value: b, valueFrom: {fieldRef: {fieldPath: c}}}]",
        "spec.containers[0].env[0].valueFrom",
        "exclude each other",
    ),
    (
        f"{{{POD}}}" % "env: [{name: A, valueFrom: {}}]",
        "spec.containers[0].env[0].valueFrom",
        "exactly one of",
    ),
    (f"{{{POD}}}" % "envFrom: [{}]", "spec.containers[0].envFrom[0]", "one of configMapRef and secretRef"),
    (
        f"{{{POD}}}" % "volumeMounts: [{name: v, mountPath: /a}]",
        "spec.containers[0].volumeMounts[0].name",
        "no volume 'v'",
    ),
    (f"{{{POD}}}" % "readinessProbe: {}", "spec.containers[0].readinessProbe", "exactly one of"),
    (
        f"{{{POD}}}" % "readinessProbe: {httpGet: {port: 0}}",
        "spec.containers[0].readinessProbe.httpGet.port",
        "the port is missing",
    ),
    (
        f"{{{POD}}}" % "readinessProbe: {exec: {command: [a]}, periodSeconds: -1}",
        "spec.containers[0].readinessProbe.periodSeconds",
        "cannot be negative",
    ),
    ("{containers: [{name: a}], hostname: a.b}", "spec.hostname", "is not a DNS label"),
    ("{containers: [{name: a}], restartPolicy: Sometimes}", "spec.restartPolicy", "is not one of"),
]
BODIES = [
    ("Secret", "{type: kubernetes.io/tls, data: {tls.crt: YQ==}}", "data", "has the key tls.key"),
    ("Secret", "{data: {a b: YQ==}}", "data[a b]", "is not a key"),
    ("ConfigMap", "{data: {'': a}}", "data[]", "is not a key"),
    ("ConfigMap", "{data: {a: b}, binaryData: {a: YQ==}}", "binaryData[a]", "is in data, too"),
    ("EndpointSlice", "{endpoints: []}", "addressType", "is missing"),
    (
        "EndpointSlice",
        "{addressType: IPv4, endpoints: [{addresses: ['::1']}]}",
        "endpoints[0].addresses[0]",
        "not an IPv4",
    ),
    ("EndpointSlice", "{addressType: IPv4, endpoints: [{}]}", "endpoints[0].addresses", "1 to 100 addresses"),
    ("EndpointSlice", "{addressType: IPv4, ports: [{port: 0}]}", "ports[0].port", "is not a port"),
    (
        "EndpointSlice",
        "{addressType: IPv4, ports: [{name: a, port: 1}, {name: a, port: 2}]}",
        "ports[1].name",
        "there twice",
    ),
]
OWNED = {"kubernetes.io/service-name": "a"}


@pytest.mark.parametrize(("text", "path", "words"), SERVICES)
def test_refused_services(text, path, words):
    expect(judge("Service", text), path, words)


@pytest.mark.parametrize("text", SERVICES_FINE)
def test_fine_services(text):
    expect_none(judge("Service", text))


@pytest.mark.parametrize("name", ["1a", "a.b", "a" * 64])
def test_refused_names_of_services(name):
    expect(
        judge("Service", "{ports: [{port: 80}]}", name=name), "metadata.name", "is not a name for a Service"
    )


@pytest.mark.parametrize(("text", "path", "words"), DEPLOYMENTS)
def test_refused_deployments(text, path, words):
    expect(judge("Deployment", text), path, words)


@pytest.mark.parametrize(("text", "path", "words"), PODS)
def test_refused_pods(text, path, words):
    expect(judge("Pod", text), path, words)


@pytest.mark.parametrize(("kind", "text", "path", "words"), BODIES)
def test_refused_bodies(kind, text, path, words):
    expect(judge(kind, text, labels=OWNED), path, words)


def test_fine_pods():
    expect_none(
        judge(
            "Pod",
            "{containers: [{name: a, command: [x], env: [{name: A.B-c, value: ''}], ports: [{containerPort: 1, name: a-1}],"
            " volumeMounts: [{name: v, mountPath: /a}], readinessProbe: {tcpSocket: {port: http}}}], volumes: [{name: v, emptyDir: {}}]}",
        )
    )


def test_fields_of_workloads_that_change_nothing_are_warned_about():
    text = "{containers: [{name: a, livenessProbe: {exec: {command: [a]}}}], initContainers: [{name: b}], restartPolicy: Never}"
    found = judge("Pod", text)
    assert {one.path for one in found if one.level is Level.WARNING} == {
        "spec.containers[0].livenessProbe",
        "spec.initContainers",
        "spec.restartPolicy",
    }


@pytest.mark.parametrize(
    ("meta", "path"),
    [
        ({"labels": {"a b": "c"}}, "metadata.labels[a b]"),
        ({"annotations": {"a b": "c"}}, "metadata.annotations[a b]"),
        ({"annotations": {"istio.io/dry-run": "true"}}, "metadata.annotations[istio.io/dry-run]"),
        (
            {"annotations": {"internal.istio.io/parents": "a"}},
            "metadata.annotations[internal.istio.io/parents]",
        ),
    ],
)
def test_metadata(meta, path):
    found = judge("DestinationRule", "{host: a}", **meta)
    assert [(one.path, one.level) for one in found] == [(path, Level.ERROR)]


def test_names_with_empty_parts():
    expect(judge("DestinationRule", "{host: a}", name="a..b"), "metadata.name", "is not a name")


def test_a_service_that_is_reached_from_outside_is_not_headless():
    expect(judge("Service", HEADLESS), "spec.clusterIP", "type LoadBalancer has an address")


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.1.1", "0.0.0.0", "224.0.0.5"])
def test_an_endpoint_slice_with_an_address_of_the_machine(address):
    text = f"{{addressType: IPv4, endpoints: [{{addresses: [{address}]}}], ports: [{{port: 80}}]}}"
    found = judge("EndpointSlice", text, labels=OWNED)
    expect(found, "endpoints[0].addresses[0]", "API server refuses", Level.WARNING)


def test_an_endpoint_slice_of_no_service():
    expect(
        judge("EndpointSlice", "{addressType: IPv4}"),
        "metadata.labels",
        "belong to no Service",
        Level.WARNING,
    )


def test_secrets_do_not_show_their_values():
    found = judge("Secret", "{type: kubernetes.io/tls, stringData: {other: hunter2}}")
    assert found
    assert "hunter2" not in str(found)
