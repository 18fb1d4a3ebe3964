"""Redirects, answers, rewrites, faults, CORS, header operations and retries of VirtualServices."""

import pytest
from judging import expect, expect_none, judge, rule

from lateen.api import codes
from lateen.api.finding import Level

KIND, RULE = "VirtualService", "spec.http[0]"


def alone(text: str) -> str:
    """Write a VirtualService with one rule that has nothing else."""
    return f"{{hosts: [a], http: [{{{text}}}]}}"


ANSWERS = [
    ("redirect: {}", "redirect", "changes nothing"),
    ("redirect: {redirectCode: 302}", "redirect", "changes nothing"),
    ("redirect: {uri: /, prefixRewrite: /}", "redirect.prefixRewrite", "exclude each other"),
    ("redirect: {prefixRewrite: /}, match: [{uri: {exact: /}}]", "redirect.prefixRewrite", "uri.prefix only"),
    ("redirect: {uri: /, redirectCode: 299}", "redirect.redirectCode", "is not the status of a redirect"),
    ("redirect: {uri: /, redirectCode: 400}", "redirect.redirectCode", "is not the status of a redirect"),
    ("redirect: {uri: /, scheme: HTTP}", "redirect.scheme", "is not http or https"),
    ("redirect: {uri: /, port: 65536}", "redirect.port", "is not a port"),
    ("directResponse: {}", "directResponse.status", "the status is missing"),
    ("directResponse: {status: 199}", "directResponse.status", "not an HTTP status"),
    ("directResponse: {status: 601}", "directResponse.status", "not an HTTP status"),
]
ENVOY = [
    ("redirect: {uri: /, redirectCode: 304}", "redirect.redirectCode", "does not redirect with 304"),
    ('redirect: {uri: "/a\\nb"}', "redirect.uri", "line break"),
    ("directResponse: {status: 600}", "directResponse.status", "not an HTTP status"),
]
OTHERS = [
    ("rewrite: {}", "rewrite", "changes nothing"),
    (
        "rewrite: {uri: /, uriRegexRewrite: {match: a, rewrite: b}}",
        "rewrite.uriRegexRewrite",
        "exclude each other",
    ),
    ("rewrite: {uriRegexRewrite: {match: a}}", "rewrite.uriRegexRewrite.rewrite", "rewrite is missing"),
    (
        "rewrite: {uriRegexRewrite: {match: '(', rewrite: a}}",
        "rewrite.uriRegexRewrite.match",
        "not a regular expression",
    ),
    ("fault: {}", "fault", "does nothing"),
    ("fault: {delay: {fixedDelay: 0s}}", "fault.delay.fixedDelay", "at least 1ms"),
    ("fault: {delay: {exponentialDelay: 1s}}", "fault.delay.exponentialDelay", "not supported by Istio"),
    (
        "fault: {delay: {percentage: {value: 0.00001}, fixedDelay: 1s}}",
        "fault.delay.percentage.value",
        "not a percentage",
    ),
    (
        "fault: {delay: {percentage: {value: 100.1}, fixedDelay: 1s}}",
        "fault.delay.percentage.value",
        "not a percentage",
    ),
    ("fault: {delay: {percent: 101, fixedDelay: 1s}}", "fault.delay.percent", "not a percentage"),
    ("fault: {abort: {httpStatus: 100}}", "fault.abort.httpStatus", "not an HTTP status"),
    (
        "fault: {abort: {httpStatus: 500, percentage: {value: -1}}}",
        "fault.abort.percentage.value",
        "not a percentage",
    ),
    ("fault: {abort: {grpcStatus: unavailable}}", "fault.abort.grpcStatus", "is not a gRPC status"),
    ("fault: {abort: {http2Error: a}}", "fault.abort.http2Error", "not supported by Istio"),
    ("corsPolicy: {allowOrigins: [{exact: ''}]}", "corsPolicy.allowOrigins[0]", "the origin is empty"),
    ("corsPolicy: {allowOrigins: [{}]}", "corsPolicy.allowOrigins[0]", "the origin is empty"),
    (
        "corsPolicy: {allowOrigins: [{regex: '['}]}",
        "corsPolicy.allowOrigins[0].regex",
        "not a regular expression",
    ),
    ("corsPolicy: {allowMethods: [get]}", "corsPolicy.allowMethods[0]", "is not a method"),
    ("corsPolicy: {allowHeaders: [a b]}", "corsPolicy.allowHeaders[0]", "is not the name of a header"),
    ("corsPolicy: {exposeHeaders: ['']}", "corsPolicy.exposeHeaders[0]", "is empty"),
    ("corsPolicy: {maxAge: 1500ms}", "corsPolicy.maxAge", "whole seconds"),
    ("retries: {attempts: -1}", "retries.attempts", "cannot be negative"),
    ("retries: {perTryTimeout: 1s}", "retries.perTryTimeout", "without attempts"),
    ("retries: {attempts: 0, retryOn: 5xx}", "retries.retryOn", "without attempts"),
    ("retries: {retryRemoteLocalities: false}", "retries.retryRemoteLocalities", "without attempts"),
    ("retries: {attempts: 1, retryOn: '5xx, reset'}", "retries.retryOn", "has a space beside 'reset'"),
    ("retries: {attempts: 1, retryOn: 6xx}", "retries.retryOn", "did you mean 5xx?"),
    ("retries: {attempts: 1, retryOn: '306'}", "retries.retryOn", "not a condition"),
    ("retries: {attempts: 1, backoff: 0s}", "retries.backoff", "at least 1ms"),
    ("retries: {attempts: 1, perTryTimeout: 0s}", "retries.perTryTimeout", "at least 1ms"),
]
OPERATIONS = [
    ("request: {set: {':path': a}}", "request.set[:path]", "pseudo header"),
    ("request: {set: {'': a}}", "request.set[]", "is empty"),
    ("request: {remove: [Host]}", "request.remove[0]", "cannot be changed here"),
    ("response: {set: {host: a}}", "response.set[host]", "cannot be changed here"),
    ("response: {add: {':status': a}}", "response.add[:status]", "pseudo header"),
    ('request: {add: {a: "b\\nc"}}', "request.add[a]", "control characters"),
    ("request: {add: {a: 100%}}", "request.add[a]", "write %% for a percent sign"),
    ("request: {add: {a: '%START_TIME%%'}}", "request.add[a]", "write %% for a percent sign"),
    ("request: {add: {a: '%REQ(b):10%'}}", "request.add[a]", "write %% for a percent sign"),
    (
        "request: {set: {host: b}, add: {':authority': c}}",
        "request.add[:authority]",
        "already changed by headers.request.set[host]",
    ),
]
COMMANDS = [
    ("'%HSTNAME%'", "did you mean %HOSTNAME%?"),
    ("'%REQ%'", "needs the name of a header"),
    ("'%REQ(a?b?c)%'", "wrong parameters"),
    ("'%PROTOCOL(a)%'", "has no parameters"),
    ("'%hostname%'", "is not a command"),
    ("'%CEL(request.path)%'", "only Envoy can read"),
    ("'%FILTER_STATE(a:FOO)%'", "wrong parameters"),
    ("'%HOSTNAME:5%'", "cannot be cut"),
]
VALUES = [
    "%HOSTNAME%",
    "100%%",
    "%PROTOCOL%%HOSTNAME%",
    "%START_TIME(%Y)%",
    '%UPSTREAM_METADATA(["a", "b"])%',
    "%PATH:5%",
    "",
]


