"""VirtualService (networking.istio.io): how requests for some hosts are routed."""

from __future__ import annotations

from typing import Literal

from lateen.api.common import Destination, Duration, Percent, StringMatch
from lateen.api.message import Int32, Message, OneOf, UInt32

RedirectPortSelection = Literal["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"]
Bytes = bytes  # the name inside HTTPBody, whose field is called bytes
UnmatchedPreflights = Literal["UNSPECIFIED", "FORWARD", "IGNORE"]


class VirtualService(Message, frozen=True):
    """Routing rules for requests to `hosts`, in the sidecars of the mesh, on gateways, or both."""

    hosts: tuple[str, ...] = ()
    """Hosts the rules are for; empty makes the object a delegate. Envoy: domains of virtual hosts, server names for TLS."""
    gateways: tuple[str, ...] = ()
    """Gateways (`ns/name`, `name`) and `mesh` for sidecars; empty is `mesh`. Envoy: which listeners carry the routes."""
    http: tuple[HTTPRoute, ...] = ()
    """HTTP routes in order; the first that matches wins. Envoy: routes of the virtual host."""
    tls: tuple[TLSRoute, ...] = ()
    """Routes by SNI for TLS that is passed through. Envoy: filter chains with `tcp_proxy`."""
    tcp: tuple[TCPRoute, ...] = ()
    """Routes for plain TCP. Envoy: filter chains with `tcp_proxy`."""
    export_to: tuple[str, ...] = ()
    """Namespaces that see it: `.`, `*` or names; empty is the mesh's default. Envoy: nothing where unseen."""


class HTTPRoute(Message, frozen=True):
    """One HTTP rule: conditions, then a destination, redirect, direct response or delegate."""

    name: str | None = None
    """Shown in access logs. Envoy: route name, joined with the match's name by a dot."""
    match: tuple[HTTPMatchRequest, ...] = ()
    """Alternatives of which one must hold; empty matches all. Envoy: one route each."""
    route: tuple[HTTPRouteDestination, ...] = ()
    """Where requests go, by weight. Envoy: `cluster` or `weighted_clusters`."""
    redirect: HTTPRedirect | None = None
    """Answer with a redirect instead. Envoy: `redirect`."""
    direct_response: HTTPDirectResponse | None = None
    """Answer with a fixed response instead. Envoy: `direct_response`."""
    delegate: Delegate | None = None
    """Take the routes from another VirtualService, which has no hosts. Envoy: the merged routes."""
    rewrite: HTTPRewrite | None = None
    """Change path or authority before forwarding. Envoy: `prefix_rewrite`, `regex_rewrite`, `host_rewrite_literal`."""
    timeout: Duration | None = None
    """Limit for the whole request with its retries; unset is none. Envoy: `timeout`."""
    retries: HTTPRetry | None = None
    """Retry rules; unset is the mesh's default of 2 attempts. Envoy: `retry_policy`."""
    fault: HTTPFaultInjection | None = None
    """Delays and aborts for testing. Envoy: the fault filter, per route."""
    mirror: Destination | None = None
    """A service that gets a copy of each request. Envoy: `request_mirror_policies`."""
    mirrors: tuple[HTTPMirrorPolicy, ...] = ()
    """Several services that get copies. Envoy: `request_mirror_policies`."""
    mirror_percent: UInt32 | None = None
    """Deprecated share of mirrored requests, 0 to 100. Envoy: `runtime_fraction`."""
    mirror_percentage: Percent | None = None
    """Share of requests that `mirror` copies; unset is all. Envoy: `runtime_fraction`."""
    cors_policy: CorsPolicy | None = None
    """Cross-origin rules. Envoy: the CORS filter, per route."""
    headers: Headers | None = None
    """Header changes on requests and responses. Envoy: `request_headers_to_add` and the like."""


class Delegate(Message, frozen=True):
    """A VirtualService without hosts that holds the routes."""

    name: str | None = None
    """Its name."""
    namespace: str | None = None
    """Its namespace; unset is that of the root VirtualService."""


class Headers(Message, frozen=True):
    """Header changes in both directions."""

    request: HeaderOperations | None = None
    """Before the request is forwarded."""
    response: HeaderOperations | None = None
    """Before the response is returned."""


class HeaderOperations(Message, frozen=True):
    """Headers to set, add and remove (`Headers.HeaderOperations`)."""

    set: dict[str, str] = {}
    """Replaced or created. Envoy: `OVERWRITE_IF_EXISTS_OR_ADD`."""
    add: dict[str, str] = {}
    """Appended. Envoy: `APPEND_IF_EXISTS_OR_ADD`."""
    remove: tuple[str, ...] = ()
    """Removed. Envoy: `request_headers_to_remove`, `response_headers_to_remove`."""


class TLSRoute(Message, frozen=True):
    """One rule for TLS that is not terminated."""

    match: tuple[TLSMatchAttributes, ...] = ()
    """Alternatives of which one must hold; required. Envoy: `filter_chain_match`."""
    route: tuple[RouteDestination, ...] = ()
    """Where connections go, by weight. Envoy: `tcp_proxy` cluster or weighted clusters."""


