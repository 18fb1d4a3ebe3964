"""Conditions on requests (pkg/config/validation/virtualservice.go validateHTTPRouteMatchRequest)."""

from lateen.api.check.match_source import match_source
from lateen.api.check.primitives.dns import is_label
from lateen.api.check.primitives.headers import condition_name, is_claim
from lateen.api.check.primitives.strings import PRESENT, pattern, string_match
from lateen.api.check.report import Report
from lateen.api.virtual_service import HTTPMatchRequest


def http_match(report: Report, path: str, match: HTTPMatchRequest, *, claims: bool) -> None:
    """Check the conditions of one match; with `claims`, those on tokens are allowed."""
    if match.uri is not None:
        pattern(report, f"{path}.uri", match.uri)  # an empty prefix of a path is as good as "/"
    if match.scheme is not None or match.method is not None or match.authority is not None:
        string_match(report, f"{path}.scheme", match.scheme)
        string_match(report, f"{path}.method", match.method)
        string_match(report, f"{path}.authority", match.authority)
    if match.headers or match.without_headers:
        _headers(report, path, match, claims=claims)
    for name, wanted in match.query_params.items():
        where = f"{path}.queryParams[{name}]"
        if not name:
            report.envoy(f"{path}.queryParams", "the name of the parameter is empty")
        string_match(report, where, wanted)
    _where(report, path, match)


def _headers(report: Report, path: str, match: HTTPMatchRequest, *, claims: bool) -> None:
    for name, wanted in match.headers.items():
        where = f"{path}.headers[{name}]"
        _name(report, where, name, claims=claims)
        string_match(report, where, wanted)
    for name, unwanted in match.without_headers.items():
        where = f"{path}.withoutHeaders[{name}]"
        _name(report, where, name, claims=claims)
        if unwanted.regex != PRESENT:
            string_match(report, where, unwanted)


def _name(report: Report, where: str, name: str, *, claims: bool) -> None:
    if not report.wrong(where, condition_name(name)) and not claims and is_claim(name):
        report.error(
            where, "claims of tokens can be asked for on gateways only", "bind it to gateways without mesh"
        )


def _where(report: Report, path: str, match: HTTPMatchRequest) -> None:
    match_source(report, path, match)
    if match.source_namespace and not is_label(match.source_namespace):
        report.error(f"{path}.sourceNamespace", f"{match.source_namespace!r} is not a namespace")
