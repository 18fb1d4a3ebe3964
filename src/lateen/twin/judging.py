"""What Envoy was seen to do against what is expected: one function for each word of an expectation."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import re2
from envoy.config.route.v3.route_components_pb2 import Route

from lateen.expectations.engine import Detail, Parts, Unjudged, differing
from lateen.simulate.algebra.effects import called
from lateen.simulate.choices import nanoseconds
from lateen.simulate.conditions import probability
from lateen.translate.names import parse_cluster
from lateen.twin import trial
from lateen.twin.backend import Behaviour
from lateen.twin.observed import Observed, wanted_shares
from lateen.twin.runnable import FLAGS

_ENVOY_OWN = (
    "x-forwarded-",
    "x-request-id",
    "x-envoy-",
    "connection",
    "grpc-timeout",
    "content-length",
    "host",
    "transfer-encoding",
)
Words = Iterator[str]


def judged(observed: Observed, otherwise: "Mapping[str, Judge] | None" = None) -> Parts:
    """Return what is not as expected, and what cannot be told; `otherwise` has other judges of some words of a rule."""
    judges = {**_RULE, **(otherwise or {})}
    expect = observed.question.case.expect
    return {word: list(_of(observed, word, wanted, judges)) for word, wanted in expect.items()}


def _of(observed: Observed, word: str, wanted: Any, judges: "Mapping[str, Judge]") -> Words:
    rule = observed.question.rule
    if word in _OUTCOME:
        yield from differing(word, wanted, _OUTCOME[word](observed))
    elif word not in judges:
        yield Unjudged(f"{word}: no answer shows it")
    elif observed.request is None and word != "route":
        yield Unjudged(f"{word}: a connection has no request")
    elif rule is not None:
        yield from judges[word](observed, wanted, rule)


_OUTCOME: Mapping[str, Callable[[Observed], object]] = {
    "status": lambda seen: seen.status,
    "path": lambda seen: seen.usual.seen_path,
    "authority": lambda seen: seen.usual.seen("host") or "",
    "location": lambda seen: seen.usual.header("location") or "",
}


def _route(seen: Observed, wanted: Any, rule: Route) -> Words:
    answers = [one for one in seen.answers if "FI" not in (one.header(FLAGS) or "").split(",")]
    if not answers:
        yield Unjudged("route: every request is answered by a fault")
        return
    counted = trial.spread(answers, seen.loaded)
    expected = wanted_shares(rule)
    for name, number in counted.items():
        if name not in expected:
            yield f"route: {number} of {len(answers)} requests went to {_called(name)}"
    for name, share in expected.items():
        if not trial.by_chance(counted[name], share, len(answers)):
            yield f"route: {share:.0%} should go to {_called(name)}, {counted[name]} of {len(answers)} did"
    if isinstance(wanted, list) and any(isinstance(one, Mapping) and one.get("headers") for one in wanted):
        yield Detail("route: headers of single destinations")


def _called(name: str) -> str:
    return called(name) if parse_cluster(name) else f"nobody ({name})"


def _redirect(seen: Observed, wanted: Any, rule: Route) -> Words:
    status = {0: 301, 1: 302, 2: 303, 3: 307, 4: 308}[rule.redirect.response_code]
    location = seen.usual.header("location")
    if seen.usual.upstream or seen.usual.status != status or location is None:
        yield f"redirect: should be {status}, is {trial.ending(seen.usual, seen.loaded)}"
        return
    found = urlsplit(location)
    parts = {"uri": found.path, "authority": found.netloc, "scheme": found.scheme, "port": found.port}
    for word, value in wanted.items():
        if word == "derivePort" or "%PREFIX()%" in str(value):
            yield Detail(f"redirect: {word} {value}")
        elif word in parts and parts[word] != value and not (word == "authority" and found.hostname == value):
            yield f"redirect: {word} should be {value!r}, is {parts[word]!r} in {location}"


def _direct(seen: Observed, wanted: Any, rule: Route) -> Words:
    answer, expected = seen.usual, rule.direct_response
    if answer.upstream or answer.status != expected.status:
        yield f"directResponse: should be {expected.status}, is {trial.ending(answer, seen.loaded)}"
    elif isinstance(wanted, Mapping) and "body" in wanted and answer.body != expected.body.inline_string:
        yield f"directResponse: body should be {expected.body.inline_string!r}, is {answer.body!r}"


def _rewrite(seen: Observed, wanted: Any, rule: Route) -> Words:
    if not seen.forwarded or seen.request is None:
        yield f"rewrite: no upstream got the request: {trial.ending(seen.usual, seen.loaded)}"
        return
    answer, action = seen.forwarded[0], rule.route
    sent, got = seen.request.path.partition("?")[0], answer.seen_path.partition("?")[0]
    if action.host_rewrite_literal and answer.seen("host") != action.host_rewrite_literal:
        yield f"rewrite: authority should be {action.host_rewrite_literal!r}, is {answer.seen('host')!r}"
    prefix = wanted.get("uri") if isinstance(wanted, Mapping) else None
    if prefix and not (got.startswith(prefix) and sent.endswith(got.removeprefix(prefix))):
        yield f"rewrite: the path should become {prefix}…, is {got!r}"
    regex = action.regex_rewrite
    if regex.pattern.regex and "uriRegexRewrite" in wanted:
        expected = re2.sub(regex.pattern.regex, regex.substitution, sent)  # type: ignore[no-untyped-call]
        if got != expected:
            yield f"rewrite: the path should be {expected!r}, is {got!r}"


def _timeout(seen: Observed, wanted: Any, rule: Route) -> Words:
    if not seen.forwarded:
        yield f"timeout: no upstream got the request: {trial.ending(seen.usual, seen.loaded)}"
        return
    told = trial.limit_told(seen.forwarded[0])
    expected = nanoseconds(rule.route.timeout) // 1_000_000
    if told != (str(expected) if expected else ""):
        shorter = told and (not expected or int(told) < expected)
        if (
            shorter
            and seen.question.trace.outcome.retry
            and seen.question.trace.outcome.retry.per_try_timeout
        ):
            yield Unjudged(f"timeout: the limit of a try, {told} ms, is shorter and hides it")
        else:
            yield f"timeout: should be {wanted}, Envoy waits {f'{told} ms' if told else 'for ever'}"


def _retries(seen: Observed, _: Any, rule: Route) -> Words:
    policy, request = rule.route.retry_policy, seen.request
    if not seen.forwarded or request is None:
        yield f"retries: no upstream got the request: {trial.ending(seen.usual, seen.loaded)}"
        return
    number = policy.num_retries.value if rule.route.HasField("retry_policy") else 0
    failing = trial.failures(policy.retry_on, policy.retriable_status_codes) if number else [Behaviour(0)]
    if number > trial.MOST_TRIES or not failing:
        why = (
            f"more than {trial.MOST_TRIES} are not counted"
            if failing
            else f"no failure of a backend shows {policy.retry_on}"
        )
        yield Unjudged(f"retries: {why}")
        return
    for failure in failing:
        times = trial.attempts(seen.twin, seen.connection, request, failure)
        if times != number + 1:
            how = f"with status {failure.status}" if failure.status else "by closing the connection"
            yield f"retries: {number} should follow a failure {how}, there were {max(times - 1, 0)}"
    limit = nanoseconds(policy.per_try_timeout) // 1_000_000
    told = trial.limit_told(seen.forwarded[0])
    if limit and told != str(limit):
        yield f"retries: perTryTimeout should be {limit} ms, Envoy waits {f'{told} ms' if told else 'for ever'}"


def _fault(seen: Observed, wanted: Any, _: Route) -> Words:
    abort, delay = wanted.get("abort"), wanted.get("delay")
    if abort is not None:
        yield from _counted(seen, "abort", abort, seen.flagged["FI"])
        statuses = {one.status for one in seen.answers if "FI" in (one.header(FLAGS) or "")}
        if "httpStatus" in abort and statuses - {abort["httpStatus"]}:
            yield f"fault.abort: status should be {abort['httpStatus']}, is {min(statuses)}"
    elif seen.flagged["FI"]:
        yield f"fault: {seen.flagged['FI']} of {len(seen.answers)} requests were aborted"
    if delay is not None:
        yield from _counted(seen, "delay", delay, seen.flagged["DI"])
        yield Detail("fault.delay: its length (delays are shortened)")


def _counted(seen: Observed, word: str, wanted: Mapping[str, Any], number: int) -> Words:
    given = wanted.get("percentage")
    share = float(given.get("value", 0)) / 100 if isinstance(given, Mapping) else 1.0
    if not trial.by_chance(number, share, len(seen.answers)):
        yield f"fault.{word}: {share:.0%} of the requests should have it, {number} of {len(seen.answers)} had"


def _mirrors(seen: Observed, _: Any, rule: Route) -> Words:
    policies = rule.route.request_mirror_policies
    if seen.request is None:
        return
    partial = [one for one in policies if probability(one) < 1]
    expected = Counter(one.cluster for one in policies if probability(one) == 1)
    found = trial.copies(seen.twin, seen.connection, seen.request, sum(expected.values()))
    got = Counter(found.clusters)
    for policy in partial:
        del got[policy.cluster]
        yield Detail(f"mirror: the share of {_called(policy.cluster)}")
    for name, number in (expected - got).items():
        yield f"mirror: {number} copies for {_called(name)} are missing"
    for name in got - expected:
        yield f"mirror: {_called(name)} gets copies"


def _headers(seen: Observed, wanted: Any, _: Route) -> Words:
    if not seen.forwarded or seen.request is None:
        yield f"headers: no upstream got the request: {trial.ending(seen.usual, seen.loaded)}"
        return
    answer = seen.forwarded[0]
    sent = dict(seen.request.headers)
    got = {name: answer.seen(name) for name, _ in answer.seen_headers}
    yield from compared("request", wanted.get("request") or {}, sent, got)
    told = {name: answer.header(name) for name, _ in answer.headers}
    operations = wanted.get("response") or {}
    yield from compared(
        "response", {k: v for k, v in operations.items() if k != "remove"}, {}, told, whole=False
    )
    if operations.get("remove"):
        yield from _removed(seen, [str(one) for one in operations["remove"]])


def compared(
    side: str,
    operations: Mapping[str, Any],
    sent: Mapping[str, str],
    got: Mapping[str, str | None],
    *,
    whole: bool = True,
) -> Words:
    """Compare headers after operations; with `whole`, no other header may have changed."""
    expected: dict[str, str | None] = dict(sent)
    for name in operations.get("remove") or ():
        expected[name.lower()] = None
        if name.lower() not in sent:
            yield Detail(f"headers.{side}: the request has no {name} that could be removed")
    for word in ("set", "add"):
        for name, value in (operations.get(word) or {}).items():
            if "%" in str(value):
                yield Detail(f"headers.{side}: {name} is computed: {value}")
                expected[name.lower()] = got.get(name.lower())
            else:
                before = expected.get(name.lower()) if word == "add" else None
                expected[name.lower()] = f"{before},{value}" if before else str(value)
    names = {*expected, *(name for name in got if whole and not name.startswith(_ENVOY_OWN))}
    for name in sorted(names - {"host"}):
        if expected.get(name) != got.get(name):
            yield f"headers.{side}: {name} should be {expected.get(name)!r}, is {got.get(name)!r}"


def _removed(seen: Observed, names: list[str]) -> Words:
    assert seen.request is not None
    backend = seen.twin.backend
    backend.behaviour = Behaviour(200, tuple((name, "to-be-removed") for name in names))
    try:
        answer = seen.twin.ask(seen.connection, seen.request)
    finally:
        backend.behaviour = Behaviour()
    for name in names:
        if (answer.header(name) or "").endswith("to-be-removed"):
            yield f"headers.response: {name} should be removed, is there"


Judge = Callable[[Observed, Any, Route], Words]
_RULE: Mapping[str, Judge] = {
    "route": _route,
    "redirect": _redirect,
    "directResponse": _direct,
    "rewrite": _rewrite,
    "timeout": _timeout,
    "retries": _retries,
    "fault": _fault,
    "headers": _headers,
    "mirror": _mirrors,
    "mirrors": _mirrors,
}
