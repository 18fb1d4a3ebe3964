"""CORS rules of a route → the CORS filter's configuration for it (route.go, TranslateCORSPolicy)."""

from collections.abc import Iterable

from envoy.extensions.filters.http.cors.v3.cors_pb2 import CorsPolicy
from envoy.type.matcher.v3.string_pb2 import StringMatcher

from lateen.api import virtual_service as api
from lateen.translate import message
from lateen.translate.match import string_matcher
from lateen.translate.percent import runtime_fraction

SECOND = 10**9


def cors_of_route(policy: api.CorsPolicy) -> CorsPolicy:
    """Return the rules; a preflight of an unknown origin reaches the service unless IGNORE says otherwise."""
    rules = CorsPolicy(
        allow_origin_string_match=_origins(policy),
        allow_methods=",".join(policy.allow_methods),
        allow_headers=",".join(policy.allow_headers),
        expose_headers=",".join(policy.expose_headers),
        filter_enabled=runtime_fraction(100),
        forward_not_matching_preflights=message.boolean(policy.unmatched_preflights != "IGNORE"),
    )
    if policy.max_age is not None:
        rules.max_age = str(policy.max_age // SECOND)
    if policy.allow_credentials is not None:
        rules.allow_credentials.CopyFrom(message.boolean(policy.allow_credentials))
    return rules


def _origins(policy: api.CorsPolicy) -> Iterable[StringMatcher]:
    if policy.allow_origins:
        return [found for origin in policy.allow_origins if (found := string_matcher(origin)) is not None]
    return [StringMatcher(exact=origin) for origin in policy.allow_origin]
