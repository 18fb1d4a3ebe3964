"""A consistent hash → the HashPolicy of a route that leads to the cluster (route.go, ConsistentHashToHashPolicy)."""

from envoy.config.route.v3.route_components_pb2 import RouteAction

from lateen.api.load_balancer import ConsistentHashLB, HTTPCookie
from lateen.translate import message

HashPolicy = RouteAction.HashPolicy


def hash_policy(consistent: ConsistentHashLB | None) -> RouteAction.HashPolicy | None:
    """Return what of a request is hashed; None when nothing is said, or something without a name."""
    if consistent is None:
        return None
    if consistent.http_header_name:
        return HashPolicy(header=HashPolicy.Header(header_name=consistent.http_header_name))
    if consistent.http_cookie is not None and consistent.http_cookie.name:
        return HashPolicy(cookie=_cookie(consistent.http_cookie))
    if consistent.use_source_ip is not None:
        return HashPolicy(
            connection_properties=HashPolicy.ConnectionProperties(source_ip=consistent.use_source_ip)
        )
    if consistent.http_query_parameter_name:
        return HashPolicy(
            query_parameter=HashPolicy.QueryParameter(name=consistent.http_query_parameter_name)
        )
    return None


def _cookie(cookie: HTTPCookie) -> RouteAction.HashPolicy.Cookie:
    """Return the cookie; with a `ttl` (0 is a session) Envoy makes one for callers that have none."""
    return HashPolicy.Cookie(
        name=cookie.name,
        ttl=message.optional_duration(cookie.ttl),
        path=cookie.path or "",
        attributes=[
            HashPolicy.CookieAttribute(name=one.name, value=one.value or "") for one in cookie.attributes
        ],
    )
