"""HTTP rules of VirtualServices: conditions, and everything that may be done with a request."""

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.destinations import destinations, splits
from strategies.http_matches import conditions
from strategies.words import NAMESPACES, VALUES, Json, flagged, some, strings

NAMES = ("x-set", "end-user", "x-two", "X-Upper")
SUBSTITUTED = (
    "1", "%REQ(end-user)%", "%REQ(x-none?x-two)%", "100%%", "%REQ(:path)%", "%PROTOCOL%", "a %REQ(:authority)%",
    "%ROUTE_NAME%", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "%REQUESTED_SERVER_NAME%",
    "%DOWNSTREAM_LOCAL_PORT%", "%UPSTREAM_CLUSTER_RAW%",
)  # fmt: skip
"""Values of headers, some of which Envoy fills in."""
REMOVED = ("end-user", "x-two", "x-from-backend")
PERCENTAGES = ({}, {"percentage": {"value": 100}}, {"percentage": {"value": 50}}, {"percentage": {"value": 0.5}},
               {"percentage": {"value": 0}})  # fmt: skip


@cache
def headers() -> SearchStrategy[Json]:
    def operations(special: tuple[str, ...]) -> SearchStrategy[Json]:
        values = st.sampled_from(SUBSTITUTED)
        return flagged(
            set=st.dictionaries(st.sampled_from((*NAMES, *special)), values, min_size=1, max_size=2),
            add=st.dictionaries(st.sampled_from(NAMES), values, min_size=1, max_size=2),
            remove=st.lists(st.sampled_from(REMOVED), min_size=1, max_size=2, unique=True),
        )

    return flagged(request=operations(("Host",)), response=operations(()))


@cache
def faults() -> SearchStrategy[Json]:
    share = st.sampled_from(PERCENTAGES)
    status = st.sampled_from(({"httpStatus": 500}, {"httpStatus": 418}, {"grpcStatus": "UNAVAILABLE"}))
    abort = st.builds(lambda one, part: one | part, status, share)
    delay = share.map(lambda part: {"fixedDelay": "1s", **part})
    return flagged(abort=abort, delay=delay).filter(bool)


@cache
def cors() -> SearchStrategy[Json]:
    origins = st.lists(
        strings(("http://o", "http://other"), (r"http://o.*", r".*\.com")), min_size=1, max_size=2
    )
    more = flagged(
        allowMethods=st.just(["GET", "POST"]), allowHeaders=st.just(["x-a"]), exposeHeaders=st.just(["x-b", "x-c"]),
        maxAge=st.just("60s"), allowCredentials=st.booleans(),
        unmatchedPreflights=st.sampled_from(("UNSPECIFIED", "FORWARD", "IGNORE")),
    )  # fmt: skip
    return st.builds(lambda one, two: {"allowOrigins": one, **two}, origins, more)


@cache
def rewrites() -> SearchStrategy[Json]:
    regex = st.sampled_from((("^/x", "/new"), ("x+", "0"), (r"/([^/]+)/(.*)", r"/\2/\1"), ("y", "z")))
    return st.one_of(
        st.sampled_from(("/", "/new", "/new/")).map(lambda one: {"uri": one}),
        st.sampled_from(("new.example.com", "new:8080")).map(lambda one: {"authority": one}),
        st.just({"uri": "/new", "authority": "new.example.com"}),
        regex.map(lambda pair: {"uriRegexRewrite": {"match": pair[0], "rewrite": pair[1]}}),
    )


@cache
def retries() -> SearchStrategy[Json]:
    return st.sampled_from((
        {"attempts": 0}, {"attempts": 3, "perTryTimeout": "1s", "retryOn": "5xx"}, {"attempts": 1, "retryOn": "gateway-error,503"},
        {"attempts": 2, "retryRemoteLocalities": True, "retryIgnorePreviousHosts": False, "backoff": "10ms"},
    ))  # fmt: skip


@cache
def _mirrors() -> SearchStrategy[list[Json]]:
    one = st.builds(
        lambda to, share: {"destination": to, **share}, destinations(), st.sampled_from(PERCENTAGES)
    )
    return st.lists(one, min_size=1, max_size=2)


@cache
def _policies() -> SearchStrategy[Json]:
    optional: dict[str, SearchStrategy[Any]] = {
        "timeout": st.sampled_from(("1ms", "2s", "500ms", "1h0m1.5s")),
        "retries": retries(), "rewrite": rewrites(), "fault": faults(), "headers": headers(), "corsPolicy": cors(),
        "mirrors": _mirrors(),
    }  # fmt: skip
    mirror = st.builds(
        lambda to, share: {"mirror": to, **share}, destinations(),
        st.sampled_from(({}, {"mirrorPercentage": {"value": 50}}, {"mirrorPercent": 0})),
    )  # fmt: skip
    found = some(optional) | some(optional)
    return st.builds(lambda one, two: one if "mirrors" in one else one | two, found, st.just({}) | mirror)


@cache
def forwards() -> SearchStrategy[Json]:
    route = splits(st.just({}) | headers().map(lambda one: {"headers": one}))
    return st.builds(lambda to, more: {"route": to, **more}, route, _policies())


@cache
def redirects() -> SearchStrategy[Json]:
    port = st.sampled_from(
        (
            {},
            {"port": 8443},
            {"port": 80},
            {"derivePort": "FROM_PROTOCOL_DEFAULT"},
            {"derivePort": "FROM_REQUEST_PORT"},
        )
    )
    optional: dict[str, SearchStrategy[Any]] = {
        "uri": st.sampled_from(("/there", "/there?with=query")), "authority": st.just("other.example.com"),
        "scheme": st.sampled_from(("http", "https")), "redirectCode": st.sampled_from((301, 302, 303, 307, 308)),
    }  # fmt: skip
    found = st.builds(lambda one, two: one | two, flagged(**optional), port)
    return found.filter(lambda one: set(one) - {"redirectCode"}).map(lambda one: {"redirect": one})


@cache
def answers() -> SearchStrategy[Json]:
    body = st.sampled_from(({}, {"body": {"string": "no"}}, {"body": {"bytes": "bm8="}}))
    return st.builds(
        lambda status, more, extra: {"directResponse": {"status": status, **more}, **extra},
        st.sampled_from((200, 403, 503)), body, st.just({}) | headers().map(lambda one: {"headers": one}),
    )  # fmt: skip


@cache
def _matched() -> SearchStrategy[Json]:
    return st.lists(conditions(), max_size=2).map(lambda found: {"match": found} if found else {})


@cache
def rules(*, delegate: bool) -> SearchStrategy[list[Json]]:
    """HTTP rules, some of which delegate if they may."""
    to = st.builds(
        lambda name, more: {"delegate": {"name": name, **more}}, st.sampled_from(("d1", "d2", "gone")),
        flagged(namespace=st.sampled_from(NAMESPACES)),
    )  # fmt: skip
    rare = st.one_of(redirects(), answers(), *((to,) if delegate else ()))
    action = st.one_of(forwards(), forwards(), forwards(), rare)
    named = st.builds(
        lambda match, one, name: match | one | name, _matched(), action,
        st.sampled_from(({}, {"name": "first"}, {"name": "second"})),
    )  # fmt: skip
    return st.lists(named, min_size=1, max_size=4)


__all__ = ["VALUES", "rules"]
