"""Whether a route takes a request, and if not, the first condition that failed.

Envoy checks everything; nothing but the answer depends on the order, so the path comes first here, as people think.
"""

from collections.abc import Callable, Iterator

from envoy.config.route.v3.route_components_pb2 import RouteAction, RouteMatch
from envoy.type.v3.percent_pb2 import FractionalPercent

from lateen.simulate import paths
from lateen.simulate.fields import AUTHORITY, METHOD, PATH, SCHEME, Fields
from lateen.simulate.grpc import is_grpc
from lateen.simulate.strings import (
    describe_header,
    describe_query,
    full_match,
    matches_header,
    matches_query,
)

_WORDS = {AUTHORITY: "authority", METHOD: "method", PATH: "path", SCHEME: "scheme"}
_DENOMINATORS = {
    FractionalPercent.HUNDRED: 100,
    FractionalPercent.TEN_THOUSAND: 10_000,
    FractionalPercent.MILLION: 1_000_000,
}


def fraction(percent: FractionalPercent) -> float:
    """Return a fractional percentage as a number from 0 to 1."""
    return min(1.0, percent.numerator / _DENOMINATORS[percent.denominator])


def probability(one: RouteMatch | RouteAction.RequestMirrorPolicy) -> float:
    """Return how often a route takes a request that meets its conditions, or a mirror gets a copy; always when unset."""
    return fraction(one.runtime_fraction.default_value) if one.HasField("runtime_fraction") else 1.0


def first_failed(match: RouteMatch, fields: Fields) -> str:
    """Return the first condition that the request does not meet, in words; empty when it meets all."""
    return next(_failures(match, fields), "")


def _failures(match: RouteMatch, fields: Fields) -> Iterator[str]:
    if failed := _path_failure(match, fields):
        yield failed
    for header in match.headers:
        if not matches_header(header, fields):
            subject = _WORDS.get(header.name, "header")
            got = fields.get(header.name)
            yield f"{subject}: wants {describe_header(header)}, got {'none' if got is None else repr(got)}"
    query = paths.query_of(fields.value(PATH)) if match.query_parameters else {}
    for parameter in match.query_parameters:
        if not matches_query(parameter, query):
            got = query.get(parameter.name)
            yield f"query: wants {describe_query(parameter)}, got {'none' if got is None else repr(got)}"
    if match.HasField("grpc") and not is_grpc(fields):
        yield "grpc: content-type is not application/grpc"
    for metadata in match.dynamic_metadata:  # the simulated request carries none
        if not metadata.invert:
            yield f"metadata: wants {metadata.filter}"


def _path_failure(match: RouteMatch, fields: Fields) -> str:
    if match.WhichOneof("path_specifier") == "connect_matcher":
        return "" if fields.value(METHOD) == "CONNECT" else "method: wants CONNECT"
    if fields.get(PATH) is None:
        return "path: the request has none"
    path = paths.bare(fields.value(PATH))
    wanted, taken = matched_path(match, path)
    return "" if taken is not None else f"path: wants {wanted}, got {path!r}"


def matched_path(match: RouteMatch, path: str) -> tuple[str, str | None]:
    """Return what the path should be, in words, and the part of the path that matched (None: it does not)."""
    kind = match.WhichOneof("path_specifier") or ""
    test = _PATHS.get(kind)
    if test is None:
        return f"{kind} (not simulated)", None
    sensitive = not match.HasField("case_sensitive") or match.case_sensitive.value
    wanted = match.safe_regex.regex if kind == "safe_regex" else str(getattr(match, kind))
    folded = (wanted, path) if sensitive or kind == "safe_regex" else (wanted.lower(), path.lower())
    length = test(*folded)
    words = f"{_KINDS[kind]} {wanted!r}" + ("" if sensitive else " (any case)")
    return words, None if length is None else path[:length]


def _exact(wanted: str, path: str) -> int | None:
    return len(path) if wanted == path else None


def _prefix(wanted: str, path: str) -> int | None:
    return len(wanted) if path.startswith(wanted) else None


def _separated(wanted: str, path: str) -> int | None:
    return len(wanted) if path == wanted or path.startswith(wanted + "/") else None


def _regex(wanted: str, path: str) -> int | None:
    return len(path) if full_match(wanted, path) else None


_PATHS: dict[str, Callable[[str, str], int | None]] = {
    "path": _exact,
    "prefix": _prefix,
    "path_separated_prefix": _separated,
    "safe_regex": _regex,
}
_KINDS = {"path": "exact", "prefix": "prefix", "path_separated_prefix": "path prefix", "safe_regex": "regex"}
