"""Conditions of an HTTP route, as Envoy will read them (checklist 44 to 64)."""

import pytest

TO = "route: [{destination: {host: ratings}}]"


def matched(mesh, condition):
    return mesh.route(f"[{{match: [{condition}], {TO}}}]")["match"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{uri: {exact: /a}}", {"path": "/a"}),
        ("{uri: {prefix: /foo}}", {"prefix": "/foo"}),
        ("{uri: {prefix: ''}}", {"prefix": ""}),
        ("{uri: {regex: '/v[12]/.*'}}", {"safe_regex": {"regex": "/v[12]/.*"}}),
        (
            "{method: {exact: GET}}",
            {"prefix": "/", "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]},
        ),
        (
            "{scheme: {exact: https}, authority: {prefix: a}, method: {regex: 'P.*'}}",
            {
                "prefix": "/",
                "headers": [
                    {"name": ":method", "string_match": {"safe_regex": {"regex": "P.*"}}},
                    {"name": ":authority", "string_match": {"prefix": "a"}},
                    {"name": ":scheme", "string_match": {"exact": "https"}},
                ],
            },
        ),
    ],
)
def test_path_and_pseudo_headers(mesh, condition, expected):
    assert matched(mesh, condition) == {**expected, "case_sensitive": True}


def test_case_of_the_path_can_be_ignored(mesh):
    assert matched(mesh, "{uri: {exact: /A}, ignoreUriCase: true}") == {"path": "/A", "case_sensitive": False}


def test_no_condition_says_nothing_about_case(mesh):
    assert mesh.route(f"[{{{TO}}}]")["match"] == {"prefix": "/"}


def test_headers_are_sorted_and_all_must_hold(mesh):
    found = matched(mesh, "{headers: {b: {exact: x}, a: {prefix: y}, c: {regex: 'z+'}}}")["headers"]
    assert found == [
        {"name": "a", "string_match": {"prefix": "y"}},
        {"name": "b", "string_match": {"exact": "x"}},
        {"name": "c", "string_match": {"safe_regex": {"regex": "z+"}}},
    ]


@pytest.mark.parametrize("value", ["{}", "{regex: '*'}"])
def test_presence_and_absence_of_a_header(mesh, value):
    assert matched(mesh, f"{{headers: {{a: {value}}}}}")["headers"] == [{"name": "a", "present_match": True}]
    assert matched(mesh, f"{{withoutHeaders: {{a: {value}}}}}")["headers"] == [
        {"name": "a", "present_match": True, "invert_match": True}
    ]


def test_a_header_that_must_not_match_may_be_missing(mesh):
    assert matched(mesh, "{withoutHeaders: {a: {exact: x}}}")["headers"] == [
        {
            "name": "a",
            "string_match": {"exact": "x"},
            "invert_match": True,
            "treat_missing_header_as_empty": True,
        }
    ]


def test_query_parameters(mesh):
    found = matched(mesh, "{queryParams: {v: {exact: '2'}, a: {}, r: {regex: 'x.'}}}")["query_parameters"]
    assert found == [
        {"name": "a", "present_match": True},
        {"name": "r", "string_match": {"safe_regex": {"regex": "x."}}},
        {"name": "v", "string_match": {"exact": "2"}},
    ]


def test_alternatives_become_routes_in_order(mesh):
    mesh.virtual_service(f"""
hosts: [reviews]
http:
- {{match: [{{uri: {{prefix: /b}}}}, {{uri: {{prefix: /a}}}}], {TO}}}
- {{match: [{{uri: {{exact: /a/long}}}}], {TO}}}
""")
    assert [next(iter(one["match"].values())) for one in mesh.routes()] == ["/b", "/a", "/a/long"]


@pytest.mark.parametrize(
    "last", ["", "match: [{uri: {prefix: /}}, {uri: {exact: /z}}], ", "match: [{uri: {regex: .*}}], "]
)
def test_nothing_follows_a_catch_all(mesh, last):
    mesh.virtual_service(f"""
hosts: [reviews]
http:
- {{match: [{{uri: {{prefix: /}}, headers: {{a: {{exact: b}}}}}}], name: first, {TO}}}
- {{{last}name: last, {TO}}}
- {{match: [{{uri: {{exact: /never}}}}], name: never, {TO}}}
""")
    assert [one["name"] for one in mesh.routes()] == ["first", "last"]


@pytest.mark.parametrize(
    "condition",
    ["method: {exact: GET}", "queryParams: {a: {}}", "withoutHeaders: {a: {}}", "authority: {exact: a}"],
)
def test_any_condition_on_the_request_is_not_a_catch_all(mesh, condition):
    mesh.virtual_service(
        f"hosts: [reviews]\nhttp: [{{match: [{{{condition}}}], {TO}}}, {{name: last, {TO}}}]"
    )
    assert [one.get("name") for one in mesh.routes()] == [None, "last"]


