import pytest
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import (
    HttpConnectionManager,
)
from google.protobuf.json_format import ParseDict

from lateen.simulate.paths import Refused, host_without_port, normalized, query_of


def manager(**settings: object) -> HttpConnectionManager:
    return ParseDict(settings, HttpConnectionManager())


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/a/../b", "/b"), ("/a/./b", "/a/b"), ("/a/..", "/"), ("/..", "/"), ("/%61", "/a"), ("/%2e%2e/b", "/b"),
        ("/a%2Fb", "/a%2Fb"), ("/a\\b", "/a/b"), ("/a//b", "/a//b"), ("/a?x=/../y", "/a?x=/../y"),
    ],
)  # fmt: skip
def test_normalize_path(path: str, wanted: str) -> None:
    assert normalized(manager(normalize_path=True), path) == wanted


@pytest.mark.parametrize(("path", "wanted"), [("//a///b//", "/a/b/"), ("//", "//"), ("/a?x=//", "/a?x=//")])
def test_merge_slashes(path: str, wanted: str) -> None:
    assert normalized(manager(merge_slashes=True), path) == wanted


@pytest.mark.parametrize(("action", "status"), [("REJECT_REQUEST", 400), ("UNESCAPE_AND_REDIRECT", 307)])
def test_escaped_slashes_are_answered(action: str, status: int) -> None:
    with pytest.raises(Refused) as refusal:
        normalized(manager(path_with_escaped_slashes_action=action), "/a%2fb?c=%2f")
    assert (refusal.value.status, refusal.value.location) == (status, "/a/b?c=%2f" if status == 307 else "")


def test_a_fragment_is_refused() -> None:
    with pytest.raises(Refused):
        normalized(manager(), "/a#b")


def test_query_keeps_the_first_of_a_name_undecoded() -> None:
    assert query_of("/p?a=1&a=2&b=%20&c&&=x") == {"a": "1", "b": "%20", "c": "", "": "x"}


@pytest.mark.parametrize(
    ("authority", "wanted"),
    [("a:80", "a"), ("a", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("a:b", "a:b")],
)
def test_host_without_port(authority: str, wanted: str) -> None:
    assert host_without_port(authority) == wanted
