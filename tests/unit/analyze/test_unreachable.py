"""What counts as covered, and the request that proves it."""

import pytest

import lateen
from lateen.analyze.virtual_service.containment import covers
from lateen.analyze.virtual_service.sample import full_match, sample
from lateen.analyze.virtual_service.witness import example, meets
from lateen.api.decode import decode

CASES = [
    # outer, inner, outer takes all of inner
    ("{uri: {prefix: /api}}", "{uri: {prefix: /api/v2}}", True),
    ("{uri: {prefix: /api/v2}}", "{uri: {prefix: /api}}", False),
    ("{uri: {prefix: /api}}", "{uri: {exact: /api}}", True),
    ("{uri: {exact: /api}}", "{uri: {exact: /api/}}", False),
    ("{uri: {regex: '/api/.*'}}", "{uri: {exact: /api/x}}", True),
    ("{uri: {regex: '/api/.*'}}", "{uri: {prefix: /api/v1}}", True),
    ("{uri: {regex: '/api/[a-z]*'}}", "{uri: {prefix: /api/}}", False),
    ("{uri: {prefix: /api}}", "{uri: {regex: '/api/v[0-9]+'}}", True),
    ("{uri: {prefix: /api}}", "{uri: {regex: '/ap[a-z]/v[0-9]+'}}", False),
    ("{uri: {prefix: /api/x}}", "{uri: {regex: '/api/x?'}}", False),
    ("{uri: {prefix: /API}, ignoreUriCase: true}", "{uri: {prefix: /api/v1}}", True),
    ("{uri: {prefix: /api}}", "{uri: {prefix: /api}, ignoreUriCase: true}", False),
    ("{uri: {prefix: /}}", "{headers: {a: {exact: b}}}", True),
    ("{headers: {a: {exact: b}}}", "{uri: {prefix: /}}", False),
    ("{headers: {a: {}}}", "{headers: {A: {exact: b}}}", True),
    ("{headers: {a: {exact: b}}}", "{headers: {a: {}}}", False),
    ("{headers: {a: {prefix: b}}}", "{headers: {a: {exact: bc}, d: {exact: e}}}", True),
    ("{withoutHeaders: {a: {}}}", "{uri: {prefix: /x}}", False),
    ("{withoutHeaders: {a: {exact: b}}}", "{headers: {a: {exact: c}}}", True),
    ("{withoutHeaders: {a: {exact: b}}}", "{withoutHeaders: {a: {}}}", True),
    ("{queryParams: {a: {exact: b}}}", "{queryParams: {a: {exact: b}, c: {exact: d}}}", True),
    ("{queryParams: {a: {exact: b}}}", "{queryParams: {A: {exact: b}}}", False),
    ("{port: 80}", "{uri: {prefix: /}}", False),
    ("{uri: {prefix: /}}", "{port: 80}", True),
    ("{sourceLabels: {app: a}}", "{sourceLabels: {app: a, version: v1}}", True),
    ("{sourceLabels: {app: a}}", "{uri: {prefix: /}}", False),
    ("{sourceNamespace: left}", "{sourceNamespace: right}", False),
    ("{gateways: [a/b]}", "{uri: {prefix: /}}", False),
    ("{method: {exact: GET}}", "{method: {regex: GET|POST}}", False),
]


def condition(text):
    route = f"{{match: [{text}], route: [{{destination: {{host: a}}}}]}}"
    from lateen.sources.yaml import parse

    value = parse(
        f"{{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {{name: a}}, spec: {{hosts: [a], http: [{route}]}}}}"
    )
    return decode(value.value, "default").object.spec.http[0].match[0]


@pytest.mark.parametrize(("outer", "inner", "expected"), CASES)
def test_covers(outer, inner, expected):
    assert covers(condition(outer), condition(inner)) is expected


@pytest.mark.parametrize(("outer", "inner"), [case[:2] for case in CASES if case[2]])
def test_what_covers_takes_the_example_of_what_is_covered(outer, inner):
    proof = example(condition(inner), "a.default", 80)
    assert proof is not None
    assert meets(proof, condition(inner))
    assert meets(proof, condition(outer))


@pytest.mark.parametrize(
    "regex",
    [
        "/api/v[0-9]+/.*",
        "^(?:a|b)c{2,3}$",
        r"\d{3}-\w+",
        "[^/]+",
        "(foo|bar)?x",
        ".*canary.*",
        "[[:alpha:]]+",
        "a.c",
        r"\.png",
    ],
)
def test_samples_match(regex):
    made = sample(regex)
    assert made is not None
    assert full_match(regex, made)


def test_there_is_no_sample_of_what_is_no_expression():
    assert sample("(") is None


def test_an_example_reads_like_a_command_line():
    text = "{uri: {prefix: /a}, method: {exact: POST}, headers: {x-user: {regex: 'j.*'}}, queryParams: {q: {exact: '1'}}}"
    assert str(example(condition(text), "shop", 8080)) == "POST 'http://shop:8080/a?q=1' -H 'x-user: j'"


def test_a_match_that_another_of_its_rule_takes_all_of():
    rules = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a.example]
  http:
  - match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}, {uri: {prefix: /ab}, method: {exact: GET}}, {uri: {prefix: /b}}]
    redirect: {uri: /}
"""
    found = [(one.code, one.path, one.suggestion) for one in lateen.load(rules).findings]
    assert found == [
        ("IST0131", "spec.http[0].match[2]", "remove it"),
        ("IST0131", "spec.http[0].match[3]", "remove it"),
    ]


def test_a_rule_is_dead_only_when_each_of_its_matches_is():
    rules = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a.example]
  http:
  - match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}]
    redirect: {uri: /}
  - match: [{uri: {prefix: /a/1}}, {uri: {prefix: /b/1}}]
    redirect: {uri: /}
  - match: [{uri: {prefix: /a/2}}, {uri: {prefix: /c}}]
    redirect: {uri: /}
  - redirect: {uri: /}
  - match: [{uri: {prefix: /d}}]
    redirect: {uri: /}
"""
    found = [(one.code, one.path) for one in lateen.load(rules).findings]
    assert found == [
        ("LAT0105", "spec.http[1]"),
        ("IST0131", "spec.http[1].match[0]"),
        ("IST0131", "spec.http[1].match[1]"),
        ("IST0131", "spec.http[2].match[0]"),
        ("IST0130", "spec.http[4]"),
    ]
