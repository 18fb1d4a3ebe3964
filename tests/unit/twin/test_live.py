"""What a running mesh's answers and logs say about an expectation: judged without a mesh, on answers written by hand."""

import pytest

from lateen.expectations.cases import separated
from lateen.expectations.engine import Parts, Question
from lateen.expectations.running import Result, Run
from lateen.sources.documents import Texts
from lateen.twin.live import Logged, Received, judge
from support.reviews import REVIEWS, documents

MESH = documents(
    REVIEWS,
    """
expectations:
- {name: it, from: app, request: GET http://reviews:9080/a, expect: {EXPECT}}
""",
)
CLUSTER = "outbound|9080||reviews.default.svc.cluster.local"
FORWARDED = Logged(CLUSTER, "-", "/b", "other")
TO_REVIEWS = "route: [{destination: {host: reviews}}]"


class Recorded:
    """Answers every question with the same."""

    name = "live"

    def __init__(self, *received: Received) -> None:
        self.received = received

    def judge(self, question: Question) -> Parts:
        return judge(question, self.received)


def tried(expect: str, *received: Received) -> Result:
    texts, cases = separated([("mesh.yaml", MESH.replace("EXPECT", expect))], "default")
    (result,) = Run(Texts().load(texts), cases, Recorded(*received)).results()
    return result


def received(status: int = 200, logged: Logged | None = FORWARDED, **headers: str) -> Received:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Received(status, pairs, "", logged)


@pytest.mark.parametrize(
    "expect",
    [TO_REVIEWS, "status: 0", "path: /b", "authority: other", "rewrite: {uri: /b, authority: other}", "headers: {response: {set: {x-a: '1'}}}"],
)  # fmt: skip
def test_what_the_logs_say_holds(expect: str) -> None:
    assert tried(expect, received(x_a="1")).passed


@pytest.mark.parametrize(
    ("expect", "words"),
    [("status: 404", "status should be 404, is 0 (a destination answers, not the proxy)"), ("path: /a", "path should be '/a', is '/b'"),
     ("route: [{destination: {host: ratings}}]", "1 of 1 requests went to reviews"),
     ("headers: {response: {set: {x-a: '2'}}}", "x-a should be '2', is '1'")],
)  # fmt: skip
def test_what_the_logs_contradict_fails(expect: str, words: str) -> None:
    assert words in "\n".join(tried(expect, received(x_a="1")).problems)


def test_an_answer_of_the_proxy_is_not_an_upstreams() -> None:
    own = received(503, Logged("", "UH"))
    assert tried("status: 503", own).passed
    assert "nobody (503 UH)" in "\n".join(tried(TO_REVIEWS, own).problems)


@pytest.mark.parametrize("expect", ["timeout: 1s", "retries: {attempts: 1}", "mirror: {host: reviews}"])
def test_what_live_traffic_does_not_show(expect: str) -> None:
    found = tried(expect, received())
    assert (found.passed, found.judged) == (False, False)
    assert found.unjudged == (f"{expect.partition(':')[0]}: live traffic does not show it",)


def test_without_a_log_the_status_alone_is_judged() -> None:
    upstream = received(404, None, x_envoy_upstream_service_time="3")
    assert tried("status: 0", upstream).passed
    assert tried("status: 404", received(404, None)).passed
    assert not tried("status: 404", upstream).passed
    assert "no access log says who answered" in tried(TO_REVIEWS, upstream).unjudged[0]


@pytest.mark.parametrize("expect", ["path: /b", "authority: other", "rewrite: {uri: /b}"])
def test_what_arrived_is_not_judged_where_no_proxy_says_it(expect: str) -> None:
    found = tried(expect, received(logged=Logged(CLUSTER)))
    assert (found.passed, found.problems) == (False, ())
    assert "no proxy before the upstream" in found.unjudged[0]
