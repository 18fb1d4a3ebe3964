"""Names in DNS: labels, fully qualified names, names with a wildcard in front.

Sources: pkg/config/labels/instance.go, pkg/config/validation/agent/validation.go, pkg/config/host/name.go.
"""

import re
from functools import lru_cache

LABEL = re.compile(r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?", re.ASCII)
FIRST_LABEL = re.compile(r"\*|(?:\*-?)?" + LABEL.pattern, re.ASCII)
NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)
LONGEST_LABEL = 63
LONGEST_NAME = 255
KNOWN = 4096
"""Names whose answer is kept; a mesh says the same ones again and again."""


@lru_cache(KNOWN)
def is_label(text: str) -> bool:
    """Tell whether a text is a DNS label (RFC 1123; Istio lets capital letters pass)."""
    return len(text) <= LONGEST_LABEL and LABEL.fullmatch(text) is not None


def label(text: str, what: str) -> str:
    """Say what is wrong with a DNS label; `what` is its name in the message, such as `a subset's name`."""
    if is_label(text):
        return ""
    if not text:
        return f"{what} is missing"
    return f"{text!r} is not {what}: letters, digits and '-', at most {LONGEST_LABEL} characters"


@lru_cache(KNOWN)
def fqdn(text: str) -> str:
    """Say what is wrong with a host name without wildcard. A dot at the end is allowed, so is a single label."""
    return _length(text) or _labels(text, text)


@lru_cache(KNOWN)
def wildcard(text: str) -> str:
    """Say what is wrong with a host name whose first label may be, or begin with, `*`."""
    if wrong := _length(text):
        return wrong
    first, dot, rest = text.partition(".")
    if len(first) > LONGEST_LABEL or FIRST_LABEL.fullmatch(first) is None:
        return f"{text!r} is not a host name: {_what_of(first)}"
    return _labels(rest, text) if dot else ""


def partial_wildcard(text: str) -> bool:
    """Tell whether a `*` stands for a part of a label, as in `*foo.com`."""
    return "*" in text and text != "*" and not text.startswith("*.")


def is_subset(inner: str, outer: str) -> bool:
    """Tell whether every name that `inner` stands for is one that `outer` stands for."""
    if not outer.startswith("*"):
        return inner == outer
    return (inner.removeprefix("*")).endswith(outer[1:])


def overlap(left: str, right: str) -> bool:
    """Tell whether two hosts have a name in common."""
    return is_subset(left, right) or is_subset(right, left)


def _length(text: str) -> str:
    if not text:
        return "the host is empty"
    return (
        f"the host has {len(text)} characters, at most {LONGEST_NAME} are allowed"
        if len(text) > LONGEST_NAME
        else ""
    )


def _labels(text: str, whole: str) -> str:
    labels = text.split(".")
    if NUMBER.fullmatch(labels[-1]):
        return f"{whole!r} is not a host name: its last part is a number"
    if labels[-1] == "":
        labels.pop()
    bad = next((one for one in labels if not is_label(one)), None)
    return "" if bad is None else f"{whole!r} is not a host name: {_what_of(bad)}"


def _what_of(bad: str) -> str:
    if not bad:
        return "a part between two dots is empty"
    if len(bad) > LONGEST_LABEL:
        return f"the part {bad[:20]!r}… is longer than {LONGEST_LABEL} characters"
    if ":" in bad:
        return f"{bad!r} has a ':'; write the port in a field of its own"
    return f"{bad!r} must be letters, digits and '-' only"
