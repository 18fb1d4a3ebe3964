"""Whole meshes, as root and as an ordinary user."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from traffic_mesh import Traffic
from unprivileged import is_root

MODES = ["root", "user"] if is_root() else ["user"]


@pytest.fixture(scope="module", params=MODES)
def unprivileged(request: pytest.FixtureRequest) -> bool:
    """Whether the mesh runs as an ordinary user; a test that uses it runs both ways where it can."""
    return request.param == "user"


@pytest.fixture(scope="session", params=MODES)
def traffic(request: pytest.FixtureRequest) -> Iterator[Traffic]:
    """One mesh for all tests of traffic, as root and as an ordinary user."""
    mesh = Traffic(unprivileged=request.param == "user")
    try:
        yield mesh
    finally:
        mesh.close()
