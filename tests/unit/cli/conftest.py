"""Commands, with and without a mesh that runs."""

import shutil
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from running_mesh import Running

from lateen.cli.__main__ import main
from lateen.server.state import state_of


@pytest.fixture
def home(monkeypatch):
    place = Path(tempfile.mkdtemp(prefix="lt", dir="/tmp"))  # short enough for UNIX sockets
    monkeypatch.setenv("LATEEN_HOME", str(place))
    monkeypatch.delenv("LATEEN_MESH", raising=False)
    yield place
    shutil.rmtree(place)


@pytest.fixture
def mesh(home):
    state = state_of("default")
    state.directory.mkdir(parents=True)
    running = Running(state)
    running.start()
    yield running
    running.close()


@pytest.fixture
def run():
    """Run a command line; the result has stdout, stderr and exit_code as a shell would see them."""

    def call(*arguments, text=None):
        return CliRunner().invoke(_as_shell, arguments, input=text)

    return call


class _Shell:
    """What `CliRunner` needs of a command, around `main`, which turns errors into words and exit codes."""

    name = "lateen"

    def main(self, args, **_):
        main(list(args))


_as_shell = _Shell()
