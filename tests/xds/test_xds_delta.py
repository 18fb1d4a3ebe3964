"""Delta streams: the behaviours of Istio's delta tests and go-control-plane's, and Envoy's protocol text."""

import pytest
from xds_playbook import (
    CDS,
    ECDS,
    EDS,
    NODE,
    RDS,
    SDS,
    Playbook,
    World,
    ack,
    edit,
    nack,
    nothing,
    reconnect,
    says,
    subscribe,
    unsubscribe,
)

from lateen.xds.change import Changes
from lateen.xds.request import Node, ProtocolError, Request
from lateen.xds.session import Session
from lateen.xds.state import SyncState


# item 7
def test_a_wildcard_gets_everything_and_then_what_differs():
    assert (
        Playbook(World(a="1", b="1"))
        >> subscribe(CDS)
        << says(CDS, "a", "b")
        >> ack(CDS)
        << nothing
        >> edit(CDS, a="2")
        << says(CDS, "a")
        >> ack(CDS)
        >> edit(CDS, c="1", b=None)
        << says(CDS, "c", removed=("b",))
    )


def test_a_client_that_starts_is_answered_even_if_there_is_nothing():
    assert Playbook(World()) >> subscribe(CDS) << says(CDS) >> ack(CDS) << nothing


# item 4
def test_pushes_merge_while_one_is_under_way():
    assert (
        Playbook(World(a="1"))
        >> subscribe(CDS)
        << says(CDS, "a")
        >> edit(CDS, a="2")
        >> edit(CDS, b="1")
        >> edit(CDS, a="3")
        << nothing
        >> ack(CDS)
        << says(CDS, "a", "b")
    )


def test_an_edit_that_is_taken_back_while_one_is_under_way_is_never_sent():
    assert (
        Playbook(World(a="1"))
        >> subscribe(CDS)
        << says(CDS, "a")
        >> edit(CDS, a="2")
        >> edit(CDS, a="1")
        >> ack(CDS)
        << nothing
    )


def test_names_are_answered_one_request_at_a_time():
    assert (
        Playbook(World().set(EDS, a="1", b="1"))
        >> subscribe(EDS, "a")
        << says(EDS, "a")
        >> ack(EDS)
        >> subscribe(EDS, "b")
        << says(EDS, "b")
        >> ack(EDS)
        >> unsubscribe(EDS, "b")
        << nothing
        >> edit(EDS, b="2")
        << nothing
        >> edit(EDS, a="2")
        << says(EDS, "a")
    )


def test_a_name_that_does_not_exist_is_named_as_removed_and_sent_once_it_does():
    assert (
        Playbook(World().set(EDS, a="1"))
        >> subscribe(EDS, "a", "ghost")
        << says(EDS, "a", removed=("ghost",))
        >> ack(EDS)
        >> edit(EDS, ghost="1")
        << says(EDS, "ghost")
    )


def test_subscribing_again_is_a_request_to_send_again():
    assert (
        Playbook(World().set(RDS, a="1", b="1"))
        >> subscribe(RDS, "a", "b")
        << says(RDS, "a", "b")
        >> ack(RDS)
        >> subscribe(RDS, "a")
        << says(RDS, "a")
        >> ack(RDS)
        >> unsubscribe(RDS, "a")
        << nothing
        >> subscribe(RDS, "a")
        << says(RDS, "a")
    )


def test_subscribing_again_while_a_response_is_under_way_is_answered_after_it():
    assert (
        Playbook(World().set(RDS, a="1"))
        >> subscribe(RDS, "a")
        << says(RDS, "a")
        >> subscribe(RDS, "a")
        << nothing
        >> ack(RDS)
        << says(RDS, "a")
        >> ack(RDS)
        << nothing
    )


def test_a_wildcard_client_that_unsubscribes_from_a_name_hears_what_becomes_of_it():
    assert (
        Playbook(World(a="1", b="1"))
        >> subscribe(CDS, "*", "a", "gone")
        << says(CDS, "a", "b", removed=("gone",))
        >> ack(CDS)
        >> unsubscribe(CDS, "a")
        << says(CDS, "a")
        >> ack(CDS)
        >> unsubscribe(CDS, "gone")
        << says(CDS, removed=("gone",))
    )


