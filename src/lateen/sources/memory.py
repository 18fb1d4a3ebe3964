"""Objects given as text or as values: by the API, and by tests."""

import json
from collections.abc import Iterable
from typing import Any

from lateen.sources.documents import DEFAULT_NAMESPACE, Texts
from lateen.sources.load import Load


def from_text(text: str, name: str = "<memory>", namespace: str = DEFAULT_NAMESPACE) -> Load:
    """Read YAML or JSON; the name stands for a file in positions."""
    return Texts(namespace).load([(name, text)])


def from_values(values: Iterable[Any], name: str = "<memory>", namespace: str = DEFAULT_NAMESPACE) -> Load:
    """Read objects as dictionaries."""
    texts = "\n---\n".join(json.dumps(value, indent=1) for value in values)
    return from_text(texts, name, namespace)
