"""Values of patches: what can be read, what is told, and what must not be imported."""

import sys

import pytest
from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import HttpFilter
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from hypothesis import given, settings
from hypothesis import strategies as st

import lateen
from lateen.api.finding import Level
from lateen.translate.any_types import import_package, message_type
from lateen.translate.patch_value import MESSAGES, decoded

TYPE = "type.googleapis.com/"
BUFFER_PER_ROUTE = TYPE + "envoy.extensions.filters.http.buffer.v3.BufferPerRoute"
BUFFER = TYPE + "envoy.extensions.filters.http.buffer.v3.Buffer"


def test_both_spellings_and_quoted_numbers():
    one = decoded("HTTP_FILTER", {"name": "x", "typedConfig": {"@type": BUFFER, "maxRequestBytes": 7}})
    two = decoded("HTTP_FILTER", {"name": "x", "typed_config": {"@type": BUFFER, "max_request_bytes": 7}})
    assert one.body == two.body is not None
    assert one.warnings == two.warnings == ()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"typed_config": {"@type": TYPE + "envoy.extensions.no.v3.Such"}}, "Envoy has no type"),
        ({"typed_config": {"@type": TYPE + "envoy.config.filter.http.lua.v2.Lua"}}, "use the v3 API"),
        ({"typed_config": {"@type": BUFFER, "max_request_bytes": "many"}}, "the value is no"),
        ({"name": {"a": 1}}, "the value is no"),
        ({"typed_config": "x"}, "typed_config is a mapping"),
        ({"typed_config": {}}, "typed_config has no @type"),
        ({"typedConfig": {"@type": BUFFER_PER_ROUTE, "buffer": "x"}}, "typedConfig.buffer is a mapping"),
        ({"config_discovery": {"config_source": ["ads"]}}, "config_discovery.config_source is a mapping"),
        ({"typed_config": {"value": 1}}, "the value is no"),
        ({"name": "a\ud800"}, "the value is no"),
    ],
)
def test_what_cannot_be_used(value, words):
    found = decoded("HTTP_FILTER", value)
    assert found.body is None
    assert words in found.problem


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"name": "x", "typed_config": {"@type": BUFFER, "future": 1}}, 'no field named "future"'),
        ({"name": "by-name-only"}, "by-name-only has no typed_config"),
    ],
)
def test_what_is_told_and_used(value, words):
    found = decoded("HTTP_FILTER", value)
    assert found.body is not None
    assert words in " ".join(found.warnings)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            {"name": "a", "type": "STRICT"},
            "type: envoy.config.cluster.v3.Cluster.DiscoveryType has no 'STRICT'",
        ),
        ({"circuit_breakers": {"thresholds": [{"priority": "503"}]}}, "thresholds[0].priority: "),
    ],
)
def test_a_value_that_an_enum_has_not(value, words):
    found = decoded("CLUSTER", value)
    assert found.body is None
    assert words in found.problem


def test_durations_as_go_writes_them():
    go = {"name": "a", "connect_timeout": "1h30m", "dnsRefreshRate": "500ms"}
    plain = {"name": "a", "connect_timeout": "5400s", "dnsRefreshRate": "0.5s"}
    assert decoded("CLUSTER", go).body == decoded("CLUSTER", plain).body is not None
    inside = {
        "@type": TYPE + "envoy.extensions.filters.http.fault.v3.HTTPFault",
        "delay": {"fixed_delay": "7ms"},
    }
    read = decoded("HTTP_FILTER", {"name": "a", "typed_config": inside})
    assert read.warnings == ()
    assert read.body is not None
    assert decoded("CLUSTER", {"name": "a", "connect_timeout": "soon"}).body is None


def test_an_any_in_an_any():
    inner = {"@type": BUFFER_PER_ROUTE, "buffer": {"max_request_bytes": 5}}
    outer = {"@type": TYPE + "google.protobuf.Any", "value": inner}
    found = decoded("EXTENSION_CONFIG", {"name": "x", "typed_config": outer})
    assert found.body is not None
    packed = TypedExtensionConfig.FromString(found.body).typed_config
    assert packed.type_url == TYPE + "google.protobuf.Any"
    assert AnyMessage.FromString(packed.value).type_url == BUFFER_PER_ROUTE


@pytest.mark.parametrize(
    "inner", [{}, {"value": None}, {"value": 5}, {"value": {"@type": "x"}}, {"value": []}]
)
def test_an_any_in_an_any_never_raises(inner):
    decoded("HTTP_FILTER", {"typed_config": {"@type": TYPE + "google.protobuf.Any", **inner}})


def test_a_packed_duration_as_go_writes_it():
    found = decoded(
        "HTTP_FILTER", {"typed_config": {"@type": TYPE + "google.protobuf.Duration", "value": "500ms"}}
    )
    assert found.body is not None
    assert Duration.FromString(HttpFilter.FromString(found.body).typed_config.value).nanos == 500_000_000


def test_a_value_that_is_too_deep():
    value = {"@type": TYPE + "google.protobuf.Any"}
    for _ in range(900):
        value = {"@type": TYPE + "google.protobuf.Any", "value": value}
    assert decoded("HTTP_FILTER", {"typed_config": value}).body is None


def test_a_filter_over_ecds_needs_no_configuration():
    source = {"config_source": {"ads": {}}, "type_urls": [BUFFER]}
    assert decoded("HTTP_FILTER", {"name": "x", "config_discovery": source}).warnings == ()


def test_a_deprecated_type_is_told():
    value = {"name": "x", "typed_config": {"@type": TYPE + "udpa.type.v1.TypedStruct"}}
    assert decoded("HTTP_FILTER", value).body is not None


def test_a_name_imports_nothing_but_messages():
    assert message_type(TYPE + "antigravity.v3.Joke") is None
    assert not import_package("this.v3")
    assert "antigravity" not in sys.modules
    assert "this" not in sys.modules


def test_nested_messages_are_found():
    found = message_type(TYPE + "envoy.config.core.v3.HealthCheck.HttpHealthCheck")
    assert found is not None
    assert found.DESCRIPTOR.full_name.endswith("HealthCheck.HttpHealthCheck")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from([BUFFER, "1s"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["@type", "name", "typed_config", "value", "routes", "match", "filters", "type_url"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(MESSAGES)),
    st.dictionaries(st.text(max_size=5) | st.sampled_from(["name", "filters"]), JSON, max_size=4),
)
def test_nothing_raises(kind, value):
    found = decoded(kind, value)
    assert (found.body is None) == bool(found.problem)


def test_the_value_of_a_removal_is_judged_too():
    text = """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: a}
spec:
  configPatches:
  - {applyTo: CLUSTER, patch: {operation: REMOVE, value: {name: false}}}
"""
    found = [one for one in lateen.load(text).findings if one.level is Level.ERROR]
    assert [(one.code, one.path) for one in found] == [("LAT0150", "spec.configPatches[0].patch.value")]