def test_port_chooses_the_listener(mesh):
    mesh.virtual_service(f"""
hosts: [web.shop.svc.cluster.local]
http:
- {{match: [{{port: 9100}}], name: admin, {TO}}}
- {{match: [{{port: 80}}], name: public, {TO}}}
""")
    host = "web.shop.svc.cluster.local"
    assert [one["name"] for one in mesh.routes("9100", host)] == ["admin"]
    assert [one["name"] for one in mesh.routes("80", host)] == ["public"]


def test_the_caller_decides_with_source_labels_and_namespace(mesh):
    mesh.virtual_service(f"""
hosts: [reviews]
http:
- {{match: [{{sourceLabels: {{app: a, tier: b}}}}], name: labels, {TO}}}
- {{match: [{{sourceNamespace: other}}], name: namespace, {TO}}}
- {{name: rest, {TO}}}
""")

    def taken(view):
        return [one["name"] for one in mesh.routes(view=view)]

    assert taken(mesh.sidecar(app="a", tier="b", more="c")) == ["labels"]
    assert taken(mesh.sidecar(app="a")) == ["rest"]
    assert taken(mesh.sidecar("other", app="a")) == ["namespace"]


def test_names_prefixes_and_origin(mesh):
    mesh.virtual_service(f"""
hosts: [reviews]
http:
- {{name: main, match: [{{name: v1, uri: {{prefix: /v1}}, statPrefix: one}}, {{uri: {{exact: /v2}}}}], {TO}}}
- {{match: [{{name: alone, uri: {{regex: /x}}}}], {TO}}}
""")
    first, second, third = mesh.routes()
    assert (first["name"], second["name"], third["name"]) == ("main.v1", "main", ".alone")
    assert first["stat_prefix"] == "one"
    assert "stat_prefix" not in second
    path = "/apis/networking.istio.io/v1/namespaces/default/virtual-service/rule"
    assert first["metadata"] == {"filter_metadata": {"istio": {"config": path}}}
    operations = [one["decorator"]["operation"] for one in (first, second, third)]
    ratings = "ratings.default.svc.cluster.local:9080"
    assert operations == [f"{ratings}/v1*", f"{ratings}/v2", f"{ratings}/x"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("@request.auth.claims.group.id", ["payload", "group", "id"]),
        ("@request.auth.claims[group][my.id]", ["payload", "group", "my.id"]),
        ("@REQUEST.auth.claims.admin", ["payload", "admin"]),
    ],
)
def test_claims_of_a_token(mesh, name, path):
    gateway(mesh)
    mesh.virtual_service(f"""
hosts: [a.example.com]
gateways: [istio-system/gw]
http:
- {{match: [{{headers: {{"{name}": {{exact: dev}}, plain: {{exact: x}}}}}}], {TO}}}
- {{match: [{{withoutHeaders: {{"{name}": {{prefix: d}}}}}}], {TO}}}
""")
    wanted, unwanted = (one["match"] for one in mesh.routes("http.80", "a.example.com", mesh.gateway()))
    [claim] = wanted["dynamic_metadata"]
    assert claim["filter"] == "envoy.filters.http.jwt_authn"
    assert [part["key"] for part in claim["path"]] == path
    text = {"string_match": {"exact": "dev"}}
    assert claim["value"] == {"or_match": {"value_matchers": [{"list_match": {"one_of": text}}, text]}}
    assert [one["name"] for one in wanted["headers"]] == ["plain"]
    assert unwanted["dynamic_metadata"][0]["invert"] is True


def gateway(mesh):
    mesh.apply("""
kind: Gateway
metadata: {name: gw, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
""")


def test_gateways_of_a_match_replace_those_of_the_rule(mesh):
    gateway(mesh)
    mesh.virtual_service(f"""
hosts: [reviews.default.svc.cluster.local]
gateways: [mesh, istio-system/gw]
http:
- {{match: [{{gateways: [istio-system/gw], sourceLabels: {{no: body}}}}], name: edge, {TO}}}
- {{match: [{{gateways: [mesh]}}], name: inside, {TO}}}
- {{name: both, {TO}}}
""")
    host = "reviews.default.svc.cluster.local"
    assert [one["name"] for one in mesh.routes()] == ["inside"]
    assert [one["name"] for one in mesh.routes("http.80", host, mesh.gateway())] == ["edge"]


def test_a_gateway_that_only_a_match_names_is_not_bound(mesh):
    gateway(mesh)
    mesh.virtual_service(f"""
hosts: [reviews.default.svc.cluster.local]
http: [{{match: [{{gateways: [istio-system/gw]}}], {TO}}}]
""")
    assert list(mesh.virtual_hosts("http.80", mesh.gateway())) == ["blackhole:80"]
    assert [one["name"] for one in mesh.routes()] == ["default"]
