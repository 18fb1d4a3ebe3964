"""What a running mesh was seen to do against what is expected: answers, and what the proxies' access logs say of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from envoy.config.route.v3.route_components_pb2 import Route

from lateen.expectations.engine import Detail, Parts, Question, Unjudged, differing
from lateen.simulate.request import Headers
from lateen.twin.caller import Answer
from lateen.twin.judging import Judge, Words, compared, judged
from lateen.twin.observed import ONCE, Observed, is_random
from lateen.twin.runnable import FLAGS, Target

SAMPLE = 100
"""Requests that are sent where shares are to be seen: they are real."""
_TELLS_UPSTREAM = "x-envoy-upstream-service-time"
_SEEN_BY_UPSTREAM = ("path", "authority", "rewrite")
_UNTOLD = ("timeout", "retries", "mirror", "mirrors")


class Logged(msgspec.Struct, frozen=True):
    """What logs say of one request: that of the proxy that sent it, and that of the one that received it."""

    cluster: str = ""
    """Empty: the proxy answered by itself."""
    flags: str = "-"
    seen_path: str = ""
    """As the upstream saw it; empty when no proxy stands before the upstream."""
    seen_authority: str = ""


class Received(msgspec.Struct, frozen=True):
    """An answer of a running mesh."""

    status: int
    headers: Headers
    body: str
    logged: Logged | None
    """None: the proxy writes no access log, or not in a form that is known."""


def times(question: Question) -> int:
    """Return how many requests to send."""
    return SAMPLE if is_random(question) else ONCE


def judge(question: Question, received: Sequence[Received]) -> Parts:
    """Compare what happened with what is expected."""
    if any(one.logged is None for one in received):
        return _without_logs(question, received)
    found = judged(
        _Live(question, received), {**{word: _untold(word) for word in _UNTOLD}, "headers": _headers}
    )
    unseen = any(one.logged and one.logged.cluster and not one.logged.seen_path for one in received)
    for word in _SEEN_BY_UPSTREAM if unseen else ():
        if word in found:
            found[word] = [Unjudged(f"{word}: no proxy before the upstream says what arrived")]
    return found


class _Live(Observed):
    """Answers that are there already."""

    def __init__(self, question: Question, received: Sequence[Received]) -> None:
        super().__init__(question, _Clusters())
        self.answers = [_answer(one) for one in received]


class _Clusters:
    """The upstream of a live answer is its cluster."""

    def target(self, answer: Answer) -> Target | None:
        return Target(answer.upstream, "") if answer.upstream else None


def _answer(one: Received) -> Answer:
    logged = one.logged or Logged()
    seen = (("host", logged.seen_authority),) if logged.seen_authority else ()
    return Answer(
        status=one.status,
        headers=(*one.headers, (FLAGS, logged.flags)),
        body=one.body,
        upstream=logged.cluster,
        seen_path=logged.seen_path,
        seen_headers=seen,
    )


def _untold(word: str) -> Judge:
    def judge_nothing(*_: Any) -> Words:
        yield Unjudged(f"{word}: live traffic does not show it")

    return judge_nothing


def _headers(seen: Observed, wanted: Mapping[str, Any], _: Route) -> Words:
    operations = wanted.get("response") or {}
    rest = {key: value for key, value in operations.items() if key != "remove"}
    kind = Detail if rest else Unjudged
    if wanted.get("request"):
        yield kind("headers.request: the application alone sees them")
    if operations.get("remove"):
        yield kind("headers.response: what is removed is not known")
    told = {name: seen.usual.header(name) for name, _ in seen.usual.headers}
    yield from compared("response", rest, {}, told, whole=False)


def _without_logs(question: Question, received: Sequence[Received]) -> Parts:
    """Judge what the client alone sees; an upstream's answer is told by the header in which Envoy says how long it took."""
    expect = question.case.expect
    why = "no access log says who answered; set meshConfig accessLogFile: /dev/stdout"
    found: Parts = {word: [Unjudged(f"{word}: {why}")] for word in expect}
    first = received[0]
    headers = dict(first.headers)
    own = {
        "status": 0 if _TELLS_UPSTREAM in headers else first.status,
        "location": headers.get("location", ""),
    }
    for word, is_ in own.items():
        if word in expect:
            found[word] = differing(word, expect[word], is_)
    return found
