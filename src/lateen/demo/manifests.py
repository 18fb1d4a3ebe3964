"""The Kubernetes and Istio documents of the demo, ready to be applied.

The files in `config/` say `python` where a container's command names the interpreter, as a manifest would. The texts
returned here name the interpreter that runs Lateen, so that the services start on this machine with nothing installed
elsewhere. Lines keep their numbers: a finding about a text is right about the file.
"""

import json
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable

DEMO = ("bookinfo.yaml", "gateway.yaml", "destination-rules.yaml", "rules.yaml")
"""The files in force when the demo starts, in the order of reading."""

EXAMPLES = (
    "all-v1.yaml",
    "reviews-50-v3.yaml",
    "reviews-v3.yaml",
    "ratings-delay-jason.yaml",
    "ratings-abort-jason.yaml",
    "reviews-timeout.yaml",
    "circuit-breaker.yaml",
)
"""The files to apply next, in the order of the tour; each says at its top what to try and what to see."""

_PLACEHOLDER = "command: [python, "


def demo_documents() -> tuple[tuple[str, str], ...]:
    """Return name and text of each file that the demo starts with."""
    return tuple((name, _text(_config() / name)) for name in DEMO)


def example_documents() -> tuple[tuple[str, str], ...]:
    """Return name and text of each example."""
    return tuple((name, _text(_config() / "examples" / name)) for name in EXAMPLES)


def _config() -> Traversable:
    return files("lateen.demo") / "config"


def _text(file: Traversable) -> str:
    return file.read_text("utf-8").replace(_PLACEHOLDER, f"command: [{json.dumps(sys.executable)}, ")
