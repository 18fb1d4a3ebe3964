"""Conditions of HTTP rules: all of HTTPMatchRequest."""

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.words import PATHS, VALUES, Json, some, sources, strings

REGEXES = ("v[0-9]+", "(?i)V1", "v1|jason", ".*", ".+1", "[^v].*")
PATH_REGEXES = ("/[a-z]+", "/x(/.*)?", "(?i)/X.*", "/.*y", ".*", "/x/?")


@cache
def paths() -> SearchStrategy[Json]:
    return strings(("/", *PATHS), PATH_REGEXES)


@cache
def texts() -> SearchStrategy[Json]:
    """A condition on a text; an empty one is on presence."""
    return strings(VALUES, REGEXES) | st.just({})


@cache
def conditions() -> SearchStrategy[Json]:
    optional: dict[str, SearchStrategy[Any]] = {
        "headers": st.dictionaries(
            st.sampled_from(("end-user", "x-two", "x-forwarded-proto")), texts(), min_size=1, max_size=2
        ),
        "withoutHeaders": st.dictionaries(
            st.sampled_from(("end-user", "x-no")), texts(), min_size=1, max_size=2
        ),
        "queryParams": st.dictionaries(st.sampled_from(("q", "r")), texts(), min_size=1, max_size=2),
        "method": strings(("GET", "POST", "P"), ("P.*", "(?i)get")),
        "scheme": strings(("http", "https"), ("http.?",)),
        "authority": strings(
            ("a", "a:9080", "ext", "b.default", "A"), (r".*:\d+", "[ab]", r"ext\.example\.com")
        ),
        **sources(),
    }
    uri = st.one_of(
        st.just({}),
        st.builds(
            lambda one, case: {"uri": one, **case},
            paths(),
            st.sampled_from(({}, {}, {"ignoreUriCase": True})),
        ),
    )
    return st.builds(lambda one, two: one | two, uri, some(optional)).filter(bool)
