from lateen.api import facts
from lateen.api.kubernetes import Service
from lateen.api.mesh_config import MeshConfig
from lateen.api.meta import Meta, Object, Ref, age_key
from lateen.engine.database import Database


def service(name, namespace="ns", **meta):
    return Object(
        api_version="v1", kind="Service", meta=Meta(name=name, namespace=namespace, **meta), spec=Service()
    )


def test_put_get_delete_and_the_index():
    db = Database()
    for name in ("b", "a", "c"):
        facts.put(db, service(name))
    assert [ref.name for ref in facts.refs(db, "Service")] == ["a", "b", "c"]
    facts.delete(db, Ref("Service", "ns", "b"))
    facts.delete(db, Ref("Service", "ns", "never"))
    assert [ref.name for ref in facts.refs(db, "Service")] == ["a", "c"]
    assert facts.get(db, Ref("Service", "ns", "b")) is None
    assert facts.get(db, Ref("Service", "ns", "a")) == service("a")


def test_a_replaced_object_leaves_the_index_alone():
    db = Database()
    facts.put(db, service("a"))
    index = facts.refs(db, "Service")
    facts.put(db, service("a", labels={"x": "y"}))
    assert facts.refs(db, "Service") is index


def test_replacing_one_object_by_another_of_the_kind_changes_the_index():
    db = Database()
    facts.put(db, service("a"))
    facts.update(db, [service("b")], [Ref("Service", "ns", "a")])
    assert [ref.name for ref in facts.refs(db, "Service")] == ["b"]


def test_mesh_config_is_empty_until_somebody_writes_one():
    db = Database()
    assert facts.mesh_config(db) == MeshConfig()
    facts.put(db, facts.mesh_config_object(MeshConfig(root_namespace="root")))
    assert facts.mesh_config(db).root_namespace == "root"


def test_oldest_first():
    old, new = (
        service("z", creation_timestamp="2020-01-01T00:00:00Z"),
        service("a", creation_timestamp="2021-01-01T00:00:00Z"),
    )
    assert sorted([new, old, service("b"), service("a", "zz")], key=age_key) == [
        service("a", "zz"),
        service("b"),
        old,
        new,
    ]