@pytest.mark.parametrize(("text", "path", "words"), [*ANSWERS, *ENVOY])
def test_refused_answers(text, path, words):
    expect(judge(KIND, alone(text)), f"{RULE}.{path}", words)


@pytest.mark.parametrize(("text", "path", "words"), OTHERS)
def test_refused_actions(text, path, words):
    expect(judge(KIND, rule(text)), f"{RULE}.{path}", words)


@pytest.mark.parametrize(("text", "path", "words"), OPERATIONS)
def test_refused_header_operations(text, path, words):
    expect(judge(KIND, rule(f"headers: {{{text}}}")), f"{RULE}.headers.{path}", words)


@pytest.mark.parametrize(("text", "words"), COMMANDS)
def test_commands_that_only_envoy_refuses(text, words):
    found = judge(KIND, rule(f"headers: {{request: {{set: {{a: {text}}}}}}}"))
    expect(found, f"{RULE}.headers.request.set[a]", words)
    assert found[0].code == codes.ENVOY


@pytest.mark.parametrize("text", VALUES)
def test_values_that_are_fine(text):
    expect_none(judge(KIND, rule(f"headers: {{request: {{set: {{a: '{text}'}}}}}}")))


def test_the_host_is_rewritten_in_one_place():
    found = judge(KIND, rule("rewrite: {authority: a}, headers: {request: {set: {Host: b}}}"))
    expect(found, f"{RULE}.headers.request.set[Host]", "already changed by rewrite.authority")


@pytest.mark.parametrize(
    ("size", "level"),
    [(102400, None), (102401, Level.WARNING), (1048576, Level.WARNING), (1048577, Level.ERROR)],
)
def test_the_size_of_a_body(size, level):
    found = judge(KIND, alone(f"directResponse: {{status: 200, body: {{string: {'x' * size}}}}}"))
    assert [one.level for one in found] == ([] if level is None else [level])
