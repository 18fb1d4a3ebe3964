import pytest

from lateen.api import codes
from lateen.api.decode import decode, expand
from lateen.api.finding import Finding, Level, Position, render
from lateen.api.message import json_name, kubernetes_name
from lateen.api.meta import Ref
from lateen.api.registry import KINDS, find


def istio(kind, spec, version="v1", **metadata):
    metadata = {"name": "x", "namespace": "ns"} | metadata
    return {"apiVersion": f"networking.istio.io/{version}", "kind": kind, "metadata": metadata, "spec": spec}


def kubernetes(kind, spec, api_version="v1", **more):
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "x", "namespace": "ns"},
        "spec": spec,
    } | more


def spec_of(value):
    decoded = decode(value)
    assert decoded.findings == ()
    return decoded.object.spec


def lenient(value):
    """Return a spec that Kubernetes would not take, and where."""
    decoded = decode(value)
    assert {finding.code for finding in decoded.findings} == {codes.SCHEMA_WARNING}
    return decoded.object.spec, [finding.path for finding in decoded.findings]


def errors(value):
    decoded = decode(value)
    assert decoded.object is None
    return [(finding.path, finding.message, finding.suggestion) for finding in decoded.findings]


def test_both_spellings_give_the_same_object():
    camel = {
        "retries": {"perTryTimeout": "2s", "retryOn": "5xx"},
        "corsPolicy": {"allowOrigins": [{"exact": "a"}]},
    }
    snake = {
        "retries": {"per_try_timeout": "2s", "retry_on": "5xx"},
        "cors_policy": {"allow_origins": [{"exact": "a"}]},
    }
    spec, places = lenient(istio("VirtualService", {"http": [snake]}))
    assert spec == spec_of(istio("VirtualService", {"http": [camel]}))
    assert places == [
        "spec.http[0].retries.per_try_timeout",
        "spec.http[0].retries.retry_on",
        "spec.http[0].cors_policy",
        "spec.http[0].cors_policy.allow_origins",
    ]


def test_both_spellings_at_once_are_refused():
    [(path, message, _)] = errors(
        istio("VirtualService", {"http": [{"retries": {"retryOn": "a", "retry_on": "b"}}]})
    )
    assert path == "spec.http[0].retries.retry_on"
    assert message == "retry_on is the same field as retryOn, which is also set"


def test_numbers_as_jsonpb_takes_them():
    tcp, _ = lenient(
        istio(
            "DestinationRule",
            {"host": "a", "trafficPolicy": {"connectionPool": {"tcp": {"maxConnections": "7"}}}},
        )
    )
    assert tcp.traffic_policy.connection_pool.tcp.max_connections == 7
    mirror, places = lenient(
        istio("VirtualService", {"http": [{"mirrorPercentage": {"value": "0.5"}, "mirrorPercent": 10.0}]})
    )
    assert places == ["spec.http[0].mirrorPercentage.value"]
    assert (mirror.http[0].mirror_percentage.value, mirror.http[0].mirror_percent) == (0.5, 10)


def test_enum_by_number_and_name():
    entry, places = lenient(
        istio("ServiceEntry", {"hosts": ["a"], "resolution": 2, "location": "MESH_INTERNAL"})
    )
    assert (entry.resolution, places) == ("DNS", ["spec.resolution"])
    [(path, message, suggestion)] = errors(istio("ServiceEntry", {"resolution": "dns"}))
    assert (path, suggestion) == ("spec.resolution", "did you mean DNS?")
    assert message == "expected one of NONE, STATIC, DNS, DNS_ROUND_ROBIN, DYNAMIC_DNS, got the string 'dns'"


def test_null_is_unset():
    virtual_service = spec_of(
        istio("VirtualService", {"hosts": ["a"], "http": None, "tls": [{"match": [{"port": None}]}]})
    )
    assert virtual_service.http == ()
    assert virtual_service.tls[0].match[0].port is None
    assert spec_of({**istio("VirtualService", None), "status": None}).hosts == ()
    timestamp = decode(istio("VirtualService", {}, creationTimestamp=None))
    assert timestamp.object.meta.creation_timestamp == ""


def test_bytes_are_base64_and_struct_is_free():
    body = spec_of(
        istio("VirtualService", {"http": [{"directResponse": {"status": 503, "body": {"bytes": "aGk="}}}]})
    )
    assert body.http[0].direct_response.body.bytes == b"hi"
    patch = {
        "configPatches": [
            {"patch": {"operation": "ADD", "value": {"name": "x", "any_case": [1, None, {"y": True}]}}}
        ]
    }
    envoy_filter = spec_of(istio("EnvoyFilter", patch, "v1alpha3"))
    assert envoy_filter.config_patches[0].patch.value == {"name": "x", "any_case": [1, None, {"y": True}]}


