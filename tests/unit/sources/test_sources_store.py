import pytest

from lateen.api import codes, facts
from lateen.api.finding import Finding, Level
from lateen.api.meta import Ref
from lateen.engine.database import Database
from lateen.sources import origin
from lateen.sources.documents import Texts
from lateen.sources.files import Files, Paths
from lateen.sources.memory import from_text
from lateen.sources.store import API, FILES, Store

SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {}\nspec:\n  ports:\n  - port: {}\n"


def ref(name):
    return Ref("Service", "default", name)


@pytest.fixture
def store():
    return Store(Database())


def port(store, name):
    obj = facts.get(store.db, ref(name))
    return None if obj is None else obj.spec.ports[0].port


def both(first, second):
    return SERVICE.format("a", first) + "---\n" + SERVICE.format("b", second)


def test_add_change_remove(store):
    assert store.replace(FILES, from_text(both(1, 2))).changed == (ref("a"), ref("b"))
    applied = store.replace(FILES, from_text(both(1, 3)))
    assert (applied.changed, applied.removed, port(store, "b")) == ((ref("b"),), (), 3)
    applied = store.replace(FILES, from_text(SERVICE.format("b", 3)))
    assert (applied.changed, applied.removed) == ((), (ref("a"),))
    assert facts.refs(store.db, "Service") == (ref("b"),)
    assert origin.of(store.db, ref("a")) is None


def test_nothing_changes_nothing(store):
    texts = Texts()
    store.replace(FILES, texts.load([("f", both(1, 2))]))
    revision = store.db.revision
    applied = store.replace(FILES, texts.load([("f", both(1, 2))]))
    assert (applied.changed, applied.removed, store.db.revision) == ((), (), revision)


def test_an_object_that_cannot_be_decoded_keeps_its_last_good_version(store):
    store.replace(FILES, from_text(both(1, 2)))
    applied = store.replace(FILES, from_text(both("x", 3)))
    assert (port(store, "a"), port(store, "b")) == (1, 3)
    assert [(finding.level, finding.ref) for finding in applied.findings] == [(Level.ERROR, ref("a"))]


def test_an_object_that_the_check_refuses_keeps_its_last_good_version():
    def check(obj):
        bad = obj.spec.ports[0].port == 13
        return (Finding("IST0106", Level.ERROR, obj.ref, "spec.ports[0].port", "unlucky"),) if bad else ()

    store = Store(Database(), check)
    store.replace(FILES, from_text(SERVICE.format("a", 1)))
    applied = store.replace(FILES, from_text(both(13, 13), "f.yaml"))
    assert (port(store, "a"), port(store, "b")) == (1, None)
    assert [str(finding.where) for finding in applied.findings] == ["f.yaml:7:5", "f.yaml:15:5"]
    assert store.replace(FILES, from_text(SERVICE.format("a", 2))).findings == ()
    assert port(store, "a") == 2


def test_a_file_that_breaks_keeps_what_it_defined(store):
    texts = Texts()
    store.replace(FILES, texts.load([("one", both(1, 2)), ("two", SERVICE.format("c", 3))]))
    applied = store.replace(FILES, texts.load([("one", "a: [\n---\n" + SERVICE.format("a", 9))]))
    assert (port(store, "a"), port(store, "b"), port(store, "c")) == (9, 2, None)
    assert applied.removed == (ref("c"),)


def test_the_api_cannot_delete_what_only_files_define(store):
    store.replace(FILES, from_text(SERVICE.format("a", 1), "dir/a.yaml"))
    store.add(API, from_text(SERVICE.format("b", 8)))
    applied = store.remove(API, [ref("a"), ref("b"), ref("zz")])
    assert (port(store, "a"), port(store, "b")) == (1, None)
    assert [(finding.ref, finding.message) for finding in applied.findings] == [
        (ref("a"), "the object is defined in dir/a.yaml"),
        (ref("zz"), "there is no such object"),
    ]


def test_the_api_holds_until_the_object_changes_in_its_file(store):
    store.replace(FILES, from_text(SERVICE.format("a", 1)))
    assert not store.add(API, from_text(SERVICE.format("a", 7))).findings
    assert (port(store, "a"), store.owner(ref("a"))) == (7, API)
    store.replace(FILES, from_text(both(1, 2)))
    assert (port(store, "a"), port(store, "b")) == (7, 2)
    store.replace(FILES, from_text(both(3, 2)))
    assert (port(store, "a"), store.owner(ref("a"))) == (3, FILES)


