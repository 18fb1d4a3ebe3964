"""Envoy's string, header and query matchers (source/common/common/matchers.cc, source/common/http/header_utility.cc)."""

from functools import lru_cache
from typing import Any

import re2
from envoy.config.route.v3.route_components_pb2 import HeaderMatcher, QueryParameterMatcher
from envoy.type.matcher.v3.string_pb2 import StringMatcher

from lateen.api.check.primitives.regexes import QUIET
from lateen.simulate.fields import Fields


@lru_cache(maxsize=4096)
def _compiled(regex: str) -> Any:
    return re2.compile(regex, QUIET)  # type: ignore[no-untyped-call]


def full_match(regex: str, text: str) -> bool:
    """Tell whether an RE2 expression matches the whole text."""
    return _compiled(regex).fullmatch(text) is not None


def replace_all(regex: str, substitution: str, text: str) -> str:
    r"""Replace every match; `\1` in the substitution stands for the first group."""
    replaced: str = _compiled(regex).sub(substitution, text)
    return replaced


def matches_string(matcher: StringMatcher, text: str) -> bool:
    """Tell whether a string matcher takes the text."""
    kind = matcher.WhichOneof("match_pattern")
    if kind == "safe_regex":
        return full_match(matcher.safe_regex.regex, text)
    wanted = str(getattr(matcher, kind)) if kind else ""
    if matcher.ignore_case:
        wanted, text = wanted.lower(), text.lower()
    return _compare(kind or "", wanted, text)


def _compare(kind: str, wanted: str, text: str) -> bool:
    if kind == "exact":
        return text == wanted
    if kind == "prefix":
        return text.startswith(wanted)
    if kind == "suffix":
        return text.endswith(wanted)
    return kind == "contains" and wanted in text


def describe_string(matcher: StringMatcher) -> str:
    """Say what a string matcher wants, in a few words."""
    kind = matcher.WhichOneof("match_pattern")
    if kind == "safe_regex":
        return f"regex {matcher.safe_regex.regex!r}"
    return f"{kind} {getattr(matcher, kind) if kind else ''!r}" + (
        " (any case)" if matcher.ignore_case else ""
    )


def matches_header(matcher: HeaderMatcher, fields: Fields) -> bool:
    """Tell whether a header matcher takes the headers.

    Of a repeated header one value is enough. An absent header never satisfies a test of its value, not even an inverted one, unless
    `treat_missing_header_as_empty` is set; presence may be inverted.
    """
    values = fields.values(matcher.name) or ([""] if matcher.treat_missing_header_as_empty else [])
    kind = matcher.WhichOneof("header_match_specifier")
    if kind in (None, "present_match"):
        wanted = matcher.present_match if kind else True
        return (bool(values) == wanted) != matcher.invert_match
    if not values:
        return False
    return any(_value_matches(matcher, kind or "", value) for value in values) != matcher.invert_match


def _value_matches(matcher: HeaderMatcher, kind: str, value: str) -> bool:
    if kind == "string_match":
        return matches_string(matcher.string_match, value)
    if kind == "safe_regex_match":
        return full_match(matcher.safe_regex_match.regex, value)
    if kind == "range_match":
        number = _integer(value)
        return number is not None and matcher.range_match.start <= number < matcher.range_match.end
    return _compare(kind.removesuffix("_match"), str(getattr(matcher, kind)), value)


def _integer(text: str) -> int | None:
    digits = text[1:] if text[:1] in ("-", "+") else text
    return int(text) if digits.isascii() and digits.isdigit() else None


def describe_header(matcher: HeaderMatcher) -> str:
    """Say what a header matcher wants, in a few words."""
    kind = matcher.WhichOneof("header_match_specifier")
    if kind in (None, "present_match"):
        absent = (matcher.present_match if kind else True) == matcher.invert_match
        return f"{matcher.name} {'absent' if absent else 'present'}"
    if kind == "string_match":
        wanted = describe_string(matcher.string_match)
    elif kind == "safe_regex_match":
        wanted = f"regex {matcher.safe_regex_match.regex!r}"
    elif kind == "range_match":
        wanted = f"from {matcher.range_match.start} to below {matcher.range_match.end}"
    else:
        wanted = f"{str(kind).removesuffix('_match')} {getattr(matcher, str(kind))!r}"
    return f"{matcher.name} {'not ' if matcher.invert_match else ''}{wanted}"


def matches_query(matcher: QueryParameterMatcher, query: dict[str, str]) -> bool:
    """Tell whether a query parameter matcher takes the parameters (the first value of each, not decoded)."""
    value = query.get(matcher.name)
    kind = matcher.WhichOneof("query_parameter_match_specifier")
    if kind == "string_match":
        return value is not None and matches_string(matcher.string_match, value)
    wanted = matcher.present_match if kind else True
    return (value is not None) == wanted


def describe_query(matcher: QueryParameterMatcher) -> str:
    """Say what a query parameter matcher wants, in a few words."""
    if matcher.WhichOneof("query_parameter_match_specifier") == "string_match":
        return f"{matcher.name} {describe_string(matcher.string_match)}"
    return f"{matcher.name} present"
