"""The page in a real browser: `make test-web`. Not collected by `make test`, which must pass on a machine without one.

It looks at what a reader sees: computed colours, what is visible, what fits, what was asked of the network.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Chromium

BLACK = "rgb(17, 24, 39)"
RED = "rgb(208, 20, 44)"

LAPTOP = (1280, 860)
PHONE = (390, 844)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    profile = Path(tempfile.mkdtemp(prefix="chromium-"))
    try:
        with Chromium(profile) as chromium:
            yield chromium
    finally:
        shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture
def tab(browser: Chromium, page_url: str) -> Chromium:
    """A fresh visit on a laptop, signed out."""
    browser.resize(*LAPTOP)
    browser.call("Network.clearBrowserCookies")
    browser.events.clear()
    browser.open(f"{page_url}/productpage")
    return browser


def star_colors(tab: Chromium) -> list[str]:
    return tab.evaluate("[...document.querySelectorAll('.stars')].map(e => getComputedStyle(e).color)")


def glyphs(tab: Chromium) -> list[str]:
    return tab.evaluate("[...document.querySelectorAll('.stars')].map(e => e.innerText.trim())")


def sign_in(tab: Chromium, user: str) -> None:
    tab.click(".account summary")
    tab.click("#username")
    tab.type(user)
    tab.click("#password")
    tab.type("any")
    tab.click(".account form button")
    tab.wait_for("Page.loadEventFired")


def test_a_stranger_sees_red_stars(tab: Chromium) -> None:
    assert glyphs(tab) == ["★★★★★", "★★★★☆"]
    assert star_colors(tab) == [RED, RED]


def test_jason_signs_in_sees_black_stars_and_signs_out(tab: Chromium) -> None:
    sign_in(tab, "jason")
    assert tab.evaluate("document.querySelector('.user').innerText") == "jason"
    assert glyphs(tab) == ["★★★★★", "★★★★☆"]
    assert star_colors(tab) == [BLACK, BLACK]
    tab.click(".account a")
    tab.wait_for("Page.loadEventFired")
    assert star_colors(tab) == [RED, RED]
    assert tab.complaints() == []


@pytest.mark.parametrize("size", [LAPTOP, PHONE, (320, 640)], ids=["laptop", "phone", "small phone"])
def test_nothing_sticks_out(tab: Chromium, size: tuple[int, int]) -> None:
    tab.resize(*size)
    tab.click(".account summary")
    form = tab.evaluate(
        "(r => [r.left, r.right])(document.querySelector('.account form').getBoundingClientRect())"
    )
    assert 0 <= form[0] < form[1] <= size[0]
    assert tab.evaluate("document.documentElement.scrollWidth") == size[0]


def test_a_long_name_takes_no_more_room_than_there_is(tab: Chromium) -> None:
    sign_in(tab, "W" * 64)
    tab.resize(320, 640)
    assert tab.evaluate("document.documentElement.scrollWidth") == 320
    assert tab.evaluate("document.querySelector('.account a').getBoundingClientRect().right") <= 320


def test_details_are_left_of_reviews_on_a_laptop_and_above_on_a_phone(tab: Chromium) -> None:
    places = "['#details', '#reviews'].map(s => document.querySelector(s).getBoundingClientRect()).map(r => [r.left, r.top])"
    (left, top), (right, level) = tab.evaluate(places)
    assert left < right
    assert top == level
    tab.resize(*PHONE)
    (left, top), (right, below) = tab.evaluate(places)
    assert left == right
    assert top < below


def test_the_page_asks_for_itself_alone(tab: Chromium, page_url: str) -> None:
    asked = [url for url in tab.requested() if not url.startswith("data:")]
    assert asked == [f"{page_url}/productpage"]


def test_every_control_has_a_name_and_can_be_reached_by_keyboard(tab: Chromium) -> None:
    tab.click(".account summary")
    nameless = "[...document.querySelectorAll('input')].filter(e => !e.labels.length).length"
    assert tab.evaluate(nameless) == 0
    unreachable = (
        "[...document.querySelectorAll('a, button, input, summary')].filter(e => e.tabIndex < 0).length"
    )
    assert tab.evaluate(unreachable) == 0
    assert tab.evaluate("document.documentElement.lang") == "en"
