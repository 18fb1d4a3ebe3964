"""Whether a trace of the simulator, or an answer of the real Envoy, is what a line expects."""

from collections.abc import Callable, Iterable, Iterator

from lateen.simulate.trace import Outcome, Trace
from lateen.twin.caller import Answer
from lateen.twin.envoy import Loaded
from lateen.twin.runnable import FLAGS
from support.golden_lines import Expected, Line, nanoseconds

PASSTHROUGH = frozenset({"PassthroughCluster", "InboundPassthroughCluster", "InboundPassthroughClusterIpv4"})
BLACK_HOLE = "BlackHoleCluster"
ENDS = frozenset({"cluster", "passthrough", "blocked", "reset", "redirect", "status", "abort"})
TOLERANCE = 0.01  # per cent


def is_blocked(outcome: Outcome) -> bool:
    """Tell whether the mesh refuses: a black hole, or the 502 for what is not in the registry."""
    return outcome.cluster == BLACK_HOLE or (outcome.status == 502 and outcome.virtual_host == "block_all")


def end_of(outcome: Outcome) -> str:
    """Name what an outcome is, in the words of expectations."""
    if outcome.flag == "FI":
        return "abort"
    if is_blocked(outcome):
        return "blocked"
    if outcome.kind == "cluster":
        return "passthrough" if outcome.cluster in PASSTHROUGH else "cluster"
    return "status" if outcome.kind == "response" else outcome.kind


def simulator_mismatches(line: Line, trace: Trace) -> Iterator[str]:
    """Yield how a trace differs from what a line expects."""
    ends = [one for one in line.expected if one.kind in ENDS]
    for outcome in trace.outcomes:
        if ends and not any(_is_end(one, outcome) for one in ends):
            yield f"it may also end in {_told(outcome)}"
    for one in line.expected:
        if one.kind in ENDS:
            yield from _end(one, trace.outcomes)
        else:
            yield from _ATTRIBUTES[one.kind](one, trace.outcomes)


def _told(outcome: Outcome) -> str:
    words = (end_of(outcome), outcome.cluster, str(outcome.status or ""), outcome.flag, outcome.location)
    return " ".join(word for word in words if word) + f" ({outcome.probability:.0%})"


def _is_end(one: Expected, outcome: Outcome) -> bool:
    end = end_of(outcome)
    if one.kind == "reset" and end == "blocked":
        return outcome.kind == "reset"
    if one.kind == "status" and end == "blocked":
        return outcome.status == one.number
    if one.kind == "cluster" and outcome.kind == "cluster":
        return outcome.cluster == one.value
    if one.kind != end:
        return False
    if end == "status":
        flagged = not one.name or outcome.flag.lower() == one.name
        return outcome.status == one.number and flagged and (not one.value or outcome.body == one.value)
    if end == "redirect":
        return outcome.status == one.number and outcome.location == one.value
    if end == "abort":
        return one.value in (str(outcome.status), f"grpc {outcome.grpc_status}")
    return True


def _end(one: Expected, outcomes: Iterable[Outcome]) -> Iterator[str]:
    found = [outcome for outcome in outcomes if _is_end(one, outcome)]
    if not found:
        yield f"it never ends in {one.kind} {one.value or one.number or ''}"
        return
    if one.number is None or one.kind not in ("cluster", "abort"):
        return
    of = [outcome for outcome in outcomes if outcome.kind == "cluster"] if one.kind == "cluster" else outcomes
    share = 100 * sum(outcome.probability for outcome in found) / sum(outcome.probability for outcome in of)
    if abs(share - one.number) > TOLERANCE:
        yield f"{one.value} has a share of {share:g} %, expected {one.number:g} %"


Test = Callable[[Expected, Iterable[Outcome]], Iterator[str]]


def _sent(test: Callable[[Expected, Outcome], object]) -> Test:
    """Every outcome that goes upstream passes the test; `test` returns what it found when that is wrong."""

    def judged(one: Expected, outcomes: Iterable[Outcome]) -> Iterator[str]:
        sent = [outcome for outcome in outcomes if outcome.kind == "cluster"]
        if not sent and not one.kind.startswith("no "):
            yield f"{one.kind}: nothing is sent upstream"
        for outcome in sent:
            if (found := test(one, outcome)) is not None:
                yield f"{one.kind} {one.name} is {found!r}, expected {one.value or one.number!r}"

    return judged


def _returned(test: Callable[[Expected, Outcome], object]) -> Test:
    def judged(one: Expected, outcomes: Iterable[Outcome]) -> Iterator[str]:
        for outcome in outcomes:
            if end_of(outcome) not in ("abort", "reset") and (found := test(one, outcome)) is not None:
                yield f"{one.kind} {one.name} is {found!r}, expected {one.value!r}"

    return judged


def _other(found: object, wanted: object) -> object:
    """Return what was found when it is not what was wanted."""
    return None if found == wanted else (found if found is not None else "none")


def _joined(pairs: Iterable[tuple[str, str]], name: str) -> str | None:
    values = [value for key, value in pairs if key.lower() == name]
    return ",".join(values) if values else None


