"""What a matching route does (checklist 65 to 103)."""

import pytest

RATINGS = "outbound|9080||ratings.default.svc.cluster.local"
V1, V2 = (f"outbound|9080|{subset}|reviews.default.svc.cluster.local" for subset in ("v1", "v2"))
DEFAULT_RETRY = {
    "retry_on": "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
    "num_retries": 2,
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
            },
        }
    ],
    "host_selection_retry_max_attempts": "5",
}


def action(mesh, rest, view=None):
    return mesh.route(f"[{{route: [{{destination: {{host: ratings}}}}], {rest}}}]", view)["route"]


def retry(mesh, text):
    return action(mesh, f"retries: {text}").get("retry_policy")


def test_a_single_destination_with_the_defaults(mesh):
    assert mesh.route("[{route: [{destination: {host: ratings}, weight: 7}]}]")["route"] == {
        "cluster": RATINGS,
        "timeout": "0s",
        "max_grpc_timeout": "0s",
        "retry_policy": DEFAULT_RETRY,
    }


def test_a_service_without_rules(mesh):
    [only] = mesh.routes()
    assert only["name"] == "default"
    assert only["route"] == {
        "cluster": "outbound|9080||reviews.default.svc.cluster.local",
        "timeout": "0s",
        "max_grpc_timeout": "0s",
        "retry_policy": DEFAULT_RETRY,
    }
    assert only["decorator"] == {"operation": "reviews.default.svc.cluster.local:9080/*"}


def test_weights_are_relative_and_zero_is_left_out(mesh):
    found = mesh.route("""[{route: [
      {destination: {host: reviews, subset: v1}, weight: 3},
      {destination: {host: reviews, subset: v2}, weight: 1},
      {destination: {host: ratings}, weight: 0}]}]""")
    assert found["route"]["weighted_clusters"] == {
        "clusters": [{"name": V1, "weight": 3}, {"name": V2, "weight": 1}]
    }
    assert found["decorator"] == {"operation": "rule:9080/*"}


def test_one_left_of_several_is_still_weighted(mesh):
    found = mesh.route("""[{route: [
      {destination: {host: reviews, subset: v1}, weight: 100}, {destination: {host: ratings}, weight: 0}]}]""")
    assert found["route"]["weighted_clusters"] == {"clusters": [{"name": V1, "weight": 100}]}


@pytest.mark.parametrize(
    ("destination", "cluster"),
    [
        ("{host: ratings}", RATINGS),
        ("{host: nobody}", "outbound|9080||nobody.default.svc.cluster.local"),
        ("{host: nobody.example.com, port: {number: 1}}", "outbound|1||nobody.example.com"),
        ("{host: web.shop}", "outbound|9080||web.shop"),
        ("{host: web.shop.svc.cluster.local}", "outbound|9080||web.shop.svc.cluster.local"),
        (
            "{host: web.shop.svc.cluster.local, port: {number: 80}, subset: x}",
            "outbound|80|x|web.shop.svc.cluster.local",
        ),
    ],
)
def test_the_name_of_the_cluster(mesh, destination, cluster):
    assert mesh.route(f"[{{route: [{{destination: {destination}}}]}}]")["route"]["cluster"] == cluster


def test_a_short_destination_belongs_to_the_namespace_of_the_rule(mesh):
    mesh.virtual_service(
        "hosts: [reviews.default.svc.cluster.local]\nhttp: [{route: [{destination: {host: web}}]}]",
        namespace="shop",
    )
    assert mesh.routes()[0]["route"]["cluster"] == "outbound|9080||web.shop.svc.cluster.local"


def test_an_alias_stands_for_its_target(mesh):
    mesh.apply("""
kind: Service
metadata: {name: old}
spec: {type: ExternalName, externalName: ratings.default.svc.cluster.local, ports: [{name: http, port: 9080}]}
""")
    assert mesh.route("[{route: [{destination: {host: old}}]}]")["route"]["cluster"] == RATINGS
    assert "old.default.svc.cluster.local:9080" not in mesh.virtual_hosts("9080")
    domains = mesh.virtual_hosts("9080")["ratings.default.svc.cluster.local:9080"]["domains"]
    assert {"old", "old.default", "old.default.svc", "old.default.svc.cluster.local"} <= set(domains)


