"""What a route makes of path and host: rewrites for the upstream, and the Location of a redirect.

Source: source/common/router/config_impl.cc (finalizeRequestHeaders, newUri).
"""

from typing import Protocol

from envoy.config.route.v3.route_components_pb2 import (
    RedirectAction,
    RouteAction,
    RouteMatch,
    WeightedCluster,
)
from envoy.type.matcher.v3.regex_pb2 import RegexMatchAndSubstitute

from lateen.simulate import paths
from lateen.simulate.conditions import matched_path
from lateen.simulate.fields import AUTHORITY, PATH, SCHEME, Fields
from lateen.simulate.strings import replace_all

FORWARDED_PROTO = "x-forwarded-proto"
_STATUSES = {
    RedirectAction.MOVED_PERMANENTLY: 301,
    RedirectAction.FOUND: 302,
    RedirectAction.SEE_OTHER: 303,
    RedirectAction.TEMPORARY_REDIRECT: 307,
    RedirectAction.PERMANENT_REDIRECT: 308,
}
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class _Rewrite(Protocol):
    """The fields that a RouteAction and a RedirectAction have in common."""

    @property
    def prefix_rewrite(self) -> str:
        """What replaces the matched part."""

    @property
    def regex_rewrite(self) -> RegexMatchAndSubstitute:
        """What replaces the path."""


def rewritten_path(match: RouteMatch, rewrite: _Rewrite, path: str) -> str:
    """Return the path after the rewrite; the query stays."""
    if rewrite.regex_rewrite.pattern.regex:
        bare, query = paths.split(path)
        pattern, substitution = rewrite.regex_rewrite.pattern.regex, rewrite.regex_rewrite.substitution
        return replace_all(pattern, substitution, bare) + query
    if rewrite.prefix_rewrite:
        taken = matched_path(match, paths.bare(path))[1] or ""
        return rewrite.prefix_rewrite + path[len(taken) :]
    return path


def rewrite_path(match: RouteMatch, rewrite: _Rewrite, fields: Fields) -> None:
    """Rewrite the path in the headers, where the original one is kept beside it."""
    if rewrite.prefix_rewrite or rewrite.regex_rewrite.pattern.regex:
        original = fields.value(PATH)
        fields.set("x-envoy-original-path", original)
        fields.set(PATH, rewritten_path(match, rewrite, original))


def rewrite_request(
    match: RouteMatch, action: RouteAction, weighted: WeightedCluster.ClusterWeight | None, fields: Fields
) -> None:
    """Rewrite path and host for the upstream."""
    host = _new_host(action, weighted, fields)
    if host:
        if action.append_x_forwarded_host:
            fields.add("x-forwarded-host", fields.value(AUTHORITY))
        fields.set("x-envoy-original-host", fields.value(AUTHORITY))
        fields.set(AUTHORITY, host)
    rewrite_path(match, action, fields)


def _new_host(action: RouteAction, weighted: WeightedCluster.ClusterWeight | None, fields: Fields) -> str:
    if weighted is not None and weighted.host_rewrite_literal:
        return weighted.host_rewrite_literal
    kind = action.WhichOneof("host_rewrite_specifier")
    if kind == "host_rewrite_literal":
        return action.host_rewrite_literal
    if kind == "host_rewrite_header":
        return fields.first(action.host_rewrite_header) or ""
    if kind == "host_rewrite_path_regex":
        rewrite = action.host_rewrite_path_regex
        return replace_all(rewrite.pattern.regex, rewrite.substitution, paths.bare(fields.value(PATH)))
    return ""


def redirect_status(redirect: RedirectAction) -> int:
    """Return the HTTP status."""
    return _STATUSES[redirect.response_code]


def location(match: RouteMatch, redirect: RedirectAction, fields: Fields) -> str:
    """Return the Location of a redirect."""
    scheme = _redirect_scheme(redirect, fields)
    host = redirect.host_redirect or _kept_host(fields, scheme, bool(redirect.port_redirect))
    port = f":{redirect.port_redirect}" if redirect.port_redirect else ""
    return f"{scheme}://{host}{port}{_redirect_path(match, redirect, fields.value(PATH))}"


def _redirect_scheme(redirect: RedirectAction, fields: Fields) -> str:
    if redirect.https_redirect:
        return "https"
    return redirect.scheme_redirect or fields.value(SCHEME)


def _kept_host(fields: Fields, scheme: str, new_port: bool) -> str:  # noqa: FBT001  one caller, in this file
    """Keep the request's host; its port goes when it is replaced or was the default of the scheme that is left."""
    host = fields.value(AUTHORITY)
    bare = paths.host_without_port(host)
    spoken = fields.value(FORWARDED_PROTO) or fields.value(SCHEME)
    port = host[len(bare) + 1 :]
    gone = new_port or (scheme != spoken and port == _DEFAULT_PORTS.get(spoken))
    return bare if gone else host


def _redirect_path(match: RouteMatch, redirect: RedirectAction, path: str) -> str:
    bare, query = paths.split(path)
    kept = "" if redirect.strip_query else query
    if redirect.path_redirect:
        return redirect.path_redirect if "?" in redirect.path_redirect else redirect.path_redirect + kept
    return rewritten_path(match, redirect, bare) + kept


def tls_location(fields: Fields) -> str:
    """Return where a virtual host that requires TLS sends a plain request; a port stays, whichever it is."""
    return f"https://{fields.value(AUTHORITY)}{fields.value(PATH)}"
