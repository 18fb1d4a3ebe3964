"""What an HTTP rule does with requests: redirect, answer, rewrite, fault, CORS (pkg/config/validation/validation.go)."""

import re
from difflib import get_close_matches

from lateen.api.check.primitives import headers
from lateen.api.check.primitives.durations import SECOND, duration
from lateen.api.check.primitives.numbers import fraction, optional_port, percent, status
from lateen.api.check.primitives.regexes import group_count, regex
from lateen.api.check.primitives.strings import one_line, pattern
from lateen.api.check.report import Report
from lateen.api.grpc_status import GRPC_STATUSES
from lateen.api.virtual_service import (
    CorsPolicy,
    FaultAbort,
    FaultDelay,
    HTTPDirectResponse,
    HTTPFaultInjection,
    HTTPMatchRequest,
    HTTPRedirect,
    HTTPRewrite,
    RegexRewrite,
)

REDIRECT_CODES = (301, 302, 303, 307, 308)
LARGEST_BODY, LARGE_BODY = 1024 * 1024, 100 * 1024
GROUP = re.compile(r"\\([0-9])")


def redirect(report: Report, path: str, given: HTTPRedirect, matches: tuple[HTTPMatchRequest, ...]) -> None:
    """Check a redirect; `matches` are the conditions of its rule."""
    if given.uri and given.prefix_rewrite:
        report.error(f"{path}.prefixRewrite", "uri and prefixRewrite exclude each other")
    if given.prefix_rewrite and any(one.uri is not None and one.uri.prefix is None for one in matches):
        report.error(f"{path}.prefixRewrite", "prefixRewrite needs matches on uri.prefix only")
    has_port = given.port is not None or given.derive_port is not None
    if not (given.uri or given.prefix_rewrite or given.authority or given.scheme or has_port):
        report.error(path, "the redirect changes nothing: one of uri, authority, scheme and port is needed")
    if given.scheme and given.scheme not in ("http", "https"):
        report.error(f"{path}.scheme", f"{given.scheme!r} is not http or https")
    optional_port(report, f"{path}.port", given.port)
    _redirect_code(report, f"{path}.redirectCode", given.redirect_code or 0)
    for field, text in (
        ("uri", given.uri),
        ("prefixRewrite", given.prefix_rewrite),
        ("authority", given.authority),
    ):
        one_line(report, f"{path}.{field}", text)


def _redirect_code(report: Report, path: str, code: int) -> None:
    allowed = ", ".join(map(str, REDIRECT_CODES))
    if code and not 300 <= code <= 399:
        report.error(path, f"{code} is not the status of a redirect; there are {allowed}")
    elif code and code not in REDIRECT_CODES:
        report.envoy(path, f"Envoy does not redirect with {code}; it knows {allowed}")


def direct_response(report: Report, path: str, given: HTTPDirectResponse) -> None:
    """Check a fixed answer."""
    status(report, f"{path}.status", given.status)
    body = given.body
    if body is None:
        return
    size = len(body.string.encode(errors="replace")) if body.string is not None else len(body.bytes or b"")
    if size > LARGEST_BODY:
        report.error(f"{path}.body", f"the body has {size} bytes, at most {LARGEST_BODY} are allowed (1 MiB)")
    elif size > LARGE_BODY:
        report.warning(f"{path}.body", f"the body has {size} bytes, which each proxy holds in memory")


def rewrite(report: Report, path: str, given: HTTPRewrite) -> None:
    """Check a rewrite of path and authority."""
    if given.uri and given.uri_regex_rewrite is not None:
        report.error(f"{path}.uriRegexRewrite", "uri and uriRegexRewrite exclude each other")
    if not (given.uri or given.authority or given.uri_regex_rewrite is not None):
        report.error(path, "the rewrite changes nothing: one of uri, uriRegexRewrite and authority is needed")
    if given.uri_regex_rewrite is not None:
        _regex_rewrite(report, f"{path}.uriRegexRewrite", given.uri_regex_rewrite)
    one_line(report, f"{path}.uri", given.uri)
    one_line(report, f"{path}.authority", given.authority)


def _regex_rewrite(report: Report, path: str, given: RegexRewrite) -> None:
    for field, text in (("match", given.match), ("rewrite", given.rewrite)):
        if not text:
            report.error(f"{path}.{field}", f"{field} is missing; both match and rewrite are needed")
    one_line(report, f"{path}.rewrite", given.rewrite)
    if not given.match or report.wrong(f"{path}.match", regex(given.match)):
        return
    groups = group_count(given.match)
    highest = max((int(found) for found in GROUP.findall(given.rewrite or "")), default=0)
    if highest > groups:
        report.warning(f"{path}.rewrite", f"the expression has {groups} groups, so \\{highest} is nothing")


def fault(report: Report, path: str, given: HTTPFaultInjection) -> None:
    """Check delays and errors on purpose."""
    if given.delay is None and given.abort is None:
        report.error(path, "the fault does nothing: delay, abort or both are needed")
    if given.delay is not None:
        _delay(report, f"{path}.delay", given.delay)
    if given.abort is not None:
        _abort(report, f"{path}.abort", given.abort)


def _delay(report: Report, path: str, given: FaultDelay) -> None:
    fraction(report, f"{path}.percentage", given.percentage)
    percent(report, f"{path}.percent", given.percent)
    duration(report, path, "fixedDelay", given.fixed_delay)
    if given.exponential_delay is not None:
        report.error(
            f"{path}.exponentialDelay", "exponentialDelay is not supported by Istio", "use fixedDelay"
        )


def _abort(report: Report, path: str, given: FaultAbort) -> None:
    fraction(report, f"{path}.percentage", given.percentage)
    if given.http_status is not None:
        status(report, f"{path}.httpStatus", given.http_status)
    elif given.grpc_status is not None:
        _grpc_status(report, f"{path}.grpcStatus", given.grpc_status)
    elif given.http2_error is not None:
        report.error(
            f"{path}.http2Error", "http2Error is not supported by Istio", "use httpStatus or grpcStatus"
        )
    else:
        report.warning(path, "the abort has no effect: it says neither httpStatus nor grpcStatus")


def _grpc_status(report: Report, path: str, given: str) -> None:
    if given not in GRPC_STATUSES:
        near = get_close_matches(given.upper(), GRPC_STATUSES, 1)
        report.error(
            path,
            f"{given!r} is not a gRPC status",
            f"did you mean {near[0]}?" if near else "e.g. UNAVAILABLE",
        )


def cors(report: Report, path: str, given: CorsPolicy) -> None:
    """Check a CORS policy."""
    for place, origin in enumerate(given.allow_origins):
        where = f"{path}.allowOrigins[{place}]"
        if not (origin.exact or origin.prefix or origin.regex):
            report.error(where, "the origin is empty", "write exact, prefix or regex with a text")
        else:
            pattern(report, where, origin)
    for place, method in enumerate(given.allow_methods):
        if method not in headers.METHODS:
            hint = f"did you mean {method.upper()}?" if method.upper() in headers.METHODS else ""
            report.error(f"{path}.allowMethods[{place}]", f"{method!r} is not a method of HTTP", hint)
    for field, names in (("allowHeaders", given.allow_headers), ("exposeHeaders", given.expose_headers)):
        for place, name in enumerate(names):
            report.wrong(f"{path}.{field}[{place}]", headers.cors_name(name))
    duration(report, path, "maxAge", given.max_age)
    if given.max_age is not None and given.max_age % SECOND:
        report.error(f"{path}.maxAge", f"maxAge is {given.max_age}; it is counted in whole seconds")