def test_timeout_limits_grpc_too(mesh):
    found = action(mesh, "timeout: 1.5s")
    assert (found["timeout"], found["max_grpc_timeout"]) == ("1.500s", "1.500s")


@pytest.mark.parametrize(
    ("rest", "field", "expected"),
    [
        ("rewrite: {uri: /new}", "prefix_rewrite", "/new"),
        ("rewrite: {authority: b.example}", "host_rewrite_literal", "b.example"),
        (
            "rewrite: {uriRegexRewrite: {match: '/x/(.*)', rewrite: '/\\1'}}",
            "regex_rewrite",
            {"pattern": {"regex": "/x/(.*)"}, "substitution": "/\\1"},
        ),
        (
            "headers: {request: {set: {host: h1, ':authority': h0}, add: {Host: h2}}}",
            "host_rewrite_literal",
            "h0",
        ),
        ("headers: {request: {add: {Host: h2}}}", "host_rewrite_literal", "h2"),
        ("rewrite: {authority: b}, headers: {request: {set: {host: a}}}", "host_rewrite_literal", "b"),
    ],
)
def test_rewrites(mesh, rest, field, expected):
    assert action(mesh, rest)[field] == expected


def test_header_operations_in_order(mesh):
    found = mesh.route("""[{route: [{destination: {host: ratings}, headers: {request: {add: {d: '4'}, remove: [gone2]}}}],
      headers: {request: {set: {b: '2', a: '1'}, add: {c: '3', host: h}, remove: [gone, Host]},
                response: {set: {r: '5'}, add: {s: '6'}, remove: [server]}}}]""")
    written = [(one["header"]["key"], one.get("append_action")) for one in found["request_headers_to_add"]]
    replace = "OVERWRITE_IF_EXISTS_OR_ADD"
    assert written == [("a", replace), ("b", replace), ("c", None), ("d", None)]
    assert found["request_headers_to_remove"] == ["gone", "gone2"]
    assert [one["header"]["key"] for one in found["response_headers_to_add"]] == ["r", "s"]
    assert found["response_headers_to_remove"] == ["server"]


def test_headers_of_one_of_several_destinations(mesh):
    found = mesh.route("""[{route: [
      {destination: {host: reviews, subset: v1}, weight: 1, headers: {request: {set: {x: '1', host: other}}}},
      {destination: {host: reviews, subset: v2}, weight: 1, headers: {response: {remove: [y]}}}]}]""")
    first, second = found["route"]["weighted_clusters"]["clusters"]
    assert first["host_rewrite_literal"] == "other"
    assert [one["header"]["key"] for one in first["request_headers_to_add"]] == ["x"]
    assert second["response_headers_to_remove"] == ["y"]
    assert "request_headers_to_add" not in found


def test_the_authority_of_the_only_destination_comes_last(mesh):
    rule = "[{{route: [{{destination: {{host: ratings}}, headers: {{request: {{set: {{host: far}}}}}}}}]{more}}}]"
    assert mesh.route(rule.format(more=""))["route"]["host_rewrite_literal"] == "far"
    assert (
        mesh.route(rule.format(more=", rewrite: {authority: near}"))["route"]["host_rewrite_literal"]
        == "near"
    )