def test_a_directory_that_is_gone_keeps_what_it_defined(store, tmp_path):
    directory = tmp_path / "mesh"
    directory.mkdir()
    (directory / "a.yaml").write_text(SERVICE.format("a", 1))
    files = Files(Paths((str(directory),)))
    store.replace(FILES, files.load())
    directory.rename(tmp_path / "elsewhere")
    applied = store.replace(FILES, files.load())
    assert (port(store, "a"), applied.removed) == (1, ())
    assert [finding.code for finding in applied.findings] == [codes.UNREADABLE]
    directory.mkdir()
    assert store.replace(FILES, files.load()).removed == (ref("a"),)


def test_deleting_through_the_api_uncovers_the_file(store):
    store.replace(FILES, from_text(SERVICE.format("a", 1)))
    store.add(API, from_text(SERVICE.format("a", 7)))
    store.remove(API, [ref("a")])
    assert (port(store, "a"), store.owner(ref("a"))) == (1, FILES)


def test_a_broken_mesh_config_keeps_the_last_good_one(store):
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata: {{mesh: '{}'}}"
    store.replace(FILES, from_text(text.format("accessLogFile: here")))
    applied = store.replace(FILES, from_text(text.format("accessLogFile: 5"), "f"))
    assert facts.mesh_config(store.db).access_log_file == "here"
    assert [str(finding.where) for finding in applied.findings] == ["f:4:8"]


def test_origins_of_objects_and_of_their_pods(store):
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  template: {spec: {containers: []}}\n"
    applied = store.replace(FILES, from_text(text, "f.yaml"))
    pod = next(found for found in applied.changed if found.kind == "Pod")
    assert origin.of(store.db, pod).file == "f.yaml"
    finding = Finding("X", Level.INFO, Ref("Deployment", "default", "d"), "spec.template.spec", "text")
    assert str(origin.locate(store.db, finding).where) == "f.yaml:5:14"


def test_addresses_stay_while_others_come_and_go(store):
    store.replace(FILES, from_text(both(1, 2)))
    address = facts.get(store.db, ref("a")).spec.cluster_ip
    store.add(API, from_text("---\n".join(SERVICE.format(f"s{number}", 1) for number in range(300))))
    assert facts.get(store.db, ref("a")).spec.cluster_ip == address


SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "discoverySelectors: [{matchLabels: {mesh: 'yes'}}]"}
---
"""
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {{name: default, labels: {{mesh: '{}'}}}}\n---\n"
POD = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: a}]}\n"


def test_a_namespace_that_is_labelled_later_appears_then(store):
    """discoverySelectors: pods run on, everything else comes and goes with the namespace's labels."""
    applied = store.replace(FILES, from_text(SETTINGS + NAMESPACE.format("no") + both(1, 2) + POD))
    assert facts.refs(store.db, "Service") == ()
    assert len(facts.refs(store.db, "Pod")) == 1
    told = [finding.ref for finding in applied.findings if finding.code == codes.NOT_SELECTED]
    assert told == [ref("a"), ref("b")]
    assert origin.of(store.db, ref("a")) is None
    applied = store.add(API, from_text(NAMESPACE.format("yes")))
    assert facts.refs(store.db, "Service") == (ref("a"), ref("b"))
    assert origin.of(store.db, ref("a")) is not None
    store.remove(API, [Ref("Namespace", "", "default")])
    assert facts.refs(store.db, "Service") == ()
    assert origin.of(store.db, ref("a")) is None


def test_endpoints_are_mirrored_as_long_as_their_service_has_no_selector(store):
    """The slices that Kubernetes would make come and go with the Service's selector."""
    endpoints = "---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: a}\nsubsets: [{addresses: [{ip: 1.2.3.4}, {ip: 'f::1'}]}]\n"
    store.replace(FILES, from_text(SERVICE.format("a", 1) + endpoints))
    slices = [facts.get(store.db, one) for one in facts.refs(store.db, "EndpointSlice")]
    made = {one.spec.address_type: one.spec.endpoints[0].addresses for one in slices}
    assert made == {"IPv4": ("1.2.3.4",), "IPv6": ("f::1",)}
    store.replace(FILES, from_text(SERVICE.format("a", 1) + "  selector: {app: a}\n" + endpoints))
    assert facts.refs(store.db, "EndpointSlice") == ()
