"""The page as a browser without scripts would have it: standard library alone, part of `make test`."""

import http.client
import urllib.parse
from html.parser import HTMLParser

import pytest


class Page(HTMLParser):
    """What the tests look at: attributes by element, all text, and addresses that a browser would load by itself."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stars: list[tuple[str, str]] = []
        self.fields: dict[str, str] = {}
        self.form = ""
        self.loads: list[str] = []
        self.text = ""
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if of.get("class") == "stars":
            self.stars.append((of["data-color"], of["data-stars"]))
        if tag == "form":
            self.form = f"{of['method']} {of['action']}"
        if tag == "input":
            self.fields[of["name"]] = ""
        if tag in {"script", "img", "link", "iframe"}:
            self.loads.append(of.get("src") or of.get("href") or "inline")

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"


class Visitor:
    """A visitor with a cookie jar for one cookie."""

    def __init__(self, base: str) -> None:
        self._address = urllib.parse.urlsplit(base)
        self._cookie = ""

    def ask(self, method: str, path: str, form: str = "") -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection(self._address.hostname, self._address.port, timeout=15)
        headers = {"content-type": "application/x-www-form-urlencoded"} if form else {}
        if self._cookie:
            headers["cookie"] = self._cookie
        connection.request(method, path, form, headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        answered = {name.lower(): value for name, value in response.getheaders()}
        if "set-cookie" in answered:
            self._cookie = answered["set-cookie"].partition(";")[0]
        return response.status, answered, body

    def page(self) -> Page:
        status, headers, body = self.ask("GET", "/productpage")
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        return Page(body)


@pytest.fixture
def visitor(page_url: str) -> Visitor:
    return Visitor(page_url)


def test_a_stranger_sees_red_stars_and_may_sign_in(visitor: Visitor) -> None:
    page = visitor.page()
    assert page.stars == [("red", "5"), ("red", "4")]
    assert (page.form, list(page.fields)) == ("post /login", ["username", "passwd"])
    for words in (
        "The Comedy of Errors",
        "Book Details",
        "PublisherA",
        "123-1234567890",
        "Book Reviews",
        "Reviewer2",
    ):
        assert words in page.text
    assert "Reviews served by: reviews-v3" in page.text


def test_jason_sees_black_stars_until_he_signs_out(visitor: Visitor) -> None:
    status, headers, _ = visitor.ask("POST", "/login", "username=jason&passwd=anything")
    assert (status, headers["location"]) == (302, "/productpage")
    page = visitor.page()
    assert page.stars == [("black", "5"), ("black", "4")]
    assert "jason Sign out" in page.text
    assert not page.form
    status, headers, _ = visitor.ask("GET", "/logout")
    assert (status, headers["location"]) == (302, "/productpage")
    assert [color for color, _ in visitor.page().stars] == ["red", "red"]


def test_another_user_is_not_jason(visitor: Visitor) -> None:
    visitor.ask("POST", "/login", "username=Zo%C3%AB+%3Cb%3E&passwd=x")
    page = visitor.page()
    assert [color for color, _ in page.stars] == ["red", "red"]
    assert "Zoë <b> Sign out" in page.text


def test_the_page_loads_nothing_from_elsewhere(visitor: Visitor) -> None:
    assert [load.partition(":")[0] for load in visitor.page().loads] == ["data"]
