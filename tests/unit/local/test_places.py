"""What pods are called on this machine."""

import pytest

from lateen.api.meta import Ref
from lateen.local.places import LONGEST, LONGEST_HOST_NAME, BadPlaceError, checked, host_name, place_of


def test_pods_of_one_name_in_two_namespaces_have_two_places() -> None:
    places = {place_of(Ref("Pod", namespace, "web")) for namespace in ("default", "a", "b")}
    assert places == {"web", "web@a", "web@b"}


def test_long_names_stay_apart_and_fit_a_socket_path() -> None:
    places = {place_of(Ref("Pod", "default", "a" * 100 + end)) for end in "xyz"}
    assert len(places) == 3
    assert {len(place) for place in places} == {LONGEST}


def test_a_host_name_is_what_the_kernel_takes() -> None:
    assert host_name(Ref("Pod", "default", "a" * 62 + "-b")) == "a" * 62
    assert len(host_name(Ref("Pod", "default", "a" * 100))) == LONGEST_HOST_NAME


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/a", "@mesh", "@host", "a\0b", "a b", "a\n"])
def test_a_place_never_leads_elsewhere(name: str) -> None:
    with pytest.raises(BadPlaceError):
        checked(name)


@pytest.mark.parametrize("name", ["web", "web.a", "web@team", "web-v1-abcde-fghij"])
def test_ordinary_places(name: str) -> None:
    assert checked(name) == name
