"""State of the world: the same rules, said whole."""

from xds_playbook import (
    CDS,
    EDS,
    RDS,
    Playbook,
    World,
    ack,
    edit,
    nack,
    nothing,
    reconnect,
    says,
    subscribe,
)

from lateen.xds.state import SyncState


def sotw(world):
    return Playbook(world, "sotw")


def test_clusters_are_always_said_whole():
    assert (
        sotw(World(a="a1", b="b1"))
        >> subscribe(CDS)
        << says(CDS, "a", "b")
        >> ack(CDS)
        << nothing
        >> edit(CDS, a="a2")
        << says(CDS, "a", "b")
        >> ack(CDS)
        >> edit(CDS, a=None)
        << says(CDS, "b")
        >> ack(CDS)
        << nothing
    )


# item 6
def test_endpoints_are_said_as_far_as_they_differ():
    assert (
        sotw(World().set(EDS, a="a1", b="b1"))
        >> subscribe(EDS, "a", "b")
        << says(EDS, "a", "b")
        >> ack(EDS)
        >> edit(EDS, b="b2")
        << says(EDS, "b")
    )


def test_an_acknowledgement_with_more_names_is_a_request_for_these():
    playbook = sotw(World().set(RDS, a="a1", b="b1")) >> subscribe(RDS, "a") << says(RDS, "a")
    assert playbook >> subscribe(RDS, "a", "b") << says(RDS, "b") >> subscribe(RDS, "b") << nothing
    assert playbook >> edit(RDS, a="a2") << nothing >> subscribe(RDS, "a", "b") << says(RDS, "a")


def test_a_stale_nonce_is_ignored_names_and_all():
    playbook = sotw(World().set(EDS, a="a1", b="b1")) >> subscribe(EDS, "a") << says(EDS, "a") >> ack(EDS)
    old = playbook.nonces[EDS]
    playbook = playbook >> edit(EDS, a="a2") << says(EDS, "a")
    playbook.request(EDS, nonce=old, names=("b",))
    playbook.listen()
    assert playbook << nothing
    assert not playbook.session.settled
    assert playbook >> subscribe(EDS, "a", "b") << says(EDS, "b")


def test_a_changed_cluster_is_followed_by_its_endpoints():
    assert (
        sotw(World(a="a1", b="b1").set(EDS, a="ea", b="eb"))
        >> subscribe(CDS)
        << says(CDS, "a", "b")
        >> ack(CDS)
        >> subscribe(EDS, "a", "b")
        << says(EDS, "a", "b")
        >> ack(EDS)
        >> edit(CDS, a="a2")
        << says(CDS, "a", "b")
        << says(EDS, "a")
        >> ack(EDS)
        >> ack(CDS)
        << nothing
    )


def test_a_removed_cluster_is_said_until_the_route_that_used_it_is_replaced():
    playbook = (
        sotw(World(a="a1", b="b1").set(RDS, r="to a")) >> subscribe(CDS) << says(CDS, "a", "b") >> ack(CDS)
    )
    playbook = playbook >> subscribe(RDS, "r") << says(RDS, "r") >> ack(RDS)

    def replace(playbook):
        playbook.world.set(CDS, a=None, b="b2").set(RDS, r="to b")

    playbook = playbook >> replace << says(CDS, "a1", "b") >> ack(CDS) << says(RDS, "r")
    assert playbook >> ack(RDS) << says(CDS, "b") >> ack(CDS) << nothing


def test_a_rejected_set_is_not_sent_again_until_it_differs():
    playbook = sotw(World(a="a1", b="b1")) >> subscribe(CDS) << says(CDS, "a", "b") >> ack(CDS)
    playbook = (
        playbook >> edit(CDS, a="bad") << says(CDS, "a", "b") >> nack(CDS, "cluster(s) a: no") << nothing
    )
    assert [r.resource for r in playbook.session.state().types[0].rejections] == ["a"]
    playbook = playbook >> edit(CDS, a="a3") << says(CDS, "a", "b") >> ack(CDS) << nothing
    assert playbook.session.state().types[0].state == SyncState.SYNCED


def test_a_rejection_without_a_name_lasts_until_the_next_acknowledgement():
    playbook = (
        sotw(World(a="a1", b="b1")) >> subscribe(CDS) << says(CDS, "a", "b") >> nack(CDS, "what") << nothing
    )
    assert [r.resource for r in playbook.session.state().types[0].rejections] == [""]
    playbook = playbook >> edit(CDS, b="b2") << says(CDS, "a", "b") >> ack(CDS)
    assert playbook.session.state().types[0].rejections == ()


def test_a_new_stream_is_answered_in_full():
    playbook = sotw(World(a="a1")) >> subscribe(CDS) << says(CDS, "a") >> ack(CDS)
    assert playbook >> reconnect >> subscribe(CDS) << says(CDS, "a")


def test_a_request_without_a_nonce_begins_the_type_anew():
    playbook = sotw(World().set(EDS, a="a1")) >> subscribe(EDS, "a") << says(EDS, "a") >> ack(EDS)
    playbook.request(EDS, names=("a",))
    playbook.listen()
    assert playbook << says(EDS, "a")


def test_no_names_of_a_type_that_is_asked_for_by_name_means_nothing():
    assert (
        sotw(World().set(EDS, a="a1")) >> subscribe(EDS) << nothing >> subscribe(EDS, "a") << says(EDS, "a")
    )


def test_versions_are_by_content():
    one, other = sotw(World(a="a1")), sotw(World(a="a1"))
    for playbook in (one, other):
        assert playbook >> subscribe(CDS) << says(CDS, "a")
    assert one.session.state().types[0].version == other.session.state().types[0].version != ""
