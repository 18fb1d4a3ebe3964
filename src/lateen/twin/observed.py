"""What a proxy was seen to do with the request of an expectation."""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property

from envoy.config.route.v3.route_components_pb2 import Route

from lateen.expectations.engine import Question
from lateen.simulate.choices import shares
from lateen.twin import imagined, trial
from lateen.twin.caller import Answer
from lateen.twin.envoy import Loaded
from lateen.twin.runnable import FLAGS

ONCE = 3
"""Requests where nothing is decided at random."""


class Observed:
    """What Envoy did with a request; more is tried when it is asked for."""

    def __init__(self, question: Question, loaded: trial.Reached) -> None:
        """Take what to ask, and whom."""
        self.question, self.loaded = question, loaded
        self.connection, self.request = question.sent.connection, question.sent.request

    @property
    def twin(self) -> Loaded:
        """The Envoy that can be asked more."""
        assert isinstance(self.loaded, Loaded)
        return self.loaded

    @cached_property
    def answers(self) -> list[Answer]:
        """Answers: a few, or a sample where the simulator or the expectation says that something is random."""
        times = trial.SAMPLE if is_random(self.question) else ONCE
        return [
            trial.asked(self.twin, self.question.trace, self.connection, self.request) for _ in range(times)
        ]

    @cached_property
    def usual(self) -> Answer:
        """One of the most frequent kind."""
        counted = trial.spread(self.answers, self.loaded)
        first, _ = counted.most_common(1)[0]
        return next(one for one in self.answers if trial.ending(one, self.loaded) == first)

    @cached_property
    def forwarded(self) -> list[Answer]:
        """Those that an upstream gave."""
        return [one for one in self.answers if one.upstream]

    @cached_property
    def flagged(self) -> Counter[str]:
        """How often each response flag occurred."""
        return Counter(flag for one in self.answers for flag in (one.header(FLAGS) or "").split(","))

    @property
    def status(self) -> int:
        """The proxy's own status; 0 when an upstream answers. A destination without endpoints is answered 503."""
        target = self.loaded.target(self.usual)
        if target is None:
            return self.usual.status
        return 503 if target.address == imagined.ADDRESS else 0


def is_random(question: Question) -> bool:
    """Tell whether the simulator or the expectation says that something is decided at random."""
    expect = question.case.expect
    mirrors = [expect.get("mirror"), *(expect.get("mirrors") or ())]
    rule = question.rule
    weighted = rule is not None and len(wanted_shares(rule)) > 1
    return (
        len(trial.expected_spread(question.trace.outcomes)) > 1
        or "fault" in expect
        or weighted
        or any(isinstance(one, Mapping) and "percentage" in one for one in mirrors)
    )


def wanted_shares(rule: Route) -> dict[str, float]:
    """Return the share of each cluster that a rule sends requests to."""
    action = rule.route
    if action.HasField("weighted_clusters"):
        found: dict[str, float] = {}
        for name, share in shares((one.name, one.weight.value) for one in action.weighted_clusters.clusters):
            found[name] = found.get(name, 0.0) + share
        return found
    return {action.cluster: 1.0} if action.cluster else {}