@pytest.mark.parametrize(
    ("redirect", "expected"),
    [
        ("{uri: /x}", {"path_redirect": "/x"}),
        ("{prefixRewrite: /y}", {"prefix_rewrite": "/y"}),
        (
            "{authority: a.b, scheme: https, redirectCode: 302}",
            {
                "path_redirect": "",
                "host_redirect": "a.b",
                "scheme_redirect": "https",
                "response_code": "FOUND",
            },
        ),
        ("{uri: /x, port: 8080}", {"path_redirect": "/x", "port_redirect": 8080}),
        ("{uri: /x, port: 80}", {"path_redirect": "/x"}),
        ("{uri: /x, port: 443, scheme: https}", {"path_redirect": "/x", "scheme_redirect": "https"}),
        (
            "{uri: /x, port: 80, scheme: https}",
            {"path_redirect": "/x", "scheme_redirect": "https", "port_redirect": 80},
        ),
        ("{uri: /x, derivePort: FROM_REQUEST_PORT}", {"path_redirect": "/x", "port_redirect": 9080}),
        ("{uri: /x, derivePort: FROM_PROTOCOL_DEFAULT}", {"path_redirect": "/x"}),
        ("{uri: /x, redirectCode: 303}", {"path_redirect": "/x", "response_code": "SEE_OTHER"}),
        ("{uri: /x, redirectCode: 307}", {"path_redirect": "/x", "response_code": "TEMPORARY_REDIRECT"}),
        ("{uri: /x, redirectCode: 308}", {"path_redirect": "/x", "response_code": "PERMANENT_REDIRECT"}),
    ],
)
def test_redirects(mesh, redirect, expected):
    assert mesh.route(f"[{{redirect: {redirect}}}]")["redirect"] == expected


@pytest.mark.parametrize(
    "rule", ["{redirect: {uri: /x, redirectCode: 305}}", "{name: nowhere}", "{route: [{weight: 1}]}"]
)
def test_what_envoy_cannot_say_is_answered_with_500(mesh, rule):
    found = mesh.route(f"[{rule}]")
    assert found["direct_response"] == {"status": 500}
    assert not {"route", "redirect"} & set(found)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("{status: 418}", {"status": 418}),
        ("{status: 200, body: {string: hello}}", {"status": 200, "body": {"inline_string": "hello"}}),
        ("{status: 200, body: {bytes: aGk=}}", {"status": 200, "body": {"inline_bytes": "aGk="}}),
        ("{status: 600}", {"status": 599}),
    ],
)
def test_direct_responses(mesh, response, expected):
    assert mesh.route(f"[{{directResponse: {response}}}]")["direct_response"] == expected


@pytest.mark.parametrize(
    ("retries", "changed"),
    [
        ("{attempts: 3}", {"num_retries": 3}),
        ("{attempts: 1, perTryTimeout: 2s}", {"num_retries": 1, "per_try_timeout": "2s"}),
        ("{attempts: 1, retryOn: '5xx,gateway-error'}", {"num_retries": 1, "retry_on": "5xx,gateway-error"}),
        (
            "{attempts: 1, retryOn: '503'}",
            {"num_retries": 1, "retry_on": "retriable-status-codes", "retriable_status_codes": [503]},
        ),
        (
            "{attempts: 1, retryOn: 'reset, 503,  429'}",
            {
                "num_retries": 1,
                "retry_on": "reset,retriable-status-codes",
                "retriable_status_codes": [503, 429],
            },
        ),
        (
            "{attempts: 1, retryOn: 'retriable-status-codes,503,999'}",
            {"num_retries": 1, "retry_on": "retriable-status-codes,999", "retriable_status_codes": [503]},
        ),
        ("{attempts: 1, backoff: 50ms}", {"num_retries": 1, "retry_back_off": {"base_interval": "0.050s"}}),
        ("{attempts: 1, retryIgnorePreviousHosts: true}", {"num_retries": 1}),
        (
            "{attempts: 1, retryRemoteLocalities: true}",
            {
                "num_retries": 1,
                "retry_priority": {
                    "name": "envoy.retry_priorities.previous_priorities",
                    "typed_config": {
                        "@type": "type.googleapis.com/"
                        "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
                        "update_frequency": 2,
                    },
                },
            },
        ),
    ],
)
def test_retries(mesh, retries, changed):
    assert retry(mesh, retries) == {**DEFAULT_RETRY, **changed}


def test_previous_hosts_can_be_tried_again(mesh):
    assert "retry_host_predicate" not in retry(mesh, "{attempts: 1, retryIgnorePreviousHosts: false}")


