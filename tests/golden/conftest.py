"""Collects golden cases: every Markdown file here is a file of tests, every case as many tests as it has oracles."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lateen.twin.envoy import LiveEnvoy, running
from support import golden_oracles
from support.golden_format import BASE, Case, FormatError, read

ROOT = Path(__file__).parent
ENVOY = pytest.StashKey[LiveEnvoy]()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".md" or file_path.name in (BASE, "README.md"):
        return None
    return GoldenFile.from_parent(parent, path=file_path)


class GoldenFile(pytest.File):
    """A file of cases."""

    def collect(self) -> Iterator[pytest.Item]:
        for case in read(self.path, ROOT):
            for oracle in case.oracles():
                yield GoldenItem.from_parent(self, name=f"{case.title}[{oracle}]", case=case, oracle=oracle)


class GoldenItem(pytest.Item):
    """A case before one of its judges."""

    def __init__(self, *, case: Case, oracle: str, **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type]
        self.case, self.oracle = case, oracle
        if oracle == "envoy":
            self.add_marker(pytest.mark.envoy)

    def runtest(self) -> None:
        if wrong := list(self._judge()):
            raise GoldenError("\n".join(wrong))

    def _judge(self) -> Iterator[str]:
        if self.oracle == "envoy":
            return golden_oracles.check_envoy(self.case, self._envoy)
        judges = {
            "compiled": golden_oracles.check_compiled,
            "simulator": golden_oracles.check_simulator,
            "shuffled": golden_oracles.check_shuffled,
        }
        return judges[self.oracle](self.case)

    def _envoy(self) -> LiveEnvoy:
        """One Envoy for all cases of a session, started by the first that needs it."""
        stash, config = self.session.stash, self.config
        if ENVOY not in stash:
            stack = ExitStack()
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="lateen-golden-"))
            stash[ENVOY] = stack.enter_context(running(Path(directory)))
            config.add_cleanup(stack.close)
        return stash[ENVOY]

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None) -> object:  # noqa: ARG002
        if isinstance(excinfo.value, GoldenError | FormatError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.case.place.line - 1, self.name


class GoldenError(AssertionError):
    """The case does not hold; the message says where and how."""