def test_leaving_the_wildcard_leaves_the_names():
    assert (
        Playbook(World(a="1", b="1"))
        >> subscribe(CDS, "*", "a")
        << says(CDS, "a", "b")
        >> ack(CDS)
        >> unsubscribe(CDS, "*")
        << nothing
        >> edit(CDS, b="2")
        << nothing
        >> edit(CDS, a="2")
        << says(CDS, "a")
    )


def test_subscribing_to_nothing():
    playbook = Playbook(World(a="1"))
    playbook.request(CDS, subscribe=("*",), unsubscribe=("*",))
    playbook.listen()
    assert playbook << nothing >> edit(CDS, a="2") << nothing >> subscribe(CDS, "a") << says(CDS, "a")


def test_a_name_outside_the_wildcards_answer_is_asked_for_as_well():
    world = World(a="1", hidden="1")
    wide = world.resources

    def narrow(type_url, view, names):
        found = wide(type_url, view, names)
        return tuple(r for r in found if names is not None or r.name != "hidden")

    world.resources = narrow
    assert (
        Playbook(world)
        >> subscribe(CDS)
        << says(CDS, "a")
        >> ack(CDS)
        >> subscribe(CDS, "hidden")
        << says(CDS, "hidden")
    )


def test_a_client_that_comes_back_with_everything_is_sent_nothing():
    playbook = Playbook(World(a="1", b="1").set(EDS, a="1")) >> subscribe(CDS) << says(CDS, "a", "b")
    playbook = playbook >> ack(CDS) >> subscribe(EDS, "a") << says(EDS, "a") >> ack(EDS)
    having = {name: playbook.versions[name] for name in "ab"}
    endpoints = {"a": playbook.world.resources(EDS, "view", ("a",))[0].version}
    playbook = playbook >> reconnect >> subscribe(CDS, having=having) << nothing
    playbook = (
        playbook >> subscribe(EDS, "a", having=endpoints) << nothing >> edit(CDS, b="2") << says(CDS, "b")
    )
    assert playbook.session.state().types[1].state == SyncState.SYNCED


def test_a_client_that_comes_back_gets_the_difference_and_endpoints_of_changed_clusters():
    playbook = Playbook(World(static="1", update="1", gone="1").set(EDS, static="1", update="1"))
    playbook = playbook >> subscribe(CDS) << says(CDS, "gone", "static", "update") >> ack(CDS)
    having = {name: playbook.versions[name] for name in ("static", "update", "gone")}
    endpoints = {r.name: r.version for r in playbook.world.resources(EDS, "view", None)}
    playbook.world.set(CDS, gone=None, update="2")
    assert (
        playbook
        >> reconnect
        >> subscribe(CDS, having=having)
        << says(CDS, "update", removed=("gone",))
        >> subscribe(EDS, "static", "update", having=endpoints)
        << says(EDS, "update")
    )


def test_endpoints_asked_for_before_the_clusters_are_sent_again_with_them():
    playbook = Playbook(World(a="2", b="1").set(EDS, a="1", b="1"))
    playbook = playbook >> subscribe(EDS, "a", "b") << says(EDS, "a", "b") >> ack(EDS)
    assert (
        playbook
        >> subscribe(CDS, having={"a": "old", "b": "old"})
        << says(CDS, "a", "b")
        << says(EDS, "a", "b")
    )


def test_stale_names_from_an_earlier_stream_are_named_as_removed():
    assert (
        Playbook(World().set(EDS, a="1"))
        >> subscribe(EDS, "a", "gone", having={"a": "other", "gone": "1"})
        << says(EDS, "a", removed=("gone",))
    )


