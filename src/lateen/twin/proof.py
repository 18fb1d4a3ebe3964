"""The examples of a diff, sent through two real Envoys: one has what the old objects give, one what the new ones give."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec

from lateen.compile.dump import Dump
from lateen.differences.comparison import Report
from lateen.differences.proofs import Proof
from lateen.differences.sources import Client, clients
from lateen.engine import Database
from lateen.model.view import view_of
from lateen.simulate.algebra.change import Change
from lateen.simulate.algebra.effects import called
from lateen.simulate.configuration import Configuration
from lateen.simulate.simulation import simulate
from lateen.simulate.trace import Retry, Trace
from lateen.sources.load import Load
from lateen.sources.store import FILES, Store
from lateen.twin import trial
from lateen.twin.caller import Answer
from lateen.twin.comparison import differences
from lateen.twin.discovery import NackError
from lateen.twin.envoy import LiveEnvoy, Loaded, running
from lateen.twin.imagined import reachable
from lateen.twin.runnable import CLUSTER, ROUTE


class _Tried(msgspec.Struct, frozen=True):
    """What one Envoy did."""

    words: str
    shown: tuple[object, ...]
    """Everything observed, to be compared with the other side."""
    problems: tuple[str, ...]


def prove(found: Report, old: Load, new: Load) -> Report:
    """Try every example of a report, and return it with the proofs.

    Raises:
        OSError: an Envoy could not be started.
    """
    if not found.seen:
        return found
    proofs: dict[int, Proof] = {}
    sides = [_Side(old), _Side(new)]
    with TemporaryDirectory(prefix="lateen-") as directory:
        for name in ("old", "new"):
            (Path(directory) / name).mkdir()
        with running(Path(directory) / "old") as before, running(Path(directory) / "new") as after:
            for witness, numbers in _by_witness(found).items():
                found_here = [found.seen[number].change for number in numbers]
                loaded = [
                    side.loaded(envoy, witness) for side, envoy in zip(sides, (before, after), strict=True)
                ]
                for number, change in zip(numbers, found_here, strict=True):
                    proofs[number] = _proof(change, *loaded)
    return msgspec.structs.replace(found, proofs=tuple(proofs[number] for number in range(len(found.seen))))


def _by_witness(found: Report) -> Mapping[str, list[int]]:
    numbers: dict[str, list[int]] = {}
    for number, seen in enumerate(found.seen):
        numbers.setdefault(seen.witness, []).append(number)
    return numbers


class _Ready(NamedTuple):
    loaded: Loaded | None
    configuration: Configuration
    refused: str = ""


class _Side:
    """The objects of one side."""

    def __init__(self, objects: Load) -> None:
        self._db = Database()
        Store(self._db).replace(FILES, objects)
        self._clients = {one.name: one for one in clients(self._db)}

    def loaded(self, envoy: LiveEnvoy, name: str) -> _Ready:
        """Give an Envoy what a client receives."""
        client: Client = self._clients[name]
        resources = reachable(Dump(self._db, view_of(self._db, client.proxy)).complete())
        try:
            return _Ready(envoy.load(resources), Configuration(resources))
        except NackError as error:
            return _Ready(None, Configuration(resources), str(error))


def _proof(change: Change, old: _Ready, new: _Ready) -> Proof:
    if change.undecided:
        return Proof("not tried", problems=(f"no example is known: {change.undecided}",))
    for side, ready in (("old", old), ("new", new)):
        if ready.refused:
            return Proof("not proved", problems=(f"Envoy refuses the {side} configuration: {ready.refused}",))
    before, after = _tried(change, old, new), _tried(change, new, old)
    problems = (
        *(f"before: {text}" for text in before.problems),
        *(f"after: {text}" for text in after.problems),
    )
    if problems:
        return Proof("not proved", before.words, after.words, problems)
    if before.shown == after.shown:
        fields = ", ".join(name for name, *_ in change.differences)
        return Proof("not tried", before.words, after.words, (f"answers do not show it: {fields}",))
    return Proof("proved", before.words, after.words)


def _tried(change: Change, here: _Ready, there: _Ready) -> _Tried:
    assert here.loaded is not None
    loaded, connection, request = here.loaded, change.connection, change.request
    traces = [simulate(one.configuration, connection, request) for one in (here, there)]
    trace = traces[0]
    times = trial.SAMPLE if any(_is_random(one) for one in traces) else 1
    answers = [trial.asked(loaded, trace, connection, request) for _ in range(times)]
    problems = _wrong(trace, answers, loaded)
    shown: list[object] = [_shown(trace, answers, loaded)]
    words = [_spread_words(answers, loaded)]
    if request is not None and len(answers) == 1 and all(one.outcome.kind == "cluster" for one in traces):
        more = [
            *_limits(traces, answers[0]),
            *_tries(change, traces, loaded),
            *_copies(change, traces, loaded),
        ]
        shown += [(one.name, one.seen) for one in more]
        words += [f"{one.name} {one.seen or 'none'}" for one in more]
        problems += [
            f"{one.name} should be {one.predicted or 'none'}, is {one.seen or 'none'}"
            for one in more
            if one.predicted != one.seen
        ]
    return _Tried(", ".join(words), tuple(shown), tuple(dict.fromkeys(problems)))


class _Watched(NamedTuple):
    name: str
    predicted: str
    seen: str


def _is_random(trace: Trace) -> bool:
    return len(trial.expected_spread(trace.outcomes)) > 1


def _wrong(trace: Trace, answers: list[Answer], loaded: Loaded) -> list[str]:
    found = [text for answer in answers for text in differences(trace, answer, loaded)]
    counted = trial.spread(answers, loaded)
    for words, share in trial.expected_spread(trace.outcomes).items():
        seen = sum(number for key, number in counted.items() if key.split(" ")[0] == words)
        if len(answers) > 1 and not trial.by_chance(seen, share, len(answers)):
            found.append(f"{words} should take {share:.0%}, took {seen} of {len(answers)}")
    return found


def _shown(trace: Trace, answers: list[Answer], loaded: Loaded) -> object:
    """Return what of the answers can be compared with the other side's; shares as predicted, which `_wrong` has checked."""
    if len(answers) > 1:
        return tuple(
            sorted((words, round(share, 4)) for words, share in trial.expected_spread(trace.outcomes).items())
        )
    answer = answers[0]
    target = loaded.target(answer)
    endpoints = tuple(sorted(one.address for one in trace.outcome.endpoints))
    kept = tuple(pair for pair in answer.seen_headers if not pair[0].startswith(("x-request-id", "x-envoy-")))
    answered = tuple(pair for pair in answer.headers if pair[0] not in _OWN)
    return (
        answer.status,
        target and target.cluster,
        endpoints,
        answer.seen_path,
        kept,
        answered,
        answer.body,
    )


