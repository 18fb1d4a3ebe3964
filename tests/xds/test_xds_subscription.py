"""Subscriptions: the cases of go-control-plane's subscription tests, restated, and Envoy's protocol text."""

import pytest

from lateen.xds.subscription import Subscription, Subscriptions, change_names, set_names


def sotw(*requests, start=None):
    subscription = start or Subscription.everything()
    for names in requests:
        subscription = set_names(subscription, names.split())
    return subscription.wildcard, sorted(subscription.names)


def delta(*requests, start=None):
    """Each request is `+name -name *…` as text."""
    subscription = start or Subscription.everything()
    for request in requests:
        words = request.split()
        subscription = change_names(
            subscription,
            [word[1:] for word in words if word[0] == "+"],
            [word[1:] for word in words if word[0] == "-"],
        )
    return subscription.wildcard, sorted(subscription.names)


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ([""], (True, [])),
        (["", "", ""], (True, [])),
        (["", "a"], (False, ["a"])),
        (["", "a", ""], (False, [])),  # naming something ends the legacy wildcard for good
        (["*"], (True, [])),
        (["*", "*"], (True, [])),
        (["*", "* a"], (True, ["a"])),
        (["*", "* a", "* b"], (True, ["b"])),
        (["*", "* b", "b"], (False, ["b"])),
        (["*", "b", ""], (False, [])),
        (["*", "b", "", "*"], (True, [])),
    ],
)
def test_state_of_the_world(requests, expected):
    assert sotw(*requests) == expected


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ([""], (True, [])),
        (["", ""], (True, [])),
        (["", "+a"], (True, ["a"])),  # not unsubscribed from the wildcard by naming something
        (["", "+a", "-a"], (True, [])),
        (["", "-a"], (True, [])),
        (["+*"], (True, [])),
        (["+*", "+a"], (True, ["a"])),
        (["+*", "+a", "+b -a"], (True, ["b"])),
        (["+*", "+a +b", "-*"], (False, ["a", "b"])),
        (["+*", "+a", "-*", "-a"], (False, [])),  # does not come back to the wildcard
        (["+a", "-*"], (False, ["a"])),
        (["+* -*"], (False, [])),  # how to subscribe to nothing
        (["+a", "-a", "+*"], (True, [])),
        (["+*", "-b"], (True, [])),
    ],
)
def test_delta(requests, expected):
    wildcard, names = expected
    if requests == ["+a", "-*"]:
        assert delta(*requests, start=Subscription.nothing()) == expected
    else:
        assert delta(*requests) == (wildcard, names)


@pytest.mark.parametrize(("change", "request_text"), [(sotw, ""), (delta, "")])
def test_types_asked_for_by_name_have_no_legacy_wildcard(change, request_text):
    assert change(request_text, start=Subscription.nothing()) == (False, [])


def test_an_explicit_wildcard_works_for_every_type():
    assert sotw("*", start=Subscription.nothing()) == (True, [])
    assert delta("+*", start=Subscription.nothing()) == (True, [])


def test_what_to_ask_the_database_for():
    assert Subscription.everything().wanted is None
    assert Subscription.nothing().wanted == ()
    assert set_names(Subscription.nothing(), ["b", "a"]).wanted == ("a", "b")
    assert set_names(Subscription.nothing(), ["*", "a"]).wanted is None


def test_covers():
    assert Subscription.everything().covers("x")
    assert not Subscription.nothing().covers("x")
    assert set_names(Subscription.nothing(), ["x"]).covers("x")


def test_equal_subscriptions_are_kept_once():
    known = Subscriptions()
    one, other, third = (set_names(Subscription.nothing(), names) for names in ("ab", "ba", "ac"))
    assert one == other
    assert one is not other
    held = known.shared(one)
    assert held == one
    assert known.shared(other) is held
    assert known.shared(third) == third
    assert len(known) == 1  # nobody holds the third
    assert len({one.wanted: 1, other.wanted: 2, ("a", "b"): 3}) == 1


def test_a_subscription_that_nobody_holds_is_forgotten():
    known = Subscriptions()
    held = known.shared(set_names(Subscription.nothing(), "ab"))
    assert len(known) == 1
    del held
    assert len(known) == 0


def test_names_are_held_once_in_all_subscriptions():
    known = Subscriptions()
    first, second = (
        known.shared(set_names(Subscription.nothing(), (f"outbound|80||{host}" for host in hosts)))
        for hosts in (("a", "b"), ("a", "c"))
    )
    assert first.wanted
    assert second.wanted
    assert first.wanted[0] is second.wanted[0]
