"""Merging as Istio does it: protobuf's rules, but for durations."""

import pytest
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.route.v3.route_components_pb2 import Route
from envoy.extensions.filters.http.buffer.v3.buffer_pb2 import Buffer
from envoy.extensions.filters.http.lua.v3.lua_pb2 import Lua
from google.protobuf.any_pb2 import Any
from google.protobuf.json_format import MessageToDict, ParseDict

from lateen.translate.message import any_of
from lateen.translate.patch_merge import MergeError, merge, merge_any


def merged(kind, target, source, **options):
    target, source = ParseDict(target, kind()), ParseDict(source, kind())
    merge(target, source, **options)
    return MessageToDict(target, preserving_proto_field_name=True)


def test_a_duration_replaces():
    assert merged(Cluster, {"connect_timeout": "10.5s"}, {"connect_timeout": "2s"}) == {
        "connect_timeout": "2s"
    }
    assert merged(Cluster, {"connect_timeout": "10s"}, {"connect_timeout": "0.5s"}) == {
        "connect_timeout": "0.500s"
    }


def test_an_empty_message_is_set():
    assert merged(Cluster, {}, {"outlier_detection": {}}) == {"outlier_detection": {}}


def test_a_choice_is_made_anew():
    found = merged(Route, {"route": {"cluster": "a"}}, {"direct_response": {"status": 200}})
    assert found == {"direct_response": {"status": 200}}


def test_lists_grow_unless_replaced():
    one = {"health_checks": [{"timeout": "1s"}]}
    two = {"health_checks": [{"timeout": "2s"}]}
    assert len(merged(Cluster, one, two)["health_checks"]) == 2
    assert merged(Cluster, one, two, replace_lists=True) == two


def test_nested_lists_are_replaced_too():
    one = {"circuit_breakers": {"thresholds": [{"max_retries": 1}, {"max_retries": 2}]}}
    two = {"circuit_breakers": {"thresholds": [{"max_retries": 3}]}}
    assert merged(Cluster, one, two, replace_lists=True) == two


def test_an_entry_of_a_map_replaces():
    def metadata(**fields):
        return {"metadata": {"filter_metadata": {"istio": fields}}}

    assert merged(Cluster, metadata(a="1"), metadata(b="2")) == metadata(b="2")
    assert merged(Cluster, metadata(a="1"), {"metadata": {"filter_metadata": {"x": {}}}}) == {
        "metadata": {"filter_metadata": {"istio": {"a": "1"}, "x": {}}}
    }


def test_a_wrapper_cannot_be_merged_to_its_zero():
    """As in Go: a wrapped zero has no field set, so there is nothing to merge."""
    found = merged(
        Cluster, {"per_connection_buffer_limit_bytes": 5}, {"per_connection_buffer_limit_bytes": 0}
    )
    assert found == {"per_connection_buffer_limit_bytes": 5}


def test_what_is_packed_merges_inside():
    target = any_of(Buffer(max_request_bytes={"value": 5}))
    merge_any(target, any_of(Buffer(max_request_bytes={"value": 6})))
    found = Buffer()
    assert target.Unpack(found)
    assert found.max_request_bytes.value == 6


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (any_of(Lua()), "v3.Lua cannot be merged into the envoy.extensions.filters.http.buffer.v3.Buffer"),
        (Any(type_url=any_of(Buffer()).type_url, value=b"\xff"), "cannot be read"),
    ],
)
def test_what_cannot_be_merged_says_why_and_changes_nothing(source, words):
    target = any_of(Buffer(max_request_bytes={"value": 5}))
    before = target.SerializeToString()
    with pytest.raises(MergeError, match=words):
        merge_any(target, source)
    assert target.SerializeToString() == before


def test_a_type_that_nobody_knows():
    packed = Any(type_url="type.googleapis.com/nobody.knows.Me")
    with pytest.raises(MergeError, match="not known"):
        merge_any(packed, packed)
