"""Expectations as they are written: documents without a kind, beside the configuration.

    expectations:
    - name: jason sees version 2
      from: productpage
      request: GET http://reviews:9080/reviews/0
      headers: {end-user: jason}
      expect:
        route: [{destination: {host: reviews, subset: v2}}]
        timeout: 3s

What is expected is written as in a VirtualService's rule. Documents with `testCases:` are those of istio-config-validator
(https://github.com/getyourguide/istio-config-validator, docs/test-cases.md).
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import msgspec

from lateen.simulate.explain_request import Request
from lateen.sources.documents import EXPECTATIONS, holds_expectations
from lateen.sources.yaml import Document, parse, position, split

OWN, FOREIGN = EXPECTATIONS
ANSWER = ("status", "path", "authority", "location")
"""What is expected of the outcome itself: the proxy's own status, what the upstream sees, where a redirect leads."""
RULE = ("route", "redirect", "directResponse", "rewrite", "timeout", "retries", "fault", "headers", "mirror", "mirrors",
        "corsPolicy")  # fmt: skip
"""What is expected of the rule, in the words of a VirtualService."""
_GIVEN = ("name", "from", "request", "headers", "namespace", "expect", "wantMatch")
_FOREIGN = (
    "description",
    "request",
    "wantMatch",
    "route",
    "redirect",
    "rewrite",
    "fault",
    "headers",
    "delegate",
)


class BadCaseError(ValueError):
    """An expectation that says nothing; the text has the place."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation about one or several requests."""

    name: str
    place: str
    """`file:line`."""
    client: str
    """A workload, `gateway`, or empty: for rules of `testCases`, whichever has the rules."""
    namespace: str
    requests: tuple[Request, ...]
    expect: Mapping[str, Any]
    wanted: bool = True
    """False: at least one of the things expected must not be so."""
    foreign: bool = False
    """Of istio-config-validator, which needs no services: those that are missing are imagined."""
    ignored: tuple[str, ...] = ()
    """Fields of such a case that nobody knows; istio-config-validator passes over them."""

    @property
    def rule(self) -> dict[str, Any]:
        """Return what is expected of the rule."""
        return {key: self.expect[key] for key in RULE if key in self.expect}


def separated(texts: Iterable[tuple[str, str]], namespace: str) -> tuple[list[tuple[str, str]], list[Case]]:
    """Tell configuration from expectations: returns the texts without the latter (lines keep their numbers), and the cases.

    Raises:
        BadCaseError: an expectation is not understood.
    """
    left: list[tuple[str, str]] = []
    cases: list[Case] = []
    for file, text in texts:
        kept = text
        if OWN in text or FOREIGN in text:
            for document in split(text, file):
                found = _cases(document, namespace)
                cases += found
                if found:
                    kept = kept.replace(document.text, "\n" * document.text.count("\n"), 1)
        left.append((file, kept))
    return left, cases


def _cases(document: Document, namespace: str) -> list[Case]:
    if OWN not in document.text and FOREIGN not in document.text:
        return []
    value = parse(document.text).value
    if not holds_expectations(value):
        return []
    return [
        _read(document, key, number, entry, namespace)
        for key in (OWN, FOREIGN)
        for number, entry in enumerate(value.get(key) or ())
    ]


def _read(document: Document, key: str, number: int, entry: Any, namespace: str) -> Case:
    where = position(document, f"{key}[{number}]")
    place = f"{where.file}:{where.line}"
    if not isinstance(entry, dict):
        raise BadCaseError(f"{place}: an expectation is a mapping")
    for word in entry if key == OWN else ():
        if word not in _GIVEN:
            raise BadCaseError(f"{place}: {word!r} means nothing here")
    return _own(entry, place, namespace) if key == OWN else _foreign(entry, place)


def _own(entry: Mapping[str, Any], place: str, namespace: str) -> Case:
    words = str(entry.get("request", "")).split()
    expect = entry.get("expect")
    if not words or len(words) > 2:
        raise BadCaseError(f"{place}: request is `METHOD URL`")
    if not isinstance(expect, dict) or not expect:
        raise BadCaseError(f"{place}: expect says nothing")
    for word in expect:
        if word not in (*RULE, *ANSWER):
            raise BadCaseError(
                f"{place}: expect.{word} means nothing; there are {', '.join((*RULE, *ANSWER))}"
            )
    method, url = words if len(words) == 2 else ("GET", words[0])
    return Case(
        name=str(entry.get("name") or f"{method} {url}"),
        place=place,
        client=str(entry.get("from") or "gateway"),
        namespace=str(entry.get("namespace") or namespace),
        requests=(Request(method, url, _pairs(entry.get("headers"))),),
        expect=expect,
        wanted=bool(entry.get("wantMatch", True)),
    )


def _pairs(headers: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in (headers or {}).items())


def _foreign(entry: Mapping[str, Any], place: str) -> Case:
    asked = entry.get("request")
    if not isinstance(asked, dict):
        raise BadCaseError(f"{place}: request is missing")
    for word in ("authority", "method", "uri"):
        if not isinstance(asked.get(word), list) or not asked[word]:
            raise BadCaseError(f"{place}: request.{word} is a list of at least one")
    return Case(
        name=str(entry.get("description") or place),
        place=place,
        client="",
        namespace="",
        requests=tuple(_unfolded(asked)),
        expect={key: entry[key] for key in (*RULE, "delegate") if entry.get(key) is not None},
        wanted=bool(entry.get("wantMatch", False)),
        foreign=True,
        ignored=tuple(str(word) for word in entry if word not in _FOREIGN),
    )


def _unfolded(asked: Mapping[str, Any]) -> Iterator[Request]:
    """Yield every combination, as istio-config-validator does."""
    for uri, authority, method in product(asked["uri"], asked["authority"], asked["method"]):
        yield Request(str(method), f"http://{authority}{uri}", _pairs(asked.get("headers")))