def test_field_names_that_python_reserves_and_that_camel_case_spoils():
    setting = {"distribute": [{"from": "a/*", "to": {"a/b": 100}}]}
    rule = spec_of(
        istio(
            "DestinationRule",
            {"host": "a", "trafficPolicy": {"loadBalancer": {"localityLbSetting": setting}}},
        )
    )
    assert rule.traffic_policy.load_balancer.locality_lb_setting.distribute[0].from_ == "a/*"
    assert json_name("consecutive_5xx_errors") == "consecutive5xxErrors"
    assert json_name("http1_max_pending_requests") == "http1MaxPendingRequests"
    assert [kubernetes_name(name) for name in ("cluster_ip", "external_ips", "pod_cidr", "ip", "image_pull_policy")] == [
        "clusterIP", "externalIPs", "podCIDR", "ip", "imagePullPolicy",
    ]  # fmt: skip


def test_every_error_at_once_with_its_path():
    value = istio(
        "VirtualService",
        {
            "hosts": "reviews",
            "http": [
                {"timeout": 5, "retries": {"atempts": 3, "perTryTimeout": "2 s"}},
                {
                    "match": [
                        {
                            "headers": {"end-user": {"exact": "a", "regex": "b"}},
                            "port": -1,
                            "sourceNamespace": 7,
                        }
                    ],
                    "route": [{"destination": {"host": "a", "sebset": "v1"}, "weight": "many"}, None],
                    "redirect": {"port": 80, "derivePort": "FROM_REQUEST_PORT"},
                },
            ],
            "tcp": {},
        },
    )
    assert errors(value) == [
        (
            "spec.hosts",
            "expected a list, got the string 'reviews'",
            "write each entry on a line of its own that begins with a dash",
        ),
        ("spec.http[0].timeout", "expected a duration, got the number 5", "write a unit, such as 5s"),
        (
            "spec.http[0].retries.atempts",
            "unknown field atempts in spec.http[0].retries",
            "did you mean attempts?",
        ),
        (
            "spec.http[0].retries.perTryTimeout",
            "'2 s' is not a duration; write a number and a unit, such as 30ms, 5s or 1h30m",
            "",
        ),
        (
            "spec.http[1].match[0].headers[end-user].regex",
            "exact and regex exclude each other",
            "keep one of them",
        ),
        ("spec.http[1].match[0].port", "expected a number from 0 to 4294967295, got the number -1", ""),
        (
            "spec.http[1].match[0].sourceNamespace",
            "expected a string, got the number 7",
            'write it in quotes: "7"',
        ),
        (
            "spec.http[1].route[0].destination.sebset",
            "unknown field sebset in spec.http[1].route[0].destination",
            "did you mean subset?",
        ),
        ("spec.http[1].route[0].weight", "expected a whole number, got the string 'many'", ""),
        ("spec.http[1].route[1]", "the entry is empty", ""),
        ("spec.http[1].redirect.derivePort", "port and derivePort exclude each other", "keep one of them"),
        (
            "spec.tcp",
            "expected a list, got a mapping",
            "write each entry on a line of its own that begins with a dash",
        ),
    ]


def test_unknown_field_without_a_near_name_lists_the_known_ones():
    [(path, _, suggestion)] = errors(istio("VirtualService", {"http": [{"delegate": {"zzz": 1}}]}))
    assert (path, suggestion) == ("spec.http[0].delegate.zzz", "known fields: name, namespace")


def test_fields_beside_spec_are_refused_for_istio():
    [(path, message, _)] = errors(istio("VirtualService", {}) | {"hosts": ["a"]})
    assert (path, message) == ("hosts", "unknown field hosts")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"kind": "Service"}, "apiVersion"),
        ({"apiVersion": "v1"}, "kind"),
        ({"apiVersion": "v1", "kind": "Service"}, "metadata.name"),
        ({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "../etc"}}, "metadata.name"),
        ({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "a.b"}}, "metadata.namespace"),
        ({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "labels": {"version": 1}}}, "metadata.labels[version]"),
        ({"apiVersion": "v1", "kind": "Service", "metadata": []}, "metadata"),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"env": [{"name": "A", "value": 1}]}]}},
         "spec.containers[0].env[0].value"),
        ({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": "80"}]}}, "spec.ports[0].port"),
    ],
)  # fmt: skip
def test_wrong_envelopes_and_kubernetes_types(value, path):
    assert path in [found[0] for found in errors(value)]


