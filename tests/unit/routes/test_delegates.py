"""VirtualServices whose routes stand in others (checklist 116 to 119)."""

import pytest

from lateen.api.common import StringMatch
from lateen.api.virtual_service import HTTPMatchRequest
from lateen.model.routing_match import joined

TO = "route: [{destination: {host: ratings}}]"


def delegated(mesh, root, leaf, namespace="default", leaf_more=""):
    mesh.virtual_service(
        f"hosts: [reviews]\nhttp: [{{delegate: {{name: leaf, namespace: {namespace}}}, {root}}}]"
    )
    mesh.virtual_service(f"http: {leaf}\n{leaf_more}", "leaf", namespace)
    return mesh.routes()


def test_prefixes_combine(mesh):
    found = delegated(
        mesh,
        "match: [{uri: {prefix: /a}}, {uri: {prefix: /b}, headers: {h: {exact: x}}}]",
        f"[{{match: [{{uri: {{exact: /b/c}}}}, {{uri: {{prefix: /a/d}}}}], {TO}}}, {{match: [{{method: {{exact: PUT}}}}], {TO}}}]",
    )
    paths = [one["match"].get("path") or one["match"].get("prefix") for one in found]
    assert paths == ["/b/c", "/a/d", "/a", "/b"]
    assert [header["name"] for header in found[0]["match"]["headers"]] == ["h"]
    assert [header["name"] for header in found[3]["match"]["headers"]] == ["h", ":method"]


def test_either_side_may_have_no_condition(mesh):
    [only] = delegated(mesh, "match: [{uri: {prefix: /a}}]", f"[{{{TO}}}]")
    assert only["match"]["prefix"] == "/a"
    [only] = delegated(mesh, "name: r", f"[{{match: [{{uri: {{prefix: /b}}}}], {TO}}}]")
    assert only["match"]["prefix"] == "/b"


def test_a_route_outside_the_roots_conditions_is_dropped_alone(mesh):
    found = delegated(
        mesh,
        "match: [{uri: {prefix: /a}}]",
        f"[{{name: out, match: [{{uri: {{prefix: /b}}}}, {{uri: {{prefix: /a}}}}], {TO}}}, {{name: in, match: [{{uri: {{exact: /a/x}}}}], {TO}}}]",
    )
    assert [one["name"] for one in found] == ["in"]


def test_fields_of_the_root_are_defaults(mesh):
    root = "name: root, timeout: 5s, retries: {attempts: 7}, headers: {request: {set: {a: root}}}, rewrite: {uri: /root}"
    first, second = delegated(
        mesh,
        root,
        f"[{{name: leaf, match: [{{uri: {{prefix: /x}}}}], timeout: 1s, headers: {{response: {{remove: [b]}}}}, {TO}}}, {{{TO}}}]",
    )
    assert (first["name"], second["name"]) == ("root-leaf", "root")
    assert (first["route"]["timeout"], second["route"]["timeout"]) == ("1s", "5s")
    assert first["route"]["retry_policy"]["num_retries"] == 7
    assert first["route"]["prefix_rewrite"] == "/root"
    assert "request_headers_to_add" not in first  # whole field, not merged
    assert second["request_headers_to_add"][0]["header"]["value"] == "root"


def test_short_names_belong_to_the_delegates_namespace(mesh):
    [only] = delegated(mesh, "name: r", f"[{{{TO}}}]", namespace="shop")
    assert only["route"]["cluster"] == "outbound|9080||ratings.shop.svc.cluster.local"


@pytest.mark.parametrize(
    ("leaf_more", "found"),
    [
        ("exportTo: ['.']", False),
        ("exportTo: [other]", False),
        ("exportTo: [default]", True),
        ("exportTo: ['*']", True),
    ],
)
def test_the_delegate_must_be_exported_to_the_root(mesh, leaf_more, found):
    routes = delegated(mesh, "name: r", f"[{{{TO}}}]", namespace="shop", leaf_more=leaf_more)
    assert [one["name"] for one in routes] == (["r"] if found else ["default"])


