"""Make before break: what waits for what, in both protocols."""

import pytest
from xds_playbook import CDS, EDS, LDS, RDS, Playbook, World, ack, edit, lift, nack, nothing, says, subscribe

from lateen.xds.state import SyncState


def running(protocol="delta"):
    """A proxy with a cluster, its endpoints, a listener and a route, all acknowledged."""
    world = World(a="cluster a").set(EDS, a="endpoints a").set(LDS, l="listener").set(RDS, r="route")
    playbook = Playbook(world, protocol) >> subscribe(CDS) << says(CDS, "a") >> ack(CDS)
    playbook = (
        playbook >> subscribe(EDS, "a") << says(EDS, "a") >> ack(EDS) >> subscribe(LDS) << says(LDS, "l")
    )
    return playbook >> ack(LDS) >> subscribe(RDS, "r") << says(RDS, "r") >> ack(RDS) << nothing


def change(cds=None, eds=None, lds=None, rds=None):
    def step(playbook):
        for type_url, contents in ((CDS, cds), (EDS, eds), (LDS, lds), (RDS, rds)):
            playbook.world.set(type_url, **contents or {})

    return step


def test_a_new_cluster_is_acknowledged_before_its_route_is_sent():
    assert (
        running()
        >> change(cds={"b": "cluster b"}, eds={"b": "endpoints b"}, rds={"r": "route to b"})
        << says(CDS, "b")
        >> subscribe(EDS, "b")
        << says(EDS, "b")
        >> ack(EDS)
        << nothing
        >> ack(CDS)
        << says(RDS, "r")
    )


def test_a_cluster_goes_after_the_route_that_used_it():
    playbook = running() >> change(cds={"b": "cluster b"}) << says(CDS, "b") >> ack(CDS)
    assert (
        playbook
        >> change(cds={"a": None}, rds={"r": "route to b"})
        << says(RDS, "r")
        >> ack(RDS)
        << says(CDS, removed=("a",))
        >> ack(CDS)
        << nothing
    )


def test_replacing_a_cluster_and_its_route_in_one_edit():
    assert (
        running()
        >> change(cds={"a": None, "b": "cluster b"}, eds={"a": None, "b": "e"}, rds={"r": "route to b"})
        << says(CDS, "b")
        >> ack(CDS)
        << says(RDS, "r")
        >> ack(RDS)
        << says(CDS, removed=("a",))
    )


def test_a_cluster_that_a_rejected_route_would_have_replaced_stays():
    playbook = (
        running()
        >> change(cds={"a": None}, rds={"r": "bad"})
        << says(RDS, "r")
        >> nack(RDS, "bad")
        << nothing
    )
    assert playbook >> edit(RDS, r="good") << says(RDS, "r") >> ack(RDS) << says(CDS, removed=("a",))


def test_a_cluster_stays_while_a_draining_listener_still_names_an_old_route():
    playbook = running() >> change(cds={"a": None}, lds={"l": "2"}, rds={"r": None, "s": "route"})
    playbook = (
        playbook << says(LDS, "l") >> ack(LDS) << nothing >> subscribe(RDS, "s") << says(RDS, "s") >> ack(RDS)
    )
    assert playbook << nothing
    assert playbook.session.settled
    playbook.request(RDS, unsubscribe=("r",))
    playbook.listen()
    assert playbook << says(CDS, removed=("a",))


def test_listeners_come_and_go_in_one_response():
    assert running() >> edit(LDS, l=None, m="same port") << says(LDS, "m", removed=("l",))


def test_a_route_asked_for_is_answered_while_clusters_get_warm():
    assert (
        running()
        >> change(cds={"b": "cluster b"}, rds={"r": "changed", "s": "new"})
        << says(CDS, "b")
        >> subscribe(RDS, "s")
        << says(RDS, "s")
        >> ack(RDS)
        << nothing
        >> ack(CDS)
        << says(RDS, "r")
    )


def test_a_proxy_that_comes_back_and_waits_for_clusters_is_not_sent_routes_that_it_has():
    world = World(a="new").set(RDS, r="same", s="changed")
    having = {"r": world.resources(RDS, "view", ("r",))[0].version, "s": "old", "gone": "old"}
    assert (
        Playbook(world)
        >> subscribe(CDS)
        << says(CDS, "a")
        >> subscribe(RDS, "r", "s", "gone", having=having)
        << says(RDS, removed=("gone",))
        >> ack(RDS)
        << nothing
        >> ack(CDS)
        << says(RDS, "s")
    )


def test_the_first_answer_of_a_type_waits_for_nothing():
    playbook = Playbook(World(a="slow").set(LDS, l="listener")) >> subscribe(CDS) << says(CDS, "a")
    assert playbook >> subscribe(LDS) << says(LDS, "l")


def test_a_cluster_that_does_not_get_warm_holds_the_rest_until_patience_ends():
    playbook = running() >> change(cds={"b": "slow"}, lds={"l": "2"}, rds={"r": "2"}) << says(CDS, "b")
    assert playbook.session.held
    assert not playbook.session.settled
    playbook = playbook >> lift << says(LDS, "l") << says(RDS, "r")
    assert not playbook.session.held
    playbook = playbook >> ack(LDS) >> ack(RDS) >> ack(CDS) << nothing
    assert playbook.session.settled
    assert playbook >> change(cds={"c": "1"}, rds={"r": "3"}) << says(CDS, "c") >> ack(CDS) << says(RDS, "r")


# item 6
def test_endpoints_that_change_alone_hold_nothing_else_for_long():
    assert (
        running()
        >> edit(EDS, a="moved")
        << says(EDS, "a")
        >> edit(RDS, r="2")
        << nothing
        >> ack(EDS)
        << says(RDS, "r")
    )


@pytest.mark.parametrize("protocol", ["delta", "sotw"])
def test_everything_at_once_comes_in_order(protocol):
    playbook = running(protocol) >> change(
        cds={"a": "cluster a2"}, eds={"a": "endpoints a2"}, lds={"l": "listener 2"}, rds={"r": "route 2"}
    )
    playbook = playbook << says(CDS, "a") << says(EDS, "a") >> ack(CDS) << nothing
    assert playbook >> ack(EDS) << says(LDS, "l") << says(RDS, "r") >> ack(LDS) >> ack(RDS) << nothing
    assert [state.state for state in playbook.session.state().types] == [SyncState.SYNCED] * 4
