"""A request condition → RouteMatch, encoded (pilot/pkg/networking/core/route/route.go, TranslateRouteMatch)."""

from collections.abc import Iterable

from envoy.config.route.v3.route_components_pb2 import HeaderMatcher, QueryParameterMatcher, RouteMatch
from envoy.type.matcher.v3.metadata_pb2 import MetadataMatcher
from envoy.type.matcher.v3.regex_pb2 import RegexMatcher
from envoy.type.matcher.v3.string_pb2 import StringMatcher
from envoy.type.matcher.v3.value_pb2 import ListMatcher, OrMatcher, ValueMatcher

from lateen.api.check.primitives.headers import CLAIM
from lateen.api.common import StringMatch
from lateen.api.virtual_service import HTTPMatchRequest
from lateen.model.routing_match import is_presence
from lateen.translate import message, names
from lateen.translate.message import serialized
from lateen.translate.wire import field, numbers, text

_MATCH = numbers(RouteMatch)
_PATH, _PREFIX, _REGEX = (_MATCH[name] for name in ("path", "prefix", "safe_regex"))
_EVERYTHING = text(_PREFIX, "/")
_BY_CASE, _BY_ANY_CASE = (
    serialized(RouteMatch(case_sensitive=message.boolean(sensitive))) for sensitive in (True, False)
)
PAYLOAD = "payload"  # where the JWT filter leaves the claims in its metadata


def route_match(condition: HTTPMatchRequest | None) -> bytes:
    """Return the condition on requests; what a proxy or listener decides was decided before."""
    if condition is None:
        return _EVERYTHING
    path = _path(condition.uri) + (_BY_ANY_CASE if condition.ignore_uri_case else _BY_CASE)
    return path + serialized(_further(condition)) if _asks_further(condition) else path


def described(condition: HTTPMatchRequest | None) -> str:
    """Write a condition's path for people: `/*` for any."""
    uri = condition.uri if condition else None
    if uri is not None and uri.exact is not None:
        return uri.exact
    if uri is not None and uri.prefix is None and uri.regex is not None:
        return uri.regex
    return f"{uri.prefix}*" if uri is not None and uri.prefix is not None else "/*"


def _asks_further(condition: HTTPMatchRequest) -> bool:
    """Tell whether there is a condition on anything but the path; most routes have none."""
    if condition.headers or condition.without_headers or condition.query_params:
        return True
    return not (condition.method is condition.authority is condition.scheme is None)


def _further(condition: HTTPMatchRequest) -> RouteMatch:
    queries = condition.query_params
    return RouteMatch(
        headers=_headers(condition),
        query_parameters=[query_parameter(name, queries[name]) for name in sorted(queries)],
        dynamic_metadata=_claims(condition),
    )


def string_matcher(wanted: StringMatch) -> StringMatcher | None:
    """Return Envoy's form of a text condition; None when it has none."""
    if wanted.exact is not None:
        return StringMatcher(exact=wanted.exact)
    if wanted.prefix is not None:
        return StringMatcher(prefix=wanted.prefix)
    if wanted.regex is not None:
        return StringMatcher(safe_regex=RegexMatcher(regex=wanted.regex))
    return None


def header(name: str, wanted: StringMatch) -> HeaderMatcher:
    """Return a condition on a header."""
    if is_presence(wanted):
        return HeaderMatcher(name=name, present_match=True)
    return HeaderMatcher(name=name, string_match=string_matcher(wanted))


def absent_header(name: str, wanted: StringMatch) -> HeaderMatcher:
    """Return the opposite condition; a request without the header passes, too."""
    opposite = header(name, wanted)
    opposite.invert_match = True
    if not is_presence(wanted):
        opposite.treat_missing_header_as_empty = True
    return opposite


def query_parameter(name: str, wanted: StringMatch) -> QueryParameterMatcher:
    """Return a condition on a parameter of the query."""
    if is_presence(wanted):
        return QueryParameterMatcher(name=name, present_match=True)
    return QueryParameterMatcher(name=name, string_match=string_matcher(wanted))


def claim_path(name: str) -> tuple[str, ...]:
    """Read `@request.auth.claims.a.b` or `@request.auth.claims[a][b]`; empty for an ordinary header."""
    if not name.lower().startswith(CLAIM):
        return ()
    rest = name[len(CLAIM) :]
    if rest.startswith(".") and len(rest) > 1:
        return tuple(rest[1:].split("."))
    if rest.startswith("[") and rest.endswith("]") and len(rest) > 2:
        return tuple(rest[1:-1].split("]["))
    return ()


def claim(path: Iterable[str], wanted: StringMatch) -> MetadataMatcher:
    """Return a condition on a claim, which is a text or a list that holds one."""
    single = (
        ValueMatcher(present_match=True)
        if is_presence(wanted)
        else ValueMatcher(string_match=string_matcher(wanted))
    )
    listed = ValueMatcher(list_match=ListMatcher(one_of=single))
    return MetadataMatcher(
        filter=names.JWT_AUTHN,
        path=[MetadataMatcher.PathSegment(key=key) for key in (PAYLOAD, *path)],
        value=ValueMatcher(or_match=OrMatcher(value_matchers=[listed, single])),
    )


def _path(uri: StringMatch | None) -> bytes:
    if uri is not None and uri.exact is not None:
        return text(_PATH, uri.exact)
    if uri is not None and uri.prefix is not None:
        return text(_PREFIX, uri.prefix)
    if uri is not None and uri.regex is not None:
        return field(_REGEX, serialized(RegexMatcher(regex=uri.regex)))
    return _EVERYTHING


def _headers(condition: HTTPMatchRequest) -> Iterable[HeaderMatcher]:
    """Yield named headers in the order of the alphabet, then the pseudo headers."""
    wanted = [header(name, value) for name, value in condition.headers.items() if not claim_path(name)]
    unwanted = [
        absent_header(name, value)
        for name, value in condition.without_headers.items()
        if not claim_path(name)
    ]
    yield from sorted((*wanted, *unwanted), key=lambda one: one.name)
    pseudo = (
        (":method", condition.method),
        (":authority", condition.authority),
        (":scheme", condition.scheme),
    )
    yield from (header(name, value) for name, value in pseudo if value is not None)


def _claims(condition: HTTPMatchRequest) -> Iterable[MetadataMatcher]:
    for name in sorted(condition.headers):
        if path := claim_path(name):
            yield claim(path, condition.headers[name])
    for name in sorted(condition.without_headers):
        if path := claim_path(name):
            unwanted = claim(path, condition.without_headers[name])
            unwanted.invert = True
            yield unwanted