@pytest.mark.parametrize("value", [[], "text", 5, None, True])
def test_what_is_no_object(value):
    [finding] = decode(value).findings
    assert (finding.code, finding.level) == (codes.SYNTAX, Level.ERROR)


@pytest.mark.parametrize(
    ("api_version", "kind", "level", "words"),
    [
        ("networking.istio.io/v2", "VirtualService", Level.ERROR, "served: networking.istio.io/v1, networking.istio.io/v1beta1"),
        ("networking.istio.io/v1", "EnvoyFilter", Level.ERROR, "networking.istio.io/v1alpha3"),
        ("v1", "VirtualService", Level.ERROR, "networking.istio.io/v1"),
        ("extensions/v1beta1", "VirtualService", Level.ERROR, "networking.istio.io/v1"),
        ("networking.istio.io/v1", "VirtualServise", Level.ERROR, "did you mean VirtualService?"),
        ("v1", "service", Level.ERROR, "did you mean Service?"),
        ("networking.istio.io/v1", "Quux", Level.ERROR, "has no kind Quux"),
        ("security.istio.io/v1", "PeerAuthentication", Level.ERROR, "not supported yet"),
        ("security.istio.io/v1", "AuthorizationPolicy", Level.ERROR, "not supported yet"),
        ("telemetry.istio.io/v1", "Telemetry", Level.ERROR, "not supported yet"),
        ("extensions.istio.io/v1alpha1", "WasmPlugin", Level.ERROR, "not supported yet"),
        ("gateway.networking.k8s.io/v1", "Gateway", Level.ERROR, "not supported yet"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", Level.ERROR, "not supported yet"),
        ("autoscaling/v2", "HorizontalPodAutoscaler", Level.INFO, "ignored"),
        ("serving.knative.dev/v1", "Service", Level.INFO, "ignored"),
        ("v1", "PersistentVolumeClaim", Level.INFO, "ignored"),
        ("apps/v1", "StatefulSet", Level.WARNING, "no pods are made"),
    ],
)  # fmt: skip
def test_kinds_that_are_not_read(api_version, kind, level, words):
    decoded = decode({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}})
    [finding] = decoded.findings
    assert decoded.object is None
    assert finding.level is level
    assert words in f"{finding.message} {finding.suggestion}"
    assert finding.ref == Ref(kind, "", "x")


def test_all_served_versions_of_all_kinds_decode():
    for kind in KINDS:
        for api_version in kind.api_versions:
            decoded = decode({"apiVersion": api_version, "kind": kind.name, "metadata": {"name": "x"}}, "ns")
            assert decoded.findings == ()
            assert decoded.object.ref == Ref(kind.name, "ns" if kind.namespaced else "", "x")


def test_kubernetes_fields_we_do_not_use_are_accepted_but_misspellings_are_told():
    pod = {
        "affinity": {"nodeAffinity": {}},
        "tolerations": [],
        "hostPID": True,
        "containers": [
            {
                "name": "a",
                "imge": "x",
                "lifecycle": {},
                "resources": {"limits": {"cpu": 1}},
                "ports": [{"containerport": 80}],
            }
        ],
    }
    decoded = decode(
        kubernetes(
            "Deployment",
            {"replicas": 2, "strategy": {}, "template": {"metadata": {"lables": {}}, "spec": pod}},
            "apps/v1",
        )
    )
    assert decoded.object.spec.replicas == 2
    assert [(found.level, found.code, found.path, found.suggestion) for found in decoded.findings] == [
        (Level.WARNING, codes.MISSPELT, "spec.template.metadata.lables", "did you mean labels?"),
        (Level.WARNING, codes.MISSPELT, "spec.template.spec.containers[0].imge", "did you mean image?"),
        (
            Level.WARNING,
            codes.MISSPELT,
            "spec.template.spec.containers[0].ports[0].containerport",
            "did you mean containerPort?",
        ),
    ]


def test_snake_case_is_a_misspelling_in_kubernetes():
    decoded = decode(kubernetes("Service", {"ports": [{"port": 80, "target_port": 8080}]}))
    assert decoded.object.spec.ports[0].target_port is None
    assert [found.suggestion for found in decoded.findings] == ["did you mean targetPort?"]


