"""The control plane: all or none, the last good state, and what it tells."""

import pytest
from msgspec.structs import replace

import lateen
from lateen.api import facts
from lateen.api.meta import Ref
from lateen.api.workload import PodCondition, PodStatus
from lateen.demo.manifests import demo_documents
from lateen.server.control_plane import ControlPlane
from lateen.sources.documents import Texts
from lateen.sources.memory import from_text
from lateen.sources.mesh_settings import mesh_settings
from lateen.xds.request import Node

REVIEWS = Ref("VirtualService", "default", "reviews")
RULE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: NAME}
spec:
  hosts: [reviews]
  http:
  - route: [{destination: {host: reviews, subset: v1}}]
"""
NODE = Node(id="sidecar~10.1.1.1~app.default~default.svc.cluster.local", metadata={"LABELS": {"team": "a"}})


@pytest.fixture
def plane():
    plane = ControlPlane()
    plane.apply(Texts().load(demo_documents()))
    return plane


def rule(name, text=RULE):
    return text.replace("NAME", name)


def test_a_good_change_is_told_once(plane):
    told = []
    plane.on_change(lambda: told.append(plane.db.revision))
    outcome = plane.apply(from_text(rule("reviews")))
    assert (outcome.applied, outcome.results) == (True, ((REVIEWS, "configured"),))
    assert len(told) == 1
    assert plane.apply(from_text(rule("reviews"))).results == ((REVIEWS, "unchanged"),)
    assert len(told) == 1


def test_one_broken_object_refuses_all(plane):
    before = plane.db.revision
    outcome = plane.apply(from_text(rule("new") + "---" + rule("reviews").replace("route:", "rout:")))
    assert (outcome.applied, outcome.results) == (False, ())
    assert [one.path for one in outcome.findings if one.code == "IST0106"] == ["spec.http[0].rout"]
    assert plane.db.revision == before


def test_what_is_applied_over_a_file_s_object_can_be_taken_back(plane):
    ref = Ref("VirtualService", "default", "filed")

    def subset():
        return facts.get(plane.db, ref).spec.http[0].route[0].destination.subset

    plane.load(from_text(rule("filed"), "rules.yaml"))
    assert plane.apply(from_text(rule("filed").replace("v1}", "v2}"))).results == ((ref, "configured"),)
    assert subset() == "v2"
    assert plane.delete([ref]).results == ((ref, "reverted"),)
    assert subset() == "v1"
    refused = plane.delete([ref])
    assert not refused.applied
    assert "rules.yaml:2" in refused.findings[0].message
    plane.load(from_text(""))
    assert facts.get(plane.db, ref) is None


def test_a_broken_file_keeps_the_last_good_form_and_is_among_the_findings(plane):
    plane.load(from_text(rule("filed"), "rules.yaml"))
    plane.load(from_text(rule("filed").replace("hosts", "host"), "rules.yaml"))
    found = facts.get(plane.db, Ref("VirtualService", "default", "filed"))
    assert found.spec.hosts == ("reviews",)
    assert [str(one.where) for one in plane.findings() if one.code == "IST0106"] == ["rules.yaml:6:3"]
    plane.load(from_text(rule("filed"), "rules.yaml"))
    assert [one for one in plane.findings() if one.code == "IST0106"] == []


def test_deletion_is_all_or_none(plane):
    outcome = plane.delete([REVIEWS, Ref("VirtualService", "default", "nobody")])
    assert not outcome.applied
    assert facts.get(plane.db, REVIEWS) is not None
    assert plane.delete([REVIEWS]).applied
    assert facts.get(plane.db, REVIEWS) is None


def test_pods_are_wanted_and_not_there_until_they_are_seen(plane):
    wanted = plane.wanted_pods()
    assert [pod.meta.name.rsplit("-", 2)[0] for pod in wanted] == [
        "details-v1",
        "productpage-v1",
        "ratings-v1",
        "reviews-v1",
        "reviews-v2",
        "reviews-v3",
    ]
    assert facts.refs(plane.db, "Pod") == ()
    seen = replace(
        wanted[0],
        status=PodStatus(pod_ip="10.1.0.7", conditions=(PodCondition(type="Ready", status="True"),)),
    )
    plane.observe(pods=[seen])
    assert facts.get(plane.db, seen.ref) == seen


def test_a_pod_that_no_object_wants_any_more_stays_until_it_is_gone(plane):
    pod = plane.wanted_pods()[0]
    plane.observe(pods=[replace(pod, status=PodStatus(pod_ip="10.1.0.7"))])
    plane.delete([Ref("Deployment", "default", "details-v1")])
    assert pod.ref not in [one.ref for one in plane.wanted_pods()]
    assert facts.get(plane.db, pod.ref).status.pod_ip == "10.1.0.7"
    plane.observe(removed=[pod.ref])
    assert facts.get(plane.db, pod.ref) is None


def test_observing_the_same_is_not_told(plane):
    pod = replace(plane.wanted_pods()[0], status=PodStatus(pod_ip="10.1.0.7"))
    plane.observe(pods=[pod])
    told = []
    plane.on_change(lambda: told.append(1))
    plane.observe(pods=[pod])
    assert told == []


def test_a_view_follows_the_labels_that_matter(plane):
    before = plane.view_of(NODE)
    plane.apply(from_text(rule("by-team") + "    match: [{sourceLabels: {team: a}}]\n"))
    assert before.labels == ()
    assert plane.view_of(NODE).labels == (("team", "a"),)


def test_mesh_settings_from_a_file_give_way_to_the_config_map():
    plane = ControlPlane(mesh_settings("accessLogFile: /dev/stdout\n", "mesh.yaml"))
    assert facts.mesh_config(plane.db).access_log_file == "/dev/stdout"
    own = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: 'accessLogFile: /x'\n"
    plane.load(from_text(own))
    assert facts.mesh_config(plane.db).access_log_file == "/x"
    plane.load(from_text(""))
    assert facts.mesh_config(plane.db).access_log_file == "/dev/stdout"


def test_wrong_mesh_settings_are_among_the_findings():
    plane = ControlPlane(mesh_settings("accessLogFil: /dev/stdout\n", "mesh.yaml"))
    assert ["accessLogFil" in one.message for one in plane.findings()] == [True]


def test_nothing_is_told_about_injection_where_every_workload_has_a_proxy(plane):
    text = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec: {containers: [{name: istio-proxy, image: auto}]}
"""
    assert {"IST0102", "IST0147"} <= {one.code for one in lateen.load(text).findings}
    outcome = plane.apply(from_text(text))
    assert not {one.code for one in (*outcome.findings, *plane.findings())} & {"IST0102", "IST0147"}