def test_a_missing_delegate_costs_its_own_route_only(mesh):
    mesh.virtual_service(f"hosts: [reviews]\nhttp: [{{delegate: {{name: nobody}}}}, {{name: rest, {TO}}}]")
    assert [one["name"] for one in mesh.routes()] == ["rest"]


def test_one_with_hosts_is_no_delegate(mesh):
    mesh.virtual_service(f"hosts: [reviews]\nhttp: [{{delegate: {{name: leaf}}}}, {{name: rest, {TO}}}]")
    mesh.virtual_service(f"hosts: [x.example.com]\nhttp: [{{name: leaf, {TO}}}]", "leaf")
    assert [one["name"] for one in mesh.routes()] == ["rest"]


def test_a_delegate_alone_does_nothing(mesh):
    mesh.virtual_service(f"http: [{{name: leaf, {TO}}}]", "leaf")
    assert [one["name"] for one in mesh.routes()] == ["default"]


def text(kind, value):
    return HTTPMatchRequest(uri=StringMatch(**{kind: value}))


@pytest.mark.parametrize(
    ("root", "leaf", "compatible"),
    [
        (text("prefix", "/a"), text("prefix", "/a/b"), True),
        (text("prefix", "/a/b"), text("prefix", "/a"), False),
        (text("prefix", "/a"), text("exact", "/a/b"), True),
        (text("exact", "/a"), text("exact", "/a"), True),
        (text("exact", "/a"), text("exact", "/b"), False),
        (text("exact", "/a"), text("prefix", "/a"), False),
        (text("regex", "/a"), text("exact", "/a"), False),
        (text("prefix", "/a"), text("regex", "/a"), False),
        (text("regex", "/a"), HTTPMatchRequest(), True),
        (
            HTTPMatchRequest(headers={"a": StringMatch()}),
            HTTPMatchRequest(headers={"a": StringMatch(exact="x")}),
            False,
        ),
        (
            HTTPMatchRequest(headers={"a": StringMatch()}),
            HTTPMatchRequest(headers={"b": StringMatch(exact="x")}),
            True,
        ),
        (HTTPMatchRequest(ignore_uri_case=True), HTTPMatchRequest(), False),
        (HTTPMatchRequest(port=1), HTTPMatchRequest(port=2), False),
        (HTTPMatchRequest(port=1), HTTPMatchRequest(), True),
        (HTTPMatchRequest(source_namespace="a"), HTTPMatchRequest(), False),
        (HTTPMatchRequest(source_namespace="a"), HTTPMatchRequest(source_namespace="a"), True),
        (HTTPMatchRequest(), HTTPMatchRequest(source_namespace="a"), True),
        (HTTPMatchRequest(source_labels={"a": "1"}), HTTPMatchRequest(source_labels={"a": "2"}), False),
        (HTTPMatchRequest(source_labels={"a": "1"}), HTTPMatchRequest(source_labels={"b": "2"}), True),
        (HTTPMatchRequest(gateways=("a", "b")), HTTPMatchRequest(gateways=("b",)), True),
        (HTTPMatchRequest(gateways=("a",)), HTTPMatchRequest(gateways=("b",)), False),
        (HTTPMatchRequest(gateways=("a",)), HTTPMatchRequest(), True),
    ],
)
def test_which_conditions_exclude_each_other(root, leaf, compatible):
    assert (joined((root,), (leaf,)) is not None) is compatible


def test_a_merged_condition():
    root = HTTPMatchRequest(
        name="r", port=80, headers={"a": StringMatch(prefix="x")}, source_labels={"s": "1"}, stat_prefix="p"
    )
    leaf = HTTPMatchRequest(
        name="l", headers={"a": StringMatch(exact="xy"), "b": StringMatch()}, source_labels={"t": "2"}
    )
    [merged] = joined((root,), (leaf,))
    assert merged == HTTPMatchRequest(
        name="r-l",
        port=80,
        headers={"a": StringMatch(exact="xy"), "b": StringMatch()},
        source_labels={"s": "1", "t": "2"},
        stat_prefix="p",
    )