class TCPRoute(Message, frozen=True):
    """One rule for TCP connections."""

    match: tuple[L4MatchAttributes, ...] = ()
    """Alternatives of which one must hold; empty matches all. Envoy: `filter_chain_match`."""
    route: tuple[RouteDestination, ...] = ()
    """Where connections go, by weight. Envoy: `tcp_proxy` cluster or weighted clusters."""


class HTTPMatchRequest(Message, frozen=True):
    """Conditions on a request, all of which must hold."""

    name: str | None = None
    """Second part of the route's name in logs. Envoy: route name."""
    uri: StringMatch | None = None
    """The path without query. Envoy: `path`, `prefix` or `safe_regex`."""
    scheme: StringMatch | None = None
    """http or https. Envoy: header `:scheme`."""
    method: StringMatch | None = None
    """Request method. Envoy: header `:method`."""
    authority: StringMatch | None = None
    """Host header. Envoy: header `:authority`."""
    headers: dict[str, StringMatch] = {}
    """Headers by lower-case name; an empty match asks for presence. Envoy: header matchers, sorted by name."""
    port: UInt32 | None = None
    """Port that the request came in on. Envoy: the route exists only in that port's configuration."""
    source_labels: dict[str, str] = {}
    """Labels of the calling workload; decides which proxies get the route."""
    gateways: tuple[str, ...] = ()
    """Replaces the VirtualService's `gateways` for this match; with it the source conditions are ignored."""
    query_params: dict[str, StringMatch] = {}
    """Query parameters by name. Envoy: `query_parameters`."""
    ignore_uri_case: bool | None = None
    """Compare `uri` exact and prefix without case; unset is false. Envoy: `case_sensitive`."""
    without_headers: dict[str, StringMatch] = {}
    """Headers that must not match. Envoy: inverted header matchers."""
    source_namespace: str | None = None
    """Namespace of the calling workload; decides which proxies get the route."""
    stat_prefix: str | None = None
    """Prefix of the route's own statistics. Envoy: `stat_prefix`."""


class HTTPRouteDestination(Message, frozen=True):
    """A destination with its share of the requests."""

    destination: Destination | None = None
    """The service; required."""
    weight: Int32 | None = None
    """Share relative to the other weights; without meaning when alone, else unset is 0. Envoy: cluster weight."""
    headers: Headers | None = None
    """Header changes for this destination. Envoy: on the weighted cluster, or on the route when alone."""


class RouteDestination(Message, frozen=True):
    """A destination with its share of the connections."""

    destination: Destination | None = None
    """The service; required."""
    weight: Int32 | None = None
    """Share relative to the other weights; without meaning when alone, else unset is 0. Envoy: cluster weight."""


class L4MatchAttributes(Message, frozen=True):
    """Conditions on a TCP connection, all of which must hold."""

    destination_subnets: tuple[str, ...] = ()
    """Addresses or CIDRs of the original destination. Envoy: `prefix_ranges`."""
    port: UInt32 | None = None
    """Port of the listener; decides where the route exists."""
    source_subnet: str | None = None
    """Never implemented in Istio; no effect."""
    source_labels: dict[str, str] = {}
    """Labels of the calling workload; decides which proxies get the route."""
    gateways: tuple[str, ...] = ()
    """Replaces the VirtualService's `gateways` for this match."""
    source_namespace: str | None = None
    """Namespace of the calling workload; decides which proxies get the route."""


class TLSMatchAttributes(Message, frozen=True):
    """Conditions on a TLS connection, all of which must hold."""

    sni_hosts: tuple[str, ...] = ()
    """Server names, with `*.` wildcards; required. Envoy: `server_names`."""
    destination_subnets: tuple[str, ...] = ()
    """Addresses or CIDRs of the original destination. Envoy: `prefix_ranges`."""
    port: UInt32 | None = None
    """Port of the listener; decides where the route exists."""
    source_labels: dict[str, str] = {}
    """Labels of the calling workload; decides which proxies get the route."""
    gateways: tuple[str, ...] = ()
    """Replaces the VirtualService's `gateways` for this match."""
    source_namespace: str | None = None
    """Namespace of the calling workload; decides which proxies get the route."""


class HTTPRedirect(OneOf, frozen=True):
    """A redirect as the answer."""

    oneofs = (("port", "derive_port"),)

    uri: str | None = None
    """New path; unset keeps it. Envoy: `path_redirect`."""
    authority: str | None = None
    """New host; unset keeps it. Envoy: `host_redirect`."""
    port: UInt32 | None = None
    """New port. Envoy: `port_redirect`, unless it is the scheme's default."""
    derive_port: RedirectPortSelection | None = None
    """New port from the scheme or from the listener. Envoy: `port_redirect`."""
    scheme: str | None = None
    """http or https; unset keeps it. Envoy: `scheme_redirect`."""
    redirect_code: UInt32 | None = None
    """301, 302, 303, 307 or 308; unset is 301. Envoy: `response_code`."""
    prefix_rewrite: str | None = None
    """Replaces the matched prefix of the path. Envoy: `prefix_rewrite`."""