def test_a_changed_cluster_is_followed_by_its_endpoints_even_if_they_are_the_same():
    assert (
        Playbook(World(a="1", b="1").set(EDS, a="1", b="1"))
        >> subscribe(CDS)
        << says(CDS, "a", "b")
        >> ack(CDS)
        >> subscribe(EDS, "a", "b")
        << says(EDS, "a", "b")
        >> ack(EDS)
        >> edit(CDS, a="2")
        << says(CDS, "a")
        << says(EDS, "a")
        >> ack(EDS)
        >> ack(CDS)
        << nothing
    )


def test_endpoints_of_a_changed_cluster_that_do_not_exist_are_said_not_to():
    assert (
        Playbook(World(a="1"))
        >> subscribe(CDS)
        << says(CDS, "a")
        >> ack(CDS)
        >> subscribe(EDS, "a")
        << says(EDS, removed=("a",))
        >> ack(EDS)
        >> edit(CDS, a="2")
        << says(CDS, "a")
        << says(EDS, removed=("a",))
    )


@pytest.mark.parametrize("type_url", [EDS, RDS, SDS, ECDS])
def test_what_a_client_still_names_is_not_taken_from_it(type_url):
    assert (
        Playbook(World().set(type_url, a="1", b="1"))
        >> subscribe(type_url, "a", "b")
        << says(type_url, "a", "b")
        >> ack(type_url)
        >> edit(type_url, a=None)
        << nothing
        >> edit(type_url, b="2")
        << says(type_url, "b")
        >> ack(type_url)
        >> edit(type_url, a="1")
        << nothing
        >> edit(type_url, a="2")
        << says(type_url, "a")
        >> ack(type_url)
        >> edit(type_url, a=None)
        >> subscribe(type_url, "a")
        << says(type_url, removed=("a",))
    )


def test_a_cluster_under_the_wildcard_of_names_is_taken():
    assert (
        Playbook(World(a="1"))
        >> subscribe(CDS, "a")
        << says(CDS, "a")
        >> ack(CDS)
        >> edit(CDS, a=None)
        << says(CDS, removed=("a",))
    )


def test_a_rejected_resource_is_not_sent_again_until_it_differs():
    playbook = Playbook(World(a="1", b="1")) >> subscribe(CDS) << says(CDS, "a", "b") >> ack(CDS)
    playbook = playbook >> edit(CDS, a="bad") << says(CDS, "a") >> nack(CDS, "a is bad") << nothing
    state = playbook.session.state().types[0]
    assert state.state == SyncState.ERROR
    assert [(r.resource, r.message) for r in state.rejections] == [("a", "a is bad")]
    assert state.rejections[0].version == playbook.versions["a"]
    playbook = playbook >> edit(CDS, b="2") << says(CDS, "b") >> ack(CDS) << nothing
    assert playbook.session.state().types[0].state == SyncState.ERROR
    playbook = playbook >> edit(CDS, a="1") << says(CDS, "a") >> ack(CDS) << nothing
    assert playbook.session.state().types[0].state == SyncState.SYNCED


def test_clusters_that_envoy_names_are_blamed_and_the_others_are_not():
    playbook = Playbook(World(a="1", b="1", c="1")) >> subscribe(CDS) << says(CDS, "a", "b", "c")
    playbook = (
        playbook >> nack(CDS, "Error adding/updating cluster(s) b: no such thing, c: neither") << nothing
    )
    assert [r.resource for r in playbook.session.state().types[0].rejections] == ["b", "c"]
    playbook = playbook >> edit(CDS, b=None, c="2") << says(CDS, "c", removed=("b",)) >> ack(CDS) << nothing
    assert playbook.session.state().types[0].rejections == ()


