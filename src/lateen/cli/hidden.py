"""What of a Secret is printed: its keys and sizes, not its values."""

import base64
import binascii
from typing import Any

Document = dict[str, Any]


def without_values(document: Document) -> Document:
    """Return a Secret with its values replaced by their sizes; any other object as it is.

    All stand in `data`, as in Kubernetes, where what they say is not base64: `apply` refuses it and never takes it for
    the values.

    >>> without_values({"kind": "Secret", "data": {"a": "aGk="}})["data"]
    {'a': '<2 bytes>'}
    """
    if document.get("kind") != "Secret":
        return document
    sizes = {name: _decoded(text) for name, text in document.get("data", {}).items()}
    sizes |= {name: len(text.encode()) for name, text in document.get("stringData", {}).items()}
    kept = {key: value for key, value in document.items() if key not in ("data", "stringData")}
    return kept | {"data": {name: f"<{size} bytes>" for name, size in sizes.items()}}


def _decoded(text: str) -> int:
    try:
        return len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return len(text)
