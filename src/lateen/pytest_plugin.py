"""Expectations about requests in pytest: a `mesh` fixture, and YAML files with `expectations:` collected as tests.

    @pytest.mark.mesh("config/")
    def test_jason_sees_version_2(mesh):
        assert mesh.send("GET", "http://reviews:9080/", headers={"end-user": "jason"}, source="productpage").subset == "v2"

Without the marker, `--mesh-config PATH` (repeatable) or `lateen_mesh` in pytest's configuration says what is loaded.
`--mesh-engine envoy` asks a real Envoy, too: expectations are judged by what it does, and every answer of the fixture is
compared with it. `--mesh-engine live` asks the running mesh about expectations.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lateen.expectations.asking import Asked, Beside
    from lateen.expectations.running import Result
    from lateen.twin.engine import EnvoyEngine

SUFFIXES = (".yaml", ".yml")
ENVOY = pytest.StashKey["EnvoyEngine"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("lateen")
    group.addoption(
        "--mesh-config",
        action="append",
        default=[],
        metavar="PATH",
        help="Configuration for the mesh fixture.",
    )
    group.addoption(
        "--mesh-engine",
        choices=("simulator", "envoy", "live"),
        default="simulator",
        help="What tries requests: the simulator, a real Envoy, or the running mesh ($LATEEN_MESH).",
    )
    parser.addini("lateen_mesh", "Configuration for the mesh fixture.", type="paths", default=[])
    parser.addini("lateen_expectations", "Collect YAML files with expectations.", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "mesh(*paths): the configuration that the mesh fixture loads")


@pytest.fixture
def mesh(request: pytest.FixtureRequest) -> "Asked":
    """Return a mesh of files, to ask what becomes of requests; nothing runs."""
    from lateen.expectations.asking import ask  # noqa: PLC0415  tests without a mesh stay quick

    marker = request.node.get_closest_marker("mesh")
    paths = (
        marker.args
        if marker
        else (*request.config.getoption("--mesh-config"), *request.config.getini("lateen_mesh"))
    )
    if not paths:
        pytest.fail(
            "the mesh fixture needs @pytest.mark.mesh(PATH), --mesh-config PATH or lateen_mesh in the configuration"
        )
    config = request.config
    if config.getoption("--mesh-engine") == "live":
        pytest.fail("the mesh fixture is a mesh of files: --mesh-engine is simulator or envoy")
    files = tuple(str(config.rootpath / path) for path in paths)
    return ask(files, _envoy(config).otherwise if config.getoption("--mesh-engine") == "envoy" else None)


def _envoy(config: pytest.Config) -> "EnvoyEngine":
    """Return the Envoy of this session, started by the first that needs it."""
    from lateen.twin.engine import starting  # noqa: PLC0415

    if ENVOY not in config.stash:
        stack = ExitStack()
        config.stash[ENVOY] = stack.enter_context(starting())
        config.add_cleanup(stack.close)
    return config.stash[ENVOY]


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> "ExpectationsFile | None":
    """Collect files with expectations, where the configuration asks for it."""
    if file_path.suffix not in SUFFIXES or not parent.config.getini("lateen_expectations"):
        return None
    text = file_path.read_text("utf-8", "replace")
    if "expectations:" not in text and "testCases:" not in text:
        return None
    return ExpectationsFile.from_parent(parent, path=file_path)


class ExpectationsFile(pytest.File):
    """A file with expectations; the configuration is whatever lies in its directory."""

    def collect(self) -> Iterator["Expectation"]:
        """Yield an item for each expectation of this file."""
        for number, case in enumerate(self.beside.cases):
            item = Expectation.from_parent(self, name=f"{number + 1}: {case.name}")
            item.number, item.place = number, case.place
            yield item

    @cached_property
    def beside(self) -> "Beside":
        """What was read."""
        from lateen.expectations.asking import Beside  # noqa: PLC0415

        return Beside(str(self.path))

    @cached_property
    def results(self) -> "list[Result]":
        """Try everything, when the first is asked for."""
        engine = self.config.getoption("--mesh-engine")
        if engine == "live":
            from lateen.cli.live.engine import LiveEngine  # noqa: PLC0415
            from lateen.cli.live.objects import live_objects  # noqa: PLC0415

            mesh = os.environ.get("LATEEN_MESH", "default")
            return self.beside.results(LiveEngine(mesh), live_objects(mesh))
        return self.beside.results(_envoy(self.config) if engine == "envoy" else None)


class Expectation(pytest.Item):
    """One expectation."""

    parent: ExpectationsFile
    number: int = 0
    place: str = ""

    def runtest(self) -> None:
        """Fail with what is not as expected; skip what the engine cannot tell."""
        result = self.parent.results[self.number]
        for words in result.unjudged:
            self.add_report_section("call", "lateen", f"not judged: {words}")
        if result.problems:
            raise AssertionError("\n".join(result.problems))
        if not result.judged:
            pytest.skip("; ".join(result.unjudged))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:  # noqa: ARG002
        """Say it without a traceback."""
        return f"{self.place}\n{excinfo.value}"

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the place."""
        line = self.place.rpartition(":")[2]
        return self.path, int(line) - 1 if line.isdigit() else 0, self.name
