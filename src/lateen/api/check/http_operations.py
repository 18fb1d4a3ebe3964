"""Changes of headers (pkg/config/validation/virtualservice.go, validation.go ValidateHTTPHeader…)."""

from lateen.api.check.primitives import substitutions
from lateen.api.check.primitives.headers import envoy_name, is_authority, operation_name
from lateen.api.check.report import Report
from lateen.api.virtual_service import HeaderOperations, Headers, HTTPRoute


def headers(report: Report, path: str, given: Headers) -> None:
    """Check the changes in both directions; only on requests the host may be set."""
    if given.request is not None:
        _operations(report, f"{path}.request", given.request, authority=True)
    if given.response is not None:
        _operations(report, f"{path}.response", given.response, authority=False)


def one_authority(report: Report, path: str, route: HTTPRoute) -> None:
    """Check that the host is changed in one place only."""
    request = route.headers.request if route.headers is not None else None
    if request is None:
        return
    taken = "rewrite.authority" if route.rewrite is not None and route.rewrite.authority else ""
    for field, given in (("set", request.set), ("add", request.add)):
        for name in given:
            if not is_authority(name):
                continue
            where = f"{path}.headers.request.{field}[{name}]"
            if taken:
                report.error(where, f"the host is already changed by {taken}", "keep one of the two")
            taken = taken or f"headers.request.{field}[{name}]"


def _operations(report: Report, path: str, given: HeaderOperations, *, authority: bool) -> None:
    for field, changed in (("set", given.set), ("add", given.add)):
        for name, value in changed.items():
            where = f"{path}.{field}[{name}]"
            _name(report, where, name, authority=authority)
            if not report.wrong(where, substitutions.istio(value)) and (said := substitutions.envoy(value)):
                report.envoy(where, said)
    for place, name in enumerate(given.remove):
        _name(report, f"{path}.remove[{place}]", name, authority=False)


def _name(report: Report, where: str, name: str, *, authority: bool) -> None:
    if not report.wrong(where, operation_name(name, authority=authority)) and (said := envoy_name(name)):
        report.envoy(where, said)
