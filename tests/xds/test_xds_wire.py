"""Responses assembled by hand parse back to what the protobuf library would have built."""

from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import any_pb2
from hypothesis import given
from hypothesis import strategies as st

from lateen.compile.resource import in_pieces, resource
from lateen.xds import change as change_module
from lateen.xds import wire
from lateen.xds.change import Changes

TYPE = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
names = st.text(min_size=1, max_size=40)
bodies = st.one_of(st.binary(max_size=300), st.integers(120, 40000).map(lambda size: b"x" * size))
resources = st.lists(st.tuples(names, bodies), max_size=5, unique_by=lambda pair: pair[0])


def made(name, body):
    """A resource; a longer one comes in pieces."""
    middle = len(body) // 2
    return in_pieces(name, (body[:middle], body[middle:])) if middle else resource(name, body)


@given(resources, st.lists(names, max_size=3), st.text(max_size=20), st.text(max_size=20))
def test_delta(pairs, removed, version, nonce):
    found = [made(name, body) for name, body in pairs]
    body = wire.delta_body(TYPE, version, found, removed)
    assert discovery_pb2.DeltaDiscoveryResponse.FromString(
        wire.with_nonce(body, nonce)
    ) == discovery_pb2.DeltaDiscoveryResponse(
        system_version_info=version,
        type_url=TYPE,
        nonce=nonce,
        removed_resources=removed,
        resources=[
            discovery_pb2.Resource(
                name=r.name, version=r.version, resource=any_pb2.Any(type_url=TYPE, value=r.body)
            )
            for r in found
        ],
    )


@given(resources, st.text(max_size=20), st.text(max_size=20))
def test_state_of_the_world(pairs, version, nonce):
    found = [made(name, body) for name, body in pairs]
    body = wire.sotw_body(TYPE, version, found)
    assert discovery_pb2.DiscoveryResponse.FromString(
        wire.with_nonce(body, nonce)
    ) == discovery_pb2.DiscoveryResponse(
        version_info=version,
        type_url=TYPE,
        nonce=nonce,
        resources=[any_pb2.Any(type_url=TYPE, value=r.body) for r in found],
    )


def test_a_change_is_worked_out_once_until_it_is_forgotten():
    changes = Changes()
    old, new = (), (resource("a", b"1"),)
    change = changes.between(old, new)
    assert changes.between(old, new) is change
    said = change.difference
    assert changes.delta_body(TYPE, said) is changes.delta_body(TYPE, said)
    changes.forget()
    assert changes.between(old, new) is not change


def test_changes_keep_a_bounded_number_of_bytes(monkeypatch):
    monkeypatch.setattr(change_module, "_BYTES_KEPT", 1000)
    changes = Changes()
    first = (resource("0", b"x" * 100),)
    kept = changes.between((), first)
    assert changes.between((), first) is kept
    others = [(resource(str(number), b"x" * 100),) for number in range(1, 20)]
    for other in others:
        changes.between((), other)
    assert changes.between((), others[-1]).new is others[-1]
    assert changes.between((), first) is not kept
