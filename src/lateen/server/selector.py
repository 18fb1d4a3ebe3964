"""Label selectors as kubectl's `-l` takes them (k8s.io/apimachinery/pkg/labels)."""

import re
from collections.abc import Callable, Mapping

Labels = Mapping[str, str]
Selector = Callable[[Labels], bool]
_SET = re.compile(r"(?P<key>\S+)\s+(?P<no>not)?in\s*\((?P<values>[^)]*)\)")
_EQUAL = re.compile(r"(?P<key>[^=!\s]+)\s*(?P<sign>==|=|!=)\s*(?P<value>\S*)")
_KEY = re.compile(r"(?P<no>!\s*)?(?P<key>[^=!\s(),]+)")


class BadSelectorError(ValueError):
    """The text is no label selector."""


def selector(text: str) -> Selector:
    """Read `app=x,version!=v1,tier in (a, b),!old`; all terms must hold; an empty text takes everything.

    Raises:
        BadSelectorError: a term is none of those.
    """
    terms = [_term(part.strip()) for part in re.split(r",(?![^(]*\))", text) if part.strip()]
    return lambda labels: all(term(labels) for term in terms)


def _term(text: str) -> Selector:
    if found := _SET.fullmatch(text):
        values = frozenset(value.strip() for value in found["values"].split(","))
        return _among(found["key"], values, wanted=found["no"] is None)
    if found := _EQUAL.fullmatch(text):
        return _among(found["key"], frozenset({found["value"]}), wanted=found["sign"] != "!=")
    if found := _KEY.fullmatch(text):
        key, wanted = found["key"], found["no"] is None
        return lambda labels: (key in labels) is wanted
    raise BadSelectorError(
        f"{text!r} is no label selector; write key=value, key!=value, key in (a, b), key or !key"
    )


def _among(key: str, values: frozenset[str], *, wanted: bool) -> Selector:
    """Kubernetes lets `!=` and `notin` take objects that lack the label, too."""
    return lambda labels: (labels.get(key) in values) is wanted
