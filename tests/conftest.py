"""Fixtures that several kinds of tests share."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lateen.twin.envoy import LiveEnvoy, running


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-docs", action="store_true", help="write what the commands print into docs/")


@pytest.fixture(scope="session")
def live_envoy() -> Iterator[LiveEnvoy]:
    """One real Envoy for the whole session (one for each worker of pytest-xdist)."""
    with tempfile.TemporaryDirectory(prefix="lateen-test-") as directory, running(Path(directory)) as envoy:
        yield envoy