@pytest.mark.parametrize("retries", ["{attempts: 0}", "{}"])
def test_no_attempts_switch_retries_off(mesh, retries):
    assert retry(mesh, retries) is None


def test_the_default_of_the_mesh(mesh):
    mesh.mesh_config("defaultHttpRetryPolicy: {attempts: 4}")
    assert action(mesh, "name: x")["retry_policy"]["num_retries"] == 4
    assert retry(mesh, "{attempts: 1}")["num_retries"] == 1
    mesh.delete("VirtualService", "rule")
    assert mesh.routes()[0]["route"]["retry_policy"]["num_retries"] == 4


HASH = """
kind: DestinationRule
metadata: {name: ratings}
spec:
  host: ratings
  trafficPolicy: {loadBalancer: {consistentHash: %s}}
"""


@pytest.mark.parametrize(
    ("consistent", "expected"),
    [
        ("{httpHeaderName: x-user}", {"header": {"header_name": "x-user"}}),
        ("{useSourceIp: true}", {"connection_properties": {"source_ip": True}}),
        ("{httpQueryParameterName: q}", {"query_parameter": {"name": "q"}}),
        ("{httpCookie: {name: c}}", {"cookie": {"name": "c"}}),
        (
            "{httpCookie: {name: c, path: /p, ttl: 0s, attributes: [{name: SameSite, value: Strict}]}}",
            {
                "cookie": {
                    "name": "c",
                    "ttl": "0s",
                    "path": "/p",
                    "attributes": [{"name": "SameSite", "value": "Strict"}],
                }
            },
        ),
    ],
)
def test_hash_policies(mesh, consistent, expected):
    mesh.apply(HASH % consistent)
    found = action(mesh, "name: x")
    assert found["hash_policy"] == [expected]
    assert "retry_host_predicate" not in found["retry_policy"]
    default = mesh.routes(host="ratings.default.svc.cluster.local")[0]["route"]
    assert default["hash_policy"] == [expected]
    assert "retry_host_predicate" in default["retry_policy"]


@pytest.mark.parametrize(
    "consistent", ["{httpHeaderName: ''}", "{httpCookie: {}}", "{httpQueryParameterName: ''}", "{maglev: {}}"]
)
def test_nothing_is_hashed_without_a_name(mesh, consistent):
    mesh.apply(HASH % consistent)
    assert "hash_policy" not in action(mesh, "name: x")


def test_the_share_of_a_mirror(mesh):
    def shares(rest):
        policies = action(mesh, rest).get("request_mirror_policies", [])
        return [(one["cluster"], one["runtime_fraction"]["default_value"]) for one in policies]

    assert shares("mirror: {host: reviews, subset: v2}") == [(V2, {"numerator": 100})]
    assert shares("mirror: {host: reviews, subset: v2}, mirrorPercent: 5") == [(V2, {"numerator": 5})]
    assert shares("mirror: {host: reviews, subset: v2}, mirrorPercent: 0") == []
    assert shares("mirror: {host: reviews, subset: v2}, mirrorPercentage: {value: 0}") == []
    assert shares(
        "mirror: {host: reviews, subset: v2}, mirrorPercentage: {value: 0.5}, mirrorPercent: 9"
    ) == [(V2, {"numerator": 5000, "denominator": "MILLION"})]
    assert shares(
        "mirrors: [{destination: {host: reviews, subset: v1}},"
        " {destination: {host: reviews, subset: v2}, percentage: {value: 10}}, {destination: {host: x}, percentage: {}}]"
    ) == [(V1, {"numerator": 100}), (V2, {"numerator": 100_000, "denominator": "MILLION"})]


def test_a_mirror_is_not_traced_and_keeps_the_host(mesh):
    [policy] = action(mesh, "mirror: {host: reviews}")["request_mirror_policies"]
    assert policy["trace_sampled"] is False
    assert policy["disable_shadow_host_suffix_append"] is True


