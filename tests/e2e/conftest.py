"""Whole meshes, as root and as an ordinary user."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from unprivileged import is_root

MODES = ["root", "user"] if is_root() else ["user"]


@pytest.fixture(scope="module", params=MODES)
def unprivileged(request: pytest.FixtureRequest) -> bool:
    """Whether the mesh runs as an ordinary user; a test that uses it runs both ways where it can."""
    return request.param == "user"
