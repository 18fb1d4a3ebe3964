"""Proto JSON that is written field by field is what the protobuf library makes of the same message."""

from collections.abc import Iterator
from typing import Any

import msgspec
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.base_pb2 import Metadata
from envoy.config.route.v3.route_components_pb2 import Route
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.protobuf.wrappers_pb2 import FloatValue, UInt64Value
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from strategies import PROXIES, Json, meshes
from strategies.memory import read

from lateen.api import facts
from lateen.compile.dump import Dump
from lateen.engine import Database
from lateen.model.view import view_of
from lateen.translate.any_types import message_type
from lateen.translate.dump import MESSAGES
from lateen.translate.message_json import encoded

PACKED = (
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    "envoy.extensions.filters.http.fault.v3.HTTPFault",
    "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    "google.protobuf.Duration",
    "google.protobuf.Struct",
    "google.protobuf.UInt64Value",
    "google.protobuf.Empty",
)
"""What is put into Anys, among others all that JSON writes in a way of its own."""
DEPTH = 4
INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
}


def assert_same(message: Message) -> None:
    expected = MessageToDict(message, preserving_proto_field_name=True)
    assert msgspec.json.decode(encoded(message)) == msgspec.json.decode(msgspec.json.encode(expected))


def filled(draw: st.DrawFn, kind: type[Message], depth: int = DEPTH) -> Message:
    """Draw a message: some of its fields, of each kind that there is."""
    made = kind()
    own = kind.DESCRIPTOR
    if isinstance(made, Duration):
        made.seconds, made.nanos = draw(st.integers(0, 10**9)), draw(st.integers(0, 10**9 - 1))
    elif isinstance(made, AnyMessage):
        inner = message_type(draw(st.sampled_from(PACKED)))
        assert inner is not None
        made.Pack(filled(draw, inner, depth - 1))
    elif isinstance(made, Struct):
        made.update({"a": draw(st.none() | st.booleans() | st.floats(-9, 9)), "b": [{"c": draw(st.text())}]})
    elif own.fields:
        for field in draw(st.lists(st.sampled_from(list(own.fields)), max_size=4, unique=True)):
            _fill(draw, made, field, depth)
    return made


def _fill(draw: st.DrawFn, made: Any, field: FieldDescriptor, depth: int) -> None:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        _fill_map(draw, getattr(made, field.name), field.message_type, depth)
    elif field.message_type is not None:
        if depth > 0 and field.message_type.full_name != "google.protobuf.Value":
            part = filled(draw, _class(field.message_type), depth - 1)
            own = getattr(made, field.name)
            (own.add() if field.is_repeated else own).MergeFrom(part)
            if not field.is_repeated:
                own.SetInParent()
    elif field.is_repeated:
        getattr(made, field.name).extend(draw(st.lists(_value(field), min_size=1, max_size=3)))
    else:
        setattr(made, field.name, draw(_value(field)))


def _fill_map(draw: st.DrawFn, found: Any, entry: Descriptor, depth: int) -> None:
    value = entry.fields_by_name["value"]
    for key in draw(st.lists(_value(entry.fields_by_name["key"]), min_size=1, max_size=2, unique=True)):
        if value.message_type is None:
            found[key] = draw(_value(value))
        elif depth > 0:
            found[key].MergeFrom(filled(draw, _class(value.message_type), depth - 1))


def _class(kind: Descriptor) -> type[Message]:
    found = message_type(kind.full_name)
    assert found is not None
    return found


def _value(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.enum_type is not None:  # also numbers without a name
        return st.sampled_from(sorted(field.enum_type.values_by_number)) | st.integers(0, 99)
    if field.cpp_type in INTEGERS:
        return INTEGERS[field.cpp_type]
    if field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT:
        return st.floats(width=32)
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return st.floats()
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return st.booleans()
    return st.binary(max_size=9) if field.type == FieldDescriptor.TYPE_BYTES else st.text(max_size=9)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    return filled(draw, draw(st.sampled_from(list(MESSAGES.values()))))


def packed(*several: Message) -> Message:
    made = Metadata()
    for number, one in enumerate(several):
        made.typed_filter_metadata[str(number)].Pack(one)
    return made


@settings(
    max_examples=300, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(messages())
@example(packed(Duration(seconds=1, nanos=5), UInt64Value(value=2**63), FloatValue(value=0.1), Route()))
@example(Cluster(common_lb_config={"healthy_panic_threshold": {"value": float("inf")}}))
@example(Cluster(common_lb_config={"healthy_panic_threshold": {"value": float("nan")}}))
@example(packed(FloatValue(value=float("nan")), FloatValue(value=float("-inf")), AnyMessage(), Struct()))
def test_random_messages(message: Message) -> None:
    assert_same(message)


def resources(dump: Dump) -> Iterator[Message]:
    for type_url, found in dump.complete().items():
        kind = MESSAGES[type_url.rpartition("/")[2]]
        yield from (kind.FromString(one.body) for one in found)


@settings(
    max_examples=40, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(meshes())
def test_resources_of_random_meshes(values: list[Json]) -> None:
    db = Database()
    facts.update(db, {one.ref: one for one in read(values)}.values())
    for proxy in PROXIES:
        for message in resources(Dump(db, view_of(db, proxy))):
            assert_same(message)


def test_maps_are_written_in_the_order_of_their_keys() -> None:
    """A message has them in an order of its own, which is another one in the next process."""
    names = [f"name-{number}" for number in range(40)]
    inner = Struct()
    inner.update({name: {name: [dict.fromkeys(names, 1)]} for name in names})
    packed = AnyMessage()
    packed.Pack(inner)
    text = msgspec.json.decode(
        encoded(
            Metadata(
                filter_metadata=dict.fromkeys(names, inner),
                typed_filter_metadata=dict.fromkeys(names, packed),
            )
        )
    )
    struct = text["filter_metadata"]["name-7"]
    opened = text["typed_filter_metadata"]["name-7"]["value"]
    for one in (text["filter_metadata"], text["typed_filter_metadata"], struct, opened):
        assert list(one) == sorted(names)
    for one in (struct, opened):
        assert list(one["name-3"]["name-3"][0]) == sorted(names)
