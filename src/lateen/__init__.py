"""A service mesh that speaks Istio's API, compiled in Python and carried out by the real Envoy.

Public: `load`, `diff`, `ask`, `Mesh`, `Proxy`, `Request`, `Explanation`, `Report`, `Finding`, `Level`; see docs/reference/python-api.md.
They are imported when first named.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lateen.api.finding import Finding, Level
    from lateen.changes import diff
    from lateen.differences.comparison import Report
    from lateen.expectations.asking import ask
    from lateen.mesh import Mesh, load
    from lateen.model.view import Proxy
    from lateen.simulate.explain_request import Request
    from lateen.simulate.explain_types import Explanation

__all__ = ["Explanation", "Finding", "Level", "Mesh", "Proxy", "Report", "Request", "ask", "diff", "load"]
_HOMES = {
    "Explanation": "lateen.simulate.explain_types",
    "Finding": "lateen.api.finding",
    "Level": "lateen.api.finding",
    "Mesh": "lateen.mesh",
    "Proxy": "lateen.model.view",
    "Report": "lateen.differences.comparison",
    "Request": "lateen.simulate.explain_request",
    "ask": "lateen.expectations.asking",
    "diff": "lateen.changes",
    "load": "lateen.mesh",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for (PEP 562); `import lateen` alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'lateen' has no attribute {name!r}")
    import importlib  # noqa: PLC0415

    return getattr(importlib.import_module(_HOMES[name]), name)