def _delay(one: Expected, outcomes: Iterable[Outcome]) -> Iterator[str]:
    wanted = (nanoseconds(one.value), (100.0 if one.number is None else one.number))
    for outcome in outcomes:
        found = (outcome.delay.nanoseconds, round(outcome.delay.share * 100, 4)) if outcome.delay else None
        if end_of(outcome) in ("abort", "cluster", "passthrough") and found != wanted:
            yield f"the delay is {found}, expected {wanted}"


def _mirror(one: Expected, outcome: Outcome) -> object:
    found = {mirror.cluster: mirror.share * 100 for mirror in outcome.mirrors}
    return _other(found.get(one.value), 100.0 if one.number is None else one.number)


def _retries(one: Expected, outcome: Outcome) -> object:
    return _other(outcome.retry.attempts if outcome.retry and outcome.retry.on else 0, int(one.number or 0))


def _per_try(one: Expected, outcome: Outcome) -> object:
    return _other(outcome.retry.per_try_timeout if outcome.retry else None, nanoseconds(one.value))


def _endpoints(one: Expected, outcome: Outcome) -> object:
    return _other(sorted(target.address for target in outcome.endpoints), sorted(one.value.split()))


def _no_response_header(one: Expected, outcome: Outcome) -> object:
    return _joined(outcome.response_headers, one.name)


def _no_abort(_: Expected, outcomes: Iterable[Outcome]) -> Iterator[str]:
    if any(end_of(outcome) == "abort" for outcome in outcomes):
        yield "it may be aborted"


_ATTRIBUTES: dict[str, Test] = {
    "path": _sent(lambda one, outcome: _other(outcome.path, one.value)),
    "host": _sent(lambda one, outcome: _other(outcome.authority, one.value)),
    "header": _sent(lambda one, outcome: _other(_joined(outcome.request_headers, one.name), one.value)),
    "no header": _sent(lambda one, outcome: _joined(outcome.request_headers, one.name)),
    "response header": _returned(
        lambda one, outcome: _other(_joined(outcome.response_headers, one.name), one.value)
    ),
    "no response header": _returned(_no_response_header),
    "timeout": _sent(lambda one, outcome: _other(outcome.timeout, nanoseconds(one.value))),
    "no timeout": _sent(lambda _, outcome: _other(outcome.timeout, 0)),
    "per try": _sent(_per_try),
    "retries": _sent(_retries),
    "delay": _delay,
    "no delay": _sent(lambda _, outcome: outcome.delay),
    "no abort": _no_abort,
    "mirror": _sent(_mirror),
    "no mirror": _sent(lambda _, outcome: outcome.mirrors or None),
    "route": _returned(lambda one, outcome: _other(outcome.route, one.value)),
    "vhost": _returned(lambda one, outcome: _other(outcome.virtual_host, one.value)),
    "endpoints": _sent(_endpoints),
}


def envoy_mismatches(line: Line, answer: Answer, loaded: Loaded) -> Iterator[str]:
    """Yield how the real Envoy's answer differs from what a line expects (what one answer can show)."""
    ends = [one for one in line.expected if one.kind in ENDS]
    if ends and not any(_answers(one, answer, loaded) for one in ends):
        target = loaded.target(answer)
        went = (
            f"sent to {target.cluster}"
            if target
            else f"{answer.status} {answer.header(FLAGS)} {answer.header('location') or ''}"
        )
        yield f"Envoy: {went}"
    for one in line.expected:
        test = _SEEN.get(one.kind)
        if test is not None and answer.upstream:
            found = test(one, answer)
            if found is not None:
                yield f"Envoy: {one.kind} {one.name} is {found!r}, expected {one.value!r}"


def _answers(one: Expected, answer: Answer, loaded: Loaded) -> bool:
    target = loaded.target(answer)
    if one.kind == "cluster":
        return target is not None and target.cluster == one.value
    if one.kind == "passthrough":
        return target is not None and target.cluster in PASSTHROUGH
    if target is not None:
        return False
    if one.kind == "reset":
        return answer.status == 0
    if one.kind == "blocked":
        return answer.status in (0, 502, 503)
    if one.kind == "redirect":
        return answer.status == one.number and answer.header("location") == one.value
    if one.kind == "abort":
        return one.value in (str(answer.status), f"grpc {answer.header('grpc-status')}")
    flags = (answer.header(FLAGS) or "").lower().split(",")
    bodied = not one.value or answer.body == one.value
    return answer.status == one.number and (not one.name or one.name in flags) and bodied


_SEEN: dict[str, Callable[[Expected, Answer], object]] = {
    "path": lambda one, answer: _other(answer.seen_path, one.value),
    "host": lambda one, answer: _other(answer.seen("host"), one.value),
    "header": lambda one, answer: _other(answer.seen(one.name), one.value),
    "no header": lambda one, answer: answer.seen(one.name),
    "response header": lambda one, answer: _other(answer.header(one.name), one.value),
    "no response header": lambda one, answer: answer.header(one.name),
}
