"""Expectations, asked of a real Envoy that is fed with what the proxies of the files would receive."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from lateen.compile.dump import Dump
from lateen.engine import Database
from lateen.expectations.engine import Parts, Question
from lateen.model.view import View
from lateen.simulate.configuration import Configuration
from lateen.simulate.simulation import simulate
from lateen.twin.comparison import differences
from lateen.twin.discovery import NackError
from lateen.twin.envoy import LiveEnvoy, Loaded, running
from lateen.twin.imagined import reachable
from lateen.twin.judging import judged
from lateen.twin.observed import Observed
from lateen.twin.trial import asked


class EnvoyEngine:
    """One Envoy, given one proxy's resources after the other."""

    name = "envoy"

    def __init__(self, envoy: LiveEnvoy) -> None:
        """Use `starting`."""
        self._envoy = envoy
        self._of: tuple[Database, View] | None = None
        self._configuration = Configuration({})
        self._loaded: Loaded | str = ""

    def judge(self, question: Question) -> Parts:
        """Send the request as often as it takes, and compare."""
        loaded = self._given(question)
        if isinstance(loaded, str):
            return {"": [loaded]}
        return judged(Observed(question, loaded))

    def otherwise(self, question: Question) -> list[str]:
        """Return how Envoy treats a request otherwise than the simulator; its destinations are given endpoints if they have none."""
        loaded = self._given(question)
        if isinstance(loaded, str):
            return [loaded]
        sent = question.sent
        trace = simulate(self._configuration, sent.connection, sent.request)
        return differences(trace, asked(loaded, trace, sent.connection, sent.request), loaded)

    def _given(self, question: Question) -> Loaded | str:
        """Give Envoy what the client of a question receives, unless it has it."""
        key = question.db, question.view
        if self._of is None or self._of[0] is not key[0] or self._of[1] != key[1]:
            self._of, self._loaded = key, self._load(question)
        return self._loaded

    def _load(self, question: Question) -> Loaded | str:
        resources = reachable(Dump(question.db, question.view).complete())
        self._configuration = Configuration(resources)
        try:
            return self._envoy.load(resources)
        except NackError as error:
            return f"Envoy refuses what {question.proxy.name} receives: {error}"


@contextlib.contextmanager
def starting() -> Iterator[EnvoyEngine]:
    """Run an Envoy while expectations are tried.

    Raises:
        OSError: it cannot be started.
    """
    with TemporaryDirectory(prefix="lateen-") as directory, running(Path(directory)) as envoy:
        yield EnvoyEngine(envoy)