def test_the_bad_one_of_a_rejected_response_is_found_by_sending_each_alone():
    playbook = Playbook(World().set(RDS, a="1", b="bad", c="1")) >> subscribe(RDS, "a", "b", "c")
    playbook = playbook << says(RDS, "a", "b", "c") >> nack(RDS, "some field is missing") << says(RDS, "a")
    assert [r.resource for r in playbook.session.state().types[0].rejections] == [""]
    assert not playbook.session.settled
    playbook = playbook >> ack(RDS) << says(RDS, "b")
    assert [r.resource for r in playbook.session.state().types[0].rejections] == [""]
    playbook = playbook >> nack(RDS, "some field is missing") << says(RDS, "c")
    playbook = playbook >> ack(RDS) << nothing
    assert [r.resource for r in playbook.session.state().types[0].rejections] == ["b"]
    assert playbook.session.settled
    playbook = playbook >> edit(RDS, b="2") << says(RDS, "b") >> ack(RDS) << nothing
    assert playbook.session.state().types[0].state == SyncState.SYNCED


def test_names_asked_for_while_a_rejected_response_is_taken_apart_are_not_lost():
    assert (
        Playbook(World().set(RDS, a="1", b="1", c="1"))
        >> subscribe(RDS, "a", "b")
        << says(RDS, "a", "b")
        >> nack(RDS, "what")
        << says(RDS, "a")
        >> subscribe(RDS, "c", "ghost")
        << nothing
        >> ack(RDS)
        << says(RDS, "b")
        >> ack(RDS)
        << says(RDS, "c", removed=("ghost",))
    )


def test_a_rejected_response_of_which_nothing_is_left_stands_in_nobodys_way():
    playbook = Playbook(World().set(RDS, a="bad", b="1")) >> subscribe(RDS, "a", "b") << says(RDS, "a", "b")

    def replace(playbook):
        playbook.request(RDS, subscribe=("c",))
        playbook.world.set(RDS, a=None, b=None, c="1")

    playbook = playbook >> replace << nothing >> nack(RDS, "no") << says(RDS, "c") >> ack(RDS) << nothing
    assert playbook.session.state().types[0].state == SyncState.SYNCED


def test_a_rejected_response_of_which_nothing_is_left_is_no_longer_an_error():
    playbook = Playbook(World().set(RDS, a="bad", b="1")) >> subscribe(RDS, "a", "b") << says(RDS, "a", "b")
    playbook = playbook >> edit(RDS, a=None, b=None) << nothing >> nack(RDS, "no") << nothing
    assert playbook.session.state().types[0].rejections == ()
    assert playbook.session.settled


def test_giving_up_a_resource_before_it_is_rejected_leaves_no_rejection():
    playbook = Playbook(World().set(RDS, a="bad")) >> subscribe(RDS, "a") << says(RDS, "a")
    playbook = playbook >> unsubscribe(RDS, "a") >> nack(RDS, "no") << nothing
    assert playbook.session.state().types[0].rejections == ()


def test_a_rejected_resource_that_vanishes_is_no_longer_an_error_and_is_tried_again_if_it_returns():
    playbook = Playbook(World().set(RDS, a="bad")) >> subscribe(RDS, "a") << says(RDS, "a") >> nack(RDS, "no")
    playbook = playbook >> edit(RDS, a=None) << nothing
    assert playbook.session.state().types[0].rejections == ()
    assert playbook >> edit(RDS, a="bad") << says(RDS, "a")


def test_giving_up_a_rejected_resource_forgets_the_rejection():
    playbook = Playbook(World().set(RDS, a="bad")) >> subscribe(RDS, "a") << says(RDS, "a") >> nack(RDS, "no")
    playbook = playbook >> unsubscribe(RDS, "a") << nothing
    assert playbook.session.state().types[0].rejections == ()


def test_a_nonce_that_is_not_the_last_acknowledges_nothing():
    assert (
        Playbook(World(a="1"))
        >> subscribe(CDS)
        << says(CDS, "a")
        >> edit(CDS, a="2")
        >> ack(CDS, nonce="other")
        << nothing
        >> ack(CDS)
        << says(CDS, "a")
    )


def test_an_acknowledgement_may_bring_another_subscription():
    playbook = Playbook(World().set(EDS, a="1", b="1")) >> subscribe(EDS, "a") << says(EDS, "a")
    playbook.request(EDS, nonce=playbook.nonces[EDS], subscribe=("b",))
    playbook.listen()
    assert playbook << says(EDS, "b")


