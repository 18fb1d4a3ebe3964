"""`lateen diff --prove`: what Envoy does with the examples, on both sides, and that a wrong prediction is found out."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from lateen.differences.comparison import Report, report
from lateen.sources.memory import from_text
from lateen.twin import proof
from support.reviews import RATINGS, REVIEWS, SUBSETS, documents

pytestmark = pytest.mark.envoy

RULES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - RULE
"""
MESH = documents(REVIEWS, RATINGS, SUBSETS, RULES)
V1 = "route: [{destination: {host: reviews, subset: v1}}]"


def proved(before: str, after: str) -> tuple[Report, tuple[proof.Proof, ...]]:
    old, new = (from_text(MESH.replace("RULE", rule)) for rule in (before, after))
    found = report(old, new)
    return found, proof.prove(found, old, new).proofs


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        (V1, V1.replace("v1", "v2"), ("9080 v1", "9080 v2")),
        (V1, "redirect: {uri: /new}", ("9080 v1", "301 to http://reviews:9080/new")),
        (V1, "directResponse: {status: 418}", ("9080 v1", "418")),
        (V1, "{rewrite: {uri: /v2}, " + V1 + "}", ("reviews:9080/", "reviews:9080/v2")),
        (V1, "{rewrite: {authority: other}, " + V1 + "}", ("as reviews:9080/", "as other/")),
        (V1, "{timeout: 3s, " + V1 + "}", ("limit in ms none", "limit in ms 3000")),
        (V1, "{mirror: {host: ratings}, " + V1 + "}", ("copies to none", "copies to ratings")),
        (
            "{retries: {attempts: 1, retryOn: 5xx}, " + V1 + "}",
            "{retries: {attempts: 3, retryOn: 5xx}, " + V1 + "}",
            ("answered 503 2", "answered 503 4"),
        ),
        (V1, "{fault: {abort: {httpStatus: 400, percentage: {value: 50}}}, " + V1 + "}", ("v1", "400 FI")),
    ],
)  # fmt: skip
def test_a_change_is_seen_on_envoy(before: str, after: str, seen: tuple[str, str]) -> None:
    found, (one,) = proved(before, after)
    assert (len(found.seen), one.verdict, one.problems) == (1, "proved", ())
    assert seen[0] in one.before
    assert seen[1] in one.after


def test_an_example_in_http2_is_tried() -> None:
    old, new = (from_text(MESH.replace("RULE", rule)) for rule in (V1, "redirect: {uri: /new}"))
    found = report(old, new)
    (seen,) = found.seen
    assert seen.change.request is not None
    spoken = msgspec.structs.replace(
        seen.change,
        connection=msgspec.structs.replace(seen.change.connection, payload="http2"),
        request=msgspec.structs.replace(seen.change.request, protocol="HTTP/2"),
    )
    found = msgspec.structs.replace(found, seen=(msgspec.structs.replace(seen, change=spoken),))
    (one,) = proof.prove(found, old, new).proofs
    assert (one.verdict, one.problems) == ("proved", ())
    assert "301 to http://reviews:9080/new" in one.after


def test_what_no_answer_shows_is_not_called_proved() -> None:
    cors = "{corsPolicy: {allowOrigins: [{exact: 'http://a'}]}, " + V1 + "}"
    _, (one,) = proved(V1, cors)
    assert (one.verdict, one.problems) == ("not tried", ("answers do not show it: cors",))


def test_a_wrong_prediction_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    simulate = proof.simulate

    def wrong(*arguments: Any) -> Any:
        trace = simulate(*arguments)
        other = (msgspec.structs.replace(one, path="/wrong") for one in trace.outcomes)
        return msgspec.structs.replace(trace, outcomes=tuple(other))

    monkeypatch.setattr(proof, "simulate", wrong)
    _, (one,) = proved(V1, V1.replace("v1", "v2"))
    assert one.verdict == "not proved"
    assert one.problems == (
        "before: predicted path '/wrong', upstream saw '/'",
        "after: predicted path '/wrong', upstream saw '/'",
    )


def test_exit_codes_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from lateen.cli.diff import told

    old, new = (from_text(MESH.replace("RULE", rule)) for rule in (V1, V1.replace("v1", "v2")))
    assert told(old, new, "json", prove=True) == 1
    (change,) = msgspec.json.decode(capsys.readouterr().out)["changes"]
    assert change["proof"]["verdict"] == "proved"
    disagreeing = (proof.Proof("not proved", "a", "b", ("after: Envoy says no",)),)
    monkeypatch.setattr(proof, "prove", lambda found, *_: msgspec.structs.replace(found, proofs=disagreeing))
    assert told(old, new, "text", prove=True) == 2
    assert "after: Envoy says no" in capsys.readouterr().out