def test_service_and_pod_fields():
    service = spec_of(
        kubernetes(
            "Service",
            {"clusterIP": "None", "ports": [{"port": 80, "targetPort": "http", "appProtocol": "grpc"}]},
        )
    )
    assert (service.cluster_ip, service.ports[0].target_port, service.ports[0].app_protocol) == (
        "None",
        "http",
        "grpc",
    )
    container = {
        "name": "a",
        "env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 2},
    }
    decoded = decode(
        kubernetes(
            "Pod",
            {"containers": [container]},
            status={"podIP": "10.0.0.9", "conditions": [{"type": "Ready", "status": "True"}]},
        )
    )
    pod = decoded.object
    assert pod.spec.containers[0].env[0].value_from.field_ref.field_path == "status.podIP"
    assert pod.spec.containers[0].readiness_probe.http_get.port == "http"
    assert (pod.status.pod_ip, pod.status.conditions[0].status) == ("10.0.0.9", "True")


def test_a_strange_status_never_makes_an_object_wrong():
    assert (
        decode(kubernetes("Pod", {}, status={"podIP": 5, "conditions": "none"})).object.status.pod_ip is None
    )
    assert decode(kubernetes("Pod", {}, status=[1])).object.status is None


def test_lists_expand():
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}}
    assert [
        prefix for prefix, _ in expand({"apiVersion": "v1", "kind": "List", "items": [service, service]})
    ] == ["items[0]", "items[1]"]
    typed = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualServiceList",
        "items": [{"metadata": {"name": "y"}}],
    }
    [(prefix, value)] = expand(typed)
    assert (prefix, decode(value).object.ref) == ("items[0]", Ref("VirtualService", "", "y"))
    assert list(expand({"kind": "List", "apiVersion": "v1"})) == []
    assert list(expand([1])) == [("", [1])]


def test_secrets_never_show():
    value = kubernetes("Secret", None, data={"key": "aHVudGVyMg=="}, stringData={"other": "hunter2"})
    del value["spec"]
    secret = decode(value).object
    assert (secret.spec.data["key"], secret.spec.string_data["other"]) == (b"hunter2", b"hunter2")
    assert "hunter2" not in f"{secret!r}{secret.spec.data['key']}{secret.spec.data['key']!r}"
    for bad in (
        {"data": {"key": "hunter2!"}},
        {"data": {"key": 1234567}},
        {"data": "hunter2"},
        {"stringData": {"key": 1234567}},
        {"type": 1234567},
    ):
        wrong = decode({key: part for key, part in value.items() if key not in {"data", "stringData"}} | bad)
        assert wrong.object is None
        text = "".join(render(finding) for finding in wrong.findings)
        assert text
        assert "hunter2" not in text
        assert "1234567" not in text


def test_words_of_the_command_line():
    for word, name in [
        ("vs", "VirtualService"),
        ("svc", "Service"),
        ("Pods", "Pod"),
        ("gateway.networking.istio.io", "Gateway"),
    ]:
        assert find(word).name == name
    assert find("gateway.gateway.networking.k8s.io") is None
    assert find("nothing") is None


def test_findings_as_text():
    finding = Finding(
        "IST0106",
        Level.ERROR,
        Ref("VirtualService", "default", "reviews"),
        "spec.hosts",
        "no hosts",
        "add one",
        Position("r.yaml", 12, 5),
    )
    assert (
        render(finding)
        == "Error [IST0106] VirtualService default/reviews (r.yaml:12:5): no hosts (spec.hosts)\n  add one"
    )
    assert render(Finding("LAT0001", Level.INFO, None, "", "text")) == "Info [LAT0001]: text"


@pytest.mark.parametrize(
    ("change", "path", "suggestion"),
    [
        ({"sepc": {}}, "sepc", "did you mean spec?"),
        ({"metdata": {}}, "metdata", "did you mean metadata?"),
        ({"hosts": []}, "hosts", "the fields of the object belong under spec"),
        ({"apiVersion": None, "apiversion": "v1"}, "apiversion", "write apiVersion instead of apiversion"),
        ({"kind": None, "Kind": "VirtualService"}, "Kind", "write kind instead of Kind"),
        ({"metadata": {"name": 1}}, "metadata.name", 'write it in quotes: "1"'),
    ],
)
def test_a_misspelt_envelope_is_told_once_with_the_right_word(change, path, suggestion):
    value = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "a"}}
    value = {key: part for key, part in {**value, **change}.items() if part is not None}
    (found,) = decode(value).findings
    assert (found.path, found.suggestion) == (path, suggestion)
