"""HTTPRewrite → the fields of a RouteAction that change path and authority (route.go, applyHTTPRouteDestination)."""

from envoy.config.route.v3.route_components_pb2 import RouteAction
from envoy.type.matcher.v3.regex_pb2 import RegexMatchAndSubstitute, RegexMatcher

from lateen.api.virtual_service import HTTPRewrite


def rewrite_path(action: RouteAction, rewrite: HTTPRewrite | None) -> None:
    """Replace the matched prefix, the whole path of an exact match, or what an expression finds."""
    if rewrite is None:
        return
    if rewrite.uri_regex_rewrite is not None:
        action.regex_rewrite.CopyFrom(
            RegexMatchAndSubstitute(
                pattern=RegexMatcher(regex=rewrite.uri_regex_rewrite.match or ""),
                substitution=rewrite.uri_regex_rewrite.rewrite or "",
            )
        )
    elif rewrite.uri:
        action.prefix_rewrite = rewrite.uri


def new_authority(rewrite: HTTPRewrite | None, from_route: str, from_destination: str) -> str:
    """Choose the new Host, or an empty string: the rewrite's, the route's header operations', the destination's."""
    return (rewrite.authority if rewrite else None) or from_route or from_destination
