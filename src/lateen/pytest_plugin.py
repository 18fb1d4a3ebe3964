"""Expectations about requests in pytest: a `mesh` fixture, and YAML files with `expectations:` collected as tests.

    @pytest.mark.mesh("config/")
    def test_jason_sees_version_2(mesh):
        assert mesh.send("GET", "http://reviews:9080/", headers={"end-user": "jason"}, source="productpage").subset == "v2"

Without the marker, `--mesh-config PATH` (repeatable) or `lateen_mesh` in pytest's configuration says what is loaded.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lateen.expectations.asking import Asked

SUFFIXES = (".yaml", ".yml")


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
    base = request.config.rootpath
    return ask(tuple(str(base / path) for path in paths))


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
        from lateen.expectations.asking import results_of  # noqa: PLC0415

        for number, (name, place, problems) in enumerate(results_of(str(self.path))):
            item = Expectation.from_parent(self, name=f"{number + 1}: {name}")
            item.place, item.problems = place, problems
            yield item


class Expectation(pytest.Item):
    """One expectation."""

    place: str = ""
    problems: tuple[str, ...] = ()

    def runtest(self) -> None:
        """Fail with what is not as expected."""
        if self.problems:
            raise AssertionError("\n".join(self.problems))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:  # noqa: ARG002
        """Say it without a traceback."""
        return f"{self.place}\n{excinfo.value}"

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the place."""
        line = self.place.rpartition(":")[2]
        return self.path, int(line) - 1 if line.isdigit() else 0, self.name
