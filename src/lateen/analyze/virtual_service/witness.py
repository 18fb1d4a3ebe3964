"""A request that meets a condition, as proof of what is said about the condition."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from lateen.analyze.virtual_service.containment import holds
from lateen.analyze.virtual_service.sample import sample
from lateen.api.common import StringMatch
from lateen.api.virtual_service import HTTPMatchRequest
from lateen.model.defaults import SCHEME_PORTS
from lateen.model.routing_match import is_presence

NOTHING = HTTPMatchRequest()


class Example(Struct, frozen=True, kw_only=True):
    """One request."""

    method: str = "GET"
    scheme: str = "http"
    host: str
    port: int = 80
    path: str = "/"
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Write it as `lateen explain` takes it."""
        port = "" if SCHEME_PORTS.get(self.scheme) == self.port else f":{self.port}"
        query = "&".join(f"{key}={value}" for key, value in self.query)
        url = f"{self.scheme}://{self.host}{port}{self.path}{'?' if query else ''}{query}"
        quoted = f"'{url}'" if query else url
        return " ".join((self.method, quoted, *(f"-H '{key}: {value}'" for key, value in self.headers)))


def example(condition: HTTPMatchRequest, host: str, port: int) -> Example | None:
    """Return a request for a host and port that meets a condition; None when none was found."""
    path = _text(condition.uri, "/", "/")
    headers = tuple(_pairs(condition.headers))
    query = tuple(_pairs(condition.query_params))
    method, scheme = _text(condition.method, "GET"), _text(condition.scheme, "http")
    authority = _text(condition.authority, host)
    if None in (path, method, scheme, authority):
        return None
    made = Example(
        method=method or "",
        scheme=scheme or "",
        host=(authority or "").partition(":")[0],
        port=condition.port or port,
        path=path or "/",
        query=query,
        headers=headers,
    )
    return made if meets(made, condition) else None


def meets(request: Example, condition: HTTPMatchRequest | None) -> bool:
    """Tell whether a request meets what a condition says about requests."""
    wanted = condition or NOTHING
    headers = {key.lower(): value for key, value in request.headers}
    path, uri = request.path, wanted.uri
    if wanted.ignore_uri_case and uri is not None and uri.regex is None:
        path, uri = (
            path.lower(),
            StringMatch(
                exact=uri.exact.lower() if uri.exact else None,
                prefix=uri.prefix.lower() if uri.prefix else None,
            ),
        )
    singles = ((uri, path), (wanted.method, request.method), (wanted.scheme, request.scheme))
    return (
        all(one is None or holds(one, text) for one, text in singles)
        and _has(wanted.headers, headers)
        and _has(wanted.query_params, dict(request.query))
        and not any(
            key.lower() in headers and holds(one, headers[key.lower()])
            for key, one in wanted.without_headers.items()
        )
        and (
            wanted.authority is None
            or holds(wanted.authority, request.host)
            or holds(wanted.authority, f"{request.host}:{request.port}")
        )
        and (not wanted.port or wanted.port == request.port)
    )


def _has(wanted: Mapping[str, StringMatch], values: Mapping[str, str]) -> bool:
    return all(
        (value := values.get(key.lower(), values.get(key))) is not None and holds(one, value)
        for key, one in wanted.items()
    )


def _pairs(wanted: Mapping[str, StringMatch]) -> Iterator[tuple[str, str]]:
    for key, one in wanted.items():
        yield key, _text(one, "x") or "x"


def _text(wanted: StringMatch | None, default: str, beginning: str = "") -> str | None:
    if wanted is None or is_presence(wanted):
        return default
    if wanted.exact is not None:
        return wanted.exact
    if wanted.prefix is not None:
        return wanted.prefix
    if holds(wanted, default):
        return default
    return sample(wanted.regex or "", beginning)


def concrete(host: str) -> str:
    """Return a name that a host stands for."""
    if host == "*":
        return "any.example"
    return f"any{host[1:]}" if host.startswith("*") else host
