"""No object makes the checks raise, whatever is in it, and what they say is in order."""

from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields

from lateen.api.check.dispatch import check
from lateen.api.duration import Duration
from lateen.api.finding import Level
from lateen.api.mesh_config import MeshConfig, MeshNetworks
from lateen.api.meta import Meta, Object
from lateen.api.registry import BY_NAME
from lateen.api.schema import bounds, is_enum
from lateen.api.secret_bytes import SecretBytes, SecretText

TEXTS = [
    "", "a", "*", "*.a", "a.b", "*a.b", "mesh", "a/b", "/", "a/", "~", ".", "~/a.b", "unix:///a", "unix://", "10.0.0.1", "::1",
    "10.0.0.0/8", "10.0.0.0/99", "1/2/3", "a:80", "[::1]:80", ":", "127.0.0.1:80", "%", "%%", "%REQ(a)%", "%START_TIME", "(", "[a",
    "a{1001}", "5xx,reset", "5xx, 503", "HTTP", "grpc-web", "@request.auth.claims.a", "@request.auth.claims[", ":path", "\n", "\0",
    "é", "a" * 300, "outbound_.80_._.a", "outbound_", "region/zone/*", "*/*", "configmap://a", "configmap://a/b", "\ud800", "٣",
    "a=b", "In", "Exists", "kubernetes.io/tls", "%SERVICE%", "x%", "TLSV1_2", "P-256",
]  # fmt: skip
NUMBERS = [
    0,
    1,
    -1,
    80,
    100,
    101,
    200,
    301,
    304,
    503,
    600,
    65535,
    65536,
    5000011,
    2**31 - 1,
    2**32 - 1,
    2**63,
]
DURATIONS = [0, 1, -1, 10**6, 10**6 + 1, 10**9, 3600 * 10**9, 2**62]


@cache
def values(expected: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for an annotation of an API struct."""
    expected, _, _ = bounds(expected)
    origin = get_origin(expected)
    if origin in {Union, UnionType}:
        return st.one_of([st.none() if one is type(None) else values(one) for one in get_args(expected)])
    if is_enum(expected):
        return st.sampled_from(get_args(expected))
    if origin is tuple:
        return st.lists(values(get_args(expected)[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(st.sampled_from(TEXTS), values(get_args(expected)[1]), max_size=3)
    if isinstance(expected, type) and issubclass(expected, Struct):
        return st.deferred(lambda: structs(expected))
    return SCALARS[expected]


SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    Any: st.sampled_from([1, "a"]),
    str: st.sampled_from(TEXTS) | st.text(max_size=8),
    bool: st.booleans(),
    int: st.sampled_from(NUMBERS),
    float: st.sampled_from([-1.0, 0.0, 0.00001, 50.0, 100.0, 100.1]),
    Duration: st.sampled_from(DURATIONS).map(Duration),
    bytes: st.binary(max_size=3),
    SecretBytes: st.binary(max_size=3).map(SecretBytes),
    SecretText: st.binary(max_size=3).map(SecretText),
}


@st.composite
def structs(draw: st.DrawFn, struct: type[Struct]) -> Any:
    """Set a few fields of a struct, at most one of each group that excludes each other."""
    known = {info.name: info for info in fields(struct)}
    chosen = draw(st.lists(st.sampled_from(sorted(known)), max_size=5, unique=True)) if known else []
    for group in getattr(struct, "oneofs", ()):
        rivals = [name for name in chosen if name in group]
        chosen = [name for name in chosen if name not in rivals[1:]]
    return struct(**{name: draw(values(known[name].type)) for name in chosen})


KINDS = {name: kind.spec for name, kind in BY_NAME.items()} | {
    "MeshConfig": MeshConfig,
    "MeshNetworks": MeshNetworks,
}


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_nothing_makes_the_checks_raise(kind, data):
    meta = Meta(
        name=data.draw(st.sampled_from(["a", "a.b", "", "A"])),
        namespace=data.draw(st.sampled_from(["default", ""])),
        labels=data.draw(st.dictionaries(st.sampled_from(TEXTS), st.sampled_from(TEXTS), max_size=2)),
    )
    obj = Object(api_version="v1", kind=kind, meta=meta, spec=data.draw(structs(KINDS[kind])))
    found = check(obj)
    assert found == check(obj)
    for one in found:
        assert one.ref == obj.ref
        assert one.message
        assert one.message[0] != " "
        assert one.level in Level
