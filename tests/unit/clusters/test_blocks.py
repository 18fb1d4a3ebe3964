"""Resources in blocks: one sequence to whoever reads it, and a block that did not change is not looked into."""

from lateen.compile.blocks import Joined, block, blocks_of, version_of
from lateen.compile.resource import resource
from lateen.model.blocks import divided
from lateen.xds.change import Change

A, B, C, D = (resource(name, name.encode()) for name in "abcd")


def test_blocks_are_one_sequence_sorted_by_name():
    found = Joined((block((D, A)), block((C, B))))
    assert (*found,) == (A, B, C, D) == found
    assert (len(found), found[1], found[2:]) == (4, B, (C, D))
    assert A in found
    assert not Joined(())


def test_blocks_are_equal_by_what_is_in_them():
    assert Joined((block((A,)), block((B,)))) == Joined((block((A,)), block((B,))))
    assert Joined((block((A,)), block((B,)))) != Joined((block((A,)), block((C,))))


def test_a_version_follows_from_the_content():
    one, other = Joined((block((A,)), block((B,)))), Joined((block((A,)), block((C,))))
    assert version_of(one) == version_of(Joined(one.blocks)) != version_of(other)
    assert version_of((A, B)) != version_of((A, C))


def test_members_are_divided_evenly_and_stay_where_they_are():
    hosts = [f"s{number}.n.svc.cluster.local" for number in range(1000)]
    found = divided(hosts)
    assert sorted(host for its in found.values() for host in its) == sorted(hosts)
    assert len(found) == 64
    assert max(map(len, found.values())) <= 40
    place = {host: number for number, its in found.items() for host in its}
    assert all(place[host] == number for number, its in divided(hosts[:700]).items() for host in its)


def test_nothing_is_no_block():
    assert divided(()) == {}
    assert blocks_of(()) == ()


def test_a_change_is_what_differs_in_some_block():
    same, b2 = block((A, C)), resource("b", b"2")
    old, new = Joined((same, block((B,)))), Joined((same, block((b2,)), block((D,))))
    assert Change(old, new).difference.resources == (b2, D)
    assert Change(new, old).difference.resources == (B,)
    assert Change(new, old).difference.removed == ("d",)


def test_a_resource_that_moves_to_another_block_is_no_change():
    old, new = Joined((block((A, B)), block((C,)))), Joined((block((A,)), block((B, C))))
    assert not Change(old, new).difference
    assert not Change(old, (A, B, C)).difference
