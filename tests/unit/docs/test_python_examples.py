"""The Python of README and of the API's page runs as it stands, and prints what the page says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(
    r"^```python\n(import lateen\n.*?)^```\n(?:\n```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL
)
PAGES = ["README.md", "docs/reference/python-api.md"]


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_runs(page, tmp_path):
    shutil.copytree(ROOT / "src/lateen/demo/config", tmp_path / "mesh")
    blocks = BLOCK.findall((ROOT / page).read_text("utf-8"))
    assert blocks
    for code, printed in blocks:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        assert not printed or done.stdout == printed
