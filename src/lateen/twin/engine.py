"""Expectations, asked of a real Envoy that is fed with what the proxies of the files would receive."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from lateen.compile.dump import Dump
from lateen.expectations.engine import Parts, Question
from lateen.model.view import View
from lateen.twin.discovery import NackError
from lateen.twin.envoy import LiveEnvoy, Loaded, running
from lateen.twin.imagined import reachable
from lateen.twin.judging import Observed, judged


class EnvoyEngine:
    """One Envoy, given one proxy's resources after the other."""

    name = "envoy"

    def __init__(self, envoy: LiveEnvoy) -> None:
        """Use `starting`."""
        self._envoy = envoy
        self._of: View | None = None
        self._loaded: Loaded | str = ""

    def judge(self, question: Question) -> Parts:
        """Send the request as often as it takes, and compare."""
        if self._of != question.view:
            self._of, self._loaded = question.view, self._load(question)
        if isinstance(self._loaded, str):
            return {"": [f"Envoy refuses what {question.proxy.name} receives: {self._loaded}"]}
        return judged(Observed(question, self._loaded))

    def _load(self, question: Question) -> Loaded | str:
        try:
            return self._envoy.load(reachable(Dump(question.db, question.view).complete()))
        except NackError as error:
            return str(error)


@contextlib.contextmanager
def starting() -> Iterator[EnvoyEngine]:
    """Run an Envoy while expectations are tried.

    Raises:
        OSError: it cannot be started.
    """
    with TemporaryDirectory(prefix="lateen-") as directory, running(Path(directory)) as envoy:
        yield EnvoyEngine(envoy)