def test_an_unknown_type_is_answered_with_nothing_and_noted():
    unknown = "type.googleapis.com/example.Unknown"
    playbook = Playbook(World()) >> subscribe(unknown) << says(unknown) >> ack(unknown) << nothing
    playbook = playbook >> subscribe(unknown, "x") << says(unknown, removed=("x",)) >> ack(unknown) << nothing
    assert playbook.session.state().unknown_types == (unknown,)
    assert playbook.session.state().types == ()


def test_what_cannot_be_computed_stays_as_it_is():
    world = World(a="1")
    playbook = Playbook(world) >> subscribe(CDS) << says(CDS, "a") >> ack(CDS)
    world.broken.add(CDS)
    playbook = playbook >> edit(CDS, a="2") << nothing
    assert playbook.session.state().types[0].failure == "ZeroDivisionError: broken"
    assert playbook.session.state().types[0].state == SyncState.STALE
    world.broken.clear()
    playbook = playbook >> edit(CDS, b="1") << says(CDS, "a", "b")
    assert playbook.session.state().types[0].failure == ""


def test_states():
    playbook = Playbook(World(a="1")) >> subscribe(EDS) << nothing
    assert [t.state for t in playbook.session.state().types] == [SyncState.NOT_SENT]
    playbook = playbook >> subscribe(CDS) << says(CDS, "a")
    assert [t.state for t in playbook.session.state().types] == [SyncState.STALE, SyncState.NOT_SENT]
    playbook = playbook >> ack(CDS)
    assert [t.state for t in playbook.session.state().types] == [SyncState.SYNCED, SyncState.NOT_SENT]
    assert playbook.session.state().types[0].resources == 1
    assert playbook.session.state().node == NODE


def test_proxies_with_the_same_answer_share_it():
    world, changes = World(a="1"), Changes()
    one, other = Playbook(world, changes=changes), Playbook(world, changes=changes)
    for playbook in (one, other):
        assert playbook >> subscribe(CDS) << says(CDS, "a") >> ack(CDS) >> edit(CDS, b="1") << says(CDS, "b")
        assert playbook >> ack(CDS) >> edit(CDS, b=None) << says(CDS, removed=("b",)) >> ack(CDS)
    assert one.session._watches[CDS].sent is other.session._watches[CDS].sent


def test_a_session_is_quiet_until_an_answer_is_another():
    playbook = Playbook(World(a="1"))
    assert playbook.session.is_quiet()
    assert playbook >> subscribe(CDS) << says(CDS, "a") >> ack(CDS)
    assert playbook.session.is_quiet()
    playbook.world.contents[CDS]["b"] = "1"
    assert not playbook.session.is_quiet()
    assert not playbook.session.is_quiet(), "asking takes nothing away"


def test_proxies_that_name_the_same_share_the_names():
    world, changes = World(a="1"), Changes()
    one, other = Playbook(world, changes=changes), Playbook(world, changes=changes)
    for playbook in (one, other):
        playbook.request(CDS)
        playbook.request(EDS, subscribe=("y", "x"))
    assert one.session._watches[EDS].subscription is other.session._watches[EDS].subscription


@pytest.mark.parametrize("node", [None, Node(id="")])
def test_a_stream_begins_with_a_node(node):
    session = Session("delta", World().resources, lambda _: "view", Changes())
    with pytest.raises(ProtocolError, match="node with an id"):
        session.receive(Request(type_url=CDS, node=node))


def test_a_node_may_be_refused():
    def refuse(node):
        raise ValueError(f"node id {node.id!r} is odd")

    session = Session("delta", World().resources, lambda _: "view", Changes(), refuse)
    with pytest.raises(ProtocolError, match="node id 'x' is odd"):
        session.receive(Request(type_url=CDS, node=Node(id="x")))


def test_a_request_needs_a_type():
    session = Session("delta", World().resources, lambda _: "view", Changes())
    with pytest.raises(ProtocolError, match="type URL"):
        session.receive(Request(type_url="", node=NODE))