class HTTPDirectResponse(Message, frozen=True):
    """A fixed answer."""

    status: UInt32 = 0
    """HTTP status, 200 to 599; required. Envoy: `direct_response.status`."""
    body: HTTPBody | None = None
    """Response body; unset is empty. Envoy: `direct_response.body`."""


class HTTPBody(OneOf, frozen=True):
    """A response body of at most 1 MiB."""

    oneofs = (("string", "bytes"),)

    string: str | None = None
    """As text. Envoy: `inline_string`."""
    bytes: Bytes | None = None
    """As base64 in YAML. Envoy: `inline_bytes`."""


class HTTPRewrite(Message, frozen=True):
    """Changes to path and authority before forwarding."""

    uri: str | None = None
    """Replaces the matched prefix, or the whole path of an exact match. Envoy: `prefix_rewrite`."""
    authority: str | None = None
    """New Host header. Envoy: `host_rewrite_literal`."""
    uri_regex_rewrite: RegexRewrite | None = None
    """Rewrites the path by an expression. Envoy: `regex_rewrite`."""


class RegexRewrite(Message, frozen=True):
    """A substitution over the path."""

    match: str | None = None
    """RE2 expression. Envoy: `pattern`."""
    rewrite: str | None = None
    r"""Substitution with `\1` groups. Envoy: `substitution`."""


class HTTPRetry(Message, frozen=True):
    """When and how often to try again."""

    attempts: Int32 | None = None
    """Tries after the first; unset here is 0, which switches retries off. Envoy: `num_retries`."""
    per_try_timeout: Duration | None = None
    """Limit of each try; unset is the route's timeout. Envoy: `per_try_timeout`."""
    retry_on: str | None = None
    """Comma list of Envoy's conditions and status codes; unset is Istio's default list. Envoy: `retry_on`."""
    retry_remote_localities: bool | None = None
    """Also try other localities; unset is false. Envoy: `retry_priority` previous priorities."""
    retry_ignore_previous_hosts: bool | None = None
    """Avoid hosts already tried; unset is true. Envoy: `retry_host_predicate` previous hosts."""
    backoff: Duration | None = None
    """Shortest wait between tries; unset is Envoy's 25ms. Envoy: `retry_back_off.base_interval`."""


class CorsPolicy(Message, frozen=True):
    """Cross-origin resource sharing."""

    allow_origin: tuple[str, ...] = ()
    """Deprecated exact origins; ignored beside `allow_origins`. Envoy: `allow_origin_string_match`."""
    allow_origins: tuple[StringMatch, ...] = ()
    """Origins that may call. Envoy: `allow_origin_string_match`."""
    allow_methods: tuple[str, ...] = ()
    """Methods that may be used. Envoy: `allow_methods`."""
    allow_headers: tuple[str, ...] = ()
    """Request headers that may be used. Envoy: `allow_headers`."""
    expose_headers: tuple[str, ...] = ()
    """Response headers that scripts may read. Envoy: `expose_headers`."""
    max_age: Duration | None = None
    """How long a preflight may be cached, in whole seconds. Envoy: `max_age`."""
    allow_credentials: bool | None = None
    """Whether credentials may be sent. Envoy: `allow_credentials`."""
    unmatched_preflights: UnmatchedPreflights | None = None
    """Preflights of other origins go to the service or not; unset is FORWARD. Envoy: `forward_not_matching_preflights`."""


class HTTPFaultInjection(Message, frozen=True):
    """Faults on purpose."""

    delay: FaultDelay | None = None
    """Delay requests. Envoy: fault filter `delay`."""
    abort: FaultAbort | None = None
    """Answer with an error. Envoy: fault filter `abort`."""


class FaultDelay(OneOf, frozen=True):
    """A delay before forwarding (`HTTPFaultInjection.Delay`)."""

    oneofs = (("fixed_delay", "exponential_delay"),)

    percent: Int32 | None = None
    """Deprecated share in whole percent. Envoy: `percentage`."""
    fixed_delay: Duration | None = None
    """How long. Envoy: `fixed_delay`."""
    exponential_delay: Duration | None = None
    """Never implemented in Istio; refused."""
    percentage: Percent | None = None
    """Share of requests; unset is 0, so nothing is delayed. Envoy: `percentage`."""


class FaultAbort(OneOf, frozen=True):
    """An error as the answer (`HTTPFaultInjection.Abort`)."""

    oneofs = (("http_status", "grpc_status", "http2_error"),)

    http_status: Int32 | None = None
    """HTTP status. Envoy: `http_status`."""
    grpc_status: str | None = None
    """gRPC status by name, e.g. UNAVAILABLE. Envoy: `grpc_status`."""
    http2_error: str | None = None
    """Never implemented in Istio; refused."""
    percentage: Percent | None = None
    """Share of requests; unset is 0, so nothing is aborted. Envoy: `percentage`."""


class HTTPMirrorPolicy(Message, frozen=True):
    """A service that gets copies of requests."""

    destination: Destination | None = None
    """The service; required."""
    percentage: Percent | None = None
    """Share of requests; unset is all. Envoy: `runtime_fraction`."""