_OWN = frozenset({"x-backend", "date", "x-envoy-upstream-service-time", ROUTE, CLUSTER})


def _spread_words(answers: list[Answer], loaded: Loaded) -> str:
    counted = trial.spread(answers, loaded)
    if len(counted) > 1 or len(answers) > 1:
        return f"of {len(answers)} requests " + ", ".join(
            f"{number} {called(words)}" for words, number in counted.most_common()
        )
    answer = answers[0]
    words = called(next(iter(counted)))
    location = answer.header("location")
    sent = f", as {answer.seen('host')}{answer.seen_path}" if answer.seen_path else ""
    return f"{words}{sent}" + (f" to {location}" if location else "")


def _limits(traces: list[Trace], answer: Answer) -> Iterator[_Watched]:
    predicted = [trial.limit_of(one.outcome) for one in traces]
    if answer.upstream and predicted[0] != predicted[1]:
        told = trial.limit_told(answer)
        yield _Watched("limit in ms", predicted[0], told)


def _tries(change: Change, traces: list[Trace], loaded: Loaded) -> Iterator[_Watched]:
    policies: list[Retry | None] = [one.outcome.retry for one in traces]
    request = change.request
    if (
        request is None
        or policies[0] == policies[1]
        or any(one and one.attempts > trial.MOST_TRIES for one in policies)
    ):
        return
    failing = {
        one: None for policy in policies if policy for one in trial.failures(policy.on, policy.status_codes)
    }
    for failure in failing:
        own = policies[0]
        repeated = own is not None and trial.is_retried(failure, own.on, own.status_codes)
        predicted = 1 + (own.attempts if own is not None and repeated else 0)
        seen = trial.attempts(loaded, change.connection, request, failure)
        yield _Watched(f"tries when {_said(failure.status, failure.headers)}", str(predicted), str(seen))


def _said(status: int, headers: tuple[tuple[str, str], ...]) -> str:
    grpc = "".join(f" with {name} {value}" for name, value in headers)
    return f"answered {status}{grpc}" if status else "the connection is closed"


def _copies(change: Change, traces: list[Trace], loaded: Loaded) -> Iterator[_Watched]:
    certain = [sorted(one.cluster for one in trace.outcome.mirrors if one.share == 1) for trace in traces]
    partial = any(one.share < 1 for trace in traces for one in trace.outcome.mirrors)
    if change.request is None or partial or certain[0] == certain[1]:
        return
    found = trial.copies(loaded, change.connection, change.request, len(certain[0]))
    yield _Watched("copies to", _together(certain[0]), _together(found.clusters))


def _together(clusters: Iterable[str]) -> str:
    return ", ".join(map(called, clusters))