def fault(mesh, text):
    found = mesh.route(f"[{{route: [{{destination: {{host: ratings}}}}], fault: {text}}}]")
    return found.get("typed_per_filter_config", {}).get("envoy.filters.http.fault")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{delay: {fixedDelay: 7s, percentage: {value: 50}}}",
            {"delay": {"fixed_delay": "7s", "percentage": {"numerator": 500_000, "denominator": "MILLION"}}},
        ),
        (
            "{delay: {fixedDelay: 7s, percent: 50}}",
            {"delay": {"fixed_delay": "7s", "percentage": {"numerator": 50}}},
        ),
        ("{delay: {fixedDelay: 7s}}", {"delay": {"fixed_delay": "7s", "percentage": {}}}),
        (
            "{abort: {httpStatus: 500, percentage: {value: 100}}}",
            {"abort": {"http_status": 500, "percentage": {"numerator": 1_000_000, "denominator": "MILLION"}}},
        ),
        (
            "{abort: {grpcStatus: UNAVAILABLE}}",
            {"abort": {"grpc_status": 14}},
        ),
    ],
)
def test_faults(mesh, text, expected):
    found = fault(mesh, text)
    assert found.pop("@type").endswith("http.fault.v3.HTTPFault")
    assert found == expected


def test_a_fault_that_says_nothing_is_none(mesh):
    assert fault(mesh, "{abort: {percentage: {value: 100}}}") is None


def test_cors_and_fault_together(mesh):
    found = mesh.route("""[{route: [{destination: {host: ratings}}], fault: {abort: {httpStatus: 500}}, corsPolicy: {
      allowOrigins: [{exact: 'https://a'}, {regex: 'https://b.*'}, {}], allowOrigin: [ignored],
      allowMethods: [GET, POST], allowHeaders: [x, y], exposeHeaders: [z], maxAge: 24h, allowCredentials: false}}]""")
    filters = found["typed_per_filter_config"]
    assert set(filters) == {"envoy.filters.http.fault", "envoy.filters.http.cors"}
    cors = filters["envoy.filters.http.cors"]
    assert cors.pop("@type").endswith("cors.v3.CorsPolicy")
    assert cors == {
        "allow_origin_string_match": [{"exact": "https://a"}, {"safe_regex": {"regex": "https://b.*"}}],
        "allow_methods": "GET,POST",
        "allow_headers": "x,y",
        "expose_headers": "z",
        "max_age": "86400",
        "allow_credentials": False,
        "filter_enabled": {"default_value": {"numerator": 100}},
        "forward_not_matching_preflights": True,
    }


@pytest.mark.parametrize(("said", "forwards"), [("IGNORE", False), ("FORWARD", True), ("UNSPECIFIED", True)])
def test_unmatched_preflights(mesh, said, forwards):
    found = mesh.route(
        f"[{{route: [{{destination: {{host: ratings}}}}], corsPolicy: {{allowOrigin: [a], unmatchedPreflights: {said}}}}}]"
    )
    cors = found["typed_per_filter_config"]["envoy.filters.http.cors"]
    assert cors["forward_not_matching_preflights"] is forwards
    assert cors["allow_origin_string_match"] == [{"exact": "a"}]


def test_a_redirect_keeps_headers_and_cors(mesh):
    found = mesh.route(
        "[{redirect: {uri: /x}, corsPolicy: {allowOrigin: [a]}, headers: {response: {set: {a: b}}}}]"
    )
    assert found["response_headers_to_add"][0]["header"] == {"key": "a", "value": "b"}
    assert "envoy.filters.http.cors" in found["typed_per_filter_config"]
    assert found["decorator"] == {"operation": "rule:9080/*"}


def test_what_the_mesh_asks_of_headers(mesh):
    mesh.mesh_config(
        "defaultConfig: {proxyHeaders: {attemptCount: {disabled: true}, xForwardedHost: {enabled: true}}}"
    )
    assert (
        "include_request_attempt_count"
        not in mesh.virtual_hosts("9080")["reviews.default.svc.cluster.local:9080"]
    )
    assert action(mesh, "rewrite: {uri: /x}")["append_x_forwarded_host"] is True
    assert "append_x_forwarded_host" not in action(mesh, "name: x")
