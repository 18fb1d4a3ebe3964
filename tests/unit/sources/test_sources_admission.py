import random
from ipaddress import ip_address

import pytest

from lateen.api.meta import Meta, Ref
from lateen.api.workload import PodTemplate
from lateen.sources.addresses import PODS, SERVICES, allocate
from lateen.sources.admission import admit
from lateen.sources.completion import pod_name
from lateen.sources.memory import from_text

MESH = """
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {selector: {app: reviews}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: fixed}
spec: {clusterIP: 10.96.7.7}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None}
---
apiVersion: v1
kind: Service
metadata: {name: outside}
spec: {type: ExternalName, externalName: example.com}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v1}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: reviews, version: v1}}
    spec:
      serviceAccountName: bookinfo
      containers: [{name: reviews, image: reviews, ports: [{containerPort: 9080}]}]
      initContainers: [{name: side, restartPolicy: Always}]
---
apiVersion: v1
kind: Pod
metadata: {name: alone}
spec: {containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: running}
status: {podIP: 10.0.0.9, phase: Running}
"""


def given(text=MESH):
    load = from_text(text)
    assert load.findings == ()
    return load.objects


def test_cluster_addresses():
    found = admit(given()).objects
    address = {ref.name: obj.spec.cluster_ip for ref, obj in found.items() if ref.kind == "Service"}
    assert ip_address(address["reviews"]) in SERVICES
    assert address["fixed"] == "10.96.7.7"
    assert address["headless"] == "None"
    assert address["outside"] is None


def test_pods_of_deployments():
    found = admit(given())
    owner = Ref("Deployment", "default", "reviews-v1")
    template = found.objects[owner].spec.template
    pods = [found.objects[Ref("Pod", "default", pod_name(owner, template, place))] for place in range(3)]
    assert len({pod.status.pod_ip for pod in pods}) == 3
    for pod in pods:
        assert pod.meta.labels == {"app": "reviews", "version": "v1"}
        assert pod.spec.service_account_name == "bookinfo"
        assert pod.spec.containers[0].ports[0].container_port == 9080
        assert pod.spec.init_containers[0].restart_policy == "Always"
        assert pod.meta.owner_references[0].name == "reviews-v1"
        assert pod.status.conditions[0].status == "True"
        assert ip_address(pod.status.pod_ip) in PODS
        assert found.makers[pod.ref] == owner


def test_names_of_pods_look_like_kubernetes():
    owner = Ref("Deployment", "default", "reviews-v1")
    template = PodTemplate(metadata=Meta(labels={"a": "b", "c": "d"}))
    names = [pod_name(owner, template, place) for place in range(2)]
    parts = [name.removeprefix("reviews-v1-").split("-") for name in names]
    assert [[len(part) for part in pair] for pair in parts] == [[5, 5], [5, 5]]
    assert parts[0][0] == parts[1][0]
    same = PodTemplate(metadata=Meta(labels={"c": "d", "a": "b"}))
    assert pod_name(owner, same, 0) == names[0]
    assert pod_name(owner, PodTemplate(), 0) != names[0]


def test_pods_that_are_written():
    found = admit(given()).objects
    alone, running = (found[Ref("Pod", "default", name)] for name in ("alone", "running"))
    assert (alone.spec.service_account_name, alone.status.phase) == ("default", "Running")
    assert running.status.pod_ip == "10.0.0.9"


def test_the_order_of_the_objects_has_no_influence():
    objects = list(given())
    expected = admit(objects)
    for seed in range(20):
        random.Random(seed).shuffle(objects)
        found = admit(objects)
        assert (found.objects, found.addresses) == (expected.objects, expected.addresses)


def test_an_edit_elsewhere_moves_no_address():
    before = admit(given())
    more = "---\n".join(
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: s{number}}}\n" for number in range(500)
    )
    after = admit(given(MESH + "---\n" + more), before.addresses)
    assert {ref: after.addresses[ref] for ref in before.addresses} == before.addresses
    assert len(set(after.addresses.values())) == len(after.addresses)


def test_crowded_networks_probe_and_say_when_they_are_full():
    refs = [Ref("Service", "ns", f"s{number}") for number in range(65279 + 2)]
    found, left = allocate(SERVICES, refs[:3000], (), {})
    assert len(set(found.values())) == 3000
    assert not [address for address in found.values() if address.endswith((".0", ".255"))]
    assert left == ()
    holder = next(iter(found))
    moved, _ = allocate(SERVICES, [holder], [found[holder]], {holder: found[holder]})
    assert moved[holder] != found[holder]


def test_only_changed_objects_are_made_anew():
    admission = admit(given())
    first = dict(admission.objects)
    alone = Ref("Pod", "default", "alone")
    assert admission.amend({alone: None}).keys() == {alone}
    assert first.keys() - admission.objects.keys() == {alone}
    assert all(admission.objects[ref] is first[ref] for ref in admission.objects)


def test_string_data_goes_into_data():
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: aGk=, b: aGk=}\nstringData: {b: other}"
    )
    [obj] = admit(given(secret)).objects.values()
    assert obj.spec.data == {"a": b"hi", "b": b"other"}
    assert "other" not in repr(obj)


MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: {}}}\ndata:\n  mesh: |\n    {}\n"


def test_the_config_map_istio_is_the_mesh_config():
    found = admit(given(MAP.format("istio-system", "accessLogFile: here\n    connectTimeout: 3s")))
    config = found.objects[Ref("MeshConfig", "", "mesh")].spec
    assert (config.access_log_file, config.connect_timeout.seconds) == ("here", 3)
    assert len(admit(given(MAP.format("default", "accessLogFile: here"))).objects) == 1


@pytest.mark.parametrize(
    ("mesh", "words"),
    [("rootNamespce: x", "rootNamespce"), ("a: [", "did not find"), ("5", "expected a mapping")],
)
def test_a_broken_mesh_config_is_a_finding(mesh, words):
    found = admit(given(MAP.format("istio-system", mesh)))
    [finding] = found.findings
    assert (finding.path, finding.ref.name) == ("data[mesh]", "istio")
    assert words in finding.message
    assert len(found.objects) == 1


def test_absurd_replica_counts_are_cut():
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 900000000, template: {spec: {containers: []}}}"
    found = admit(given(text))
    assert len(found.objects) == 1001
    assert [finding.path for finding in found.findings] == ["spec.replicas"]
    assert len(admit(given(text.replace("900000000", "-5"))).objects) == 1
