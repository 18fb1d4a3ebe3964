"""VirtualService: what is refused, what is warned about, and near misses that are fine."""

import pytest
from judging import expect, expect_none, judge, match, rule

from lateen.api import codes
from lateen.api.finding import Level

KIND = "VirtualService"
RULE, MATCH = "spec.http[0]", "spec.http[0].match[0]"
TO_A = "{destination: {host: a}}"

WRONG = [
    ("{hosts: [a], gateways: [g]}", "spec", "has no routes: one of http, tls and tcp is needed"),
    (
        f"{{hosts: ['*'], http: [{{route: [{TO_A}]}}]}}",
        "spec.hosts[0]",
        "only for VirtualServices that are bound to gateways",
    ),
    (
        f"{{hosts: ['*'], gateways: [g, mesh], http: [{{route: [{TO_A}]}}]}}",
        "spec.hosts[0]",
        "only for VirtualServices",
    ),
    (f"{{hosts: [a_b], http: [{{route: [{TO_A}]}}]}}", "spec.hosts[0]", "is not a host name"),
    (
        f"{{hosts: ['a:80'], http: [{{route: [{TO_A}]}}]}}",
        "spec.hosts[0]",
        "write the port in a field of its own",
    ),
    (f"{{hosts: [a.1], http: [{{route: [{TO_A}]}}]}}", "spec.hosts[0]", "its last part is a number"),
    (f"{{hosts: [a.*.b], http: [{{route: [{TO_A}]}}]}}", "spec.hosts[0]", "is not a host name"),
    (f"{{hosts: ['*.b', a.b], http: [{{route: [{TO_A}]}}]}}", "spec.hosts[1]", "overlaps with '*.b'"),
    (f"{{hosts: [a.b, '*.b'], http: [{{route: [{TO_A}]}}]}}", "spec.hosts[1]", "overlaps with 'a.b'"),
    (f"{{hosts: [a, b, a], http: [{{route: [{TO_A}]}}]}}", "spec.hosts[2]", "overlaps with 'a'"),
    (f"{{hosts: [a], gateways: [A_/b], http: [{{route: [{TO_A}]}}]}}", "spec.gateways[0]", "'A_'"),
    (
        f"{{hosts: [a], gateways: [b/], http: [{{route: [{TO_A}]}}]}}",
        "spec.gateways[0]",
        "lacks the namespace or the name",
    ),
    (f"{{hosts: [a], gateways: [''], http: [{{route: [{TO_A}]}}]}}", "spec.gateways[0]", "is empty"),
    (
        f"{{hosts: [a], exportTo: [a_], http: [{{route: [{TO_A}]}}]}}",
        "spec.exportTo[0]",
        "is not a namespace",
    ),
    (
        f"{{hosts: [a], exportTo: ['~'], http: [{{route: [{TO_A}]}}]}}",
        "spec.exportTo[0]",
        "only for ServiceEntries",
    ),
    (f"{{hosts: [a], exportTo: [b, b], http: [{{route: [{TO_A}]}}]}}", "spec.exportTo[1]", "there twice"),
    (
        f"{{hosts: [a], exportTo: [default, .], http: [{{route: [{TO_A}]}}]}}",
        "spec.exportTo[1]",
        "'.' is 'default'",
    ),
    (
        f"{{hosts: [a], exportTo: [b, '*'], http: [{{route: [{TO_A}]}}]}}",
        "spec.exportTo",
        "nothing can stand beside it",
    ),
    (
        f"{{gateways: [g], http: [{{route: [{TO_A}]}}]}}",
        "spec.gateways",
        "is a delegate, which has no gateways",
    ),
    ("{hosts: [a], http: [{}]}", RULE, "leads nowhere"),
    ("{hosts: [a], http: [{timeout: 1s}]}", RULE, "leads nowhere"),
    (
        "{http: [{delegate: {name: b}, route: [{destination: {host: a}}]}]}",
        f"{RULE}.delegate",
        "cannot delegate again",
    ),
    (rule("redirect: {uri: /}"), f"{RULE}.route", "route and redirect exclude each other"),
    (rule("directResponse: {status: 200}"), f"{RULE}.route", "route and directResponse exclude each other"),
    (rule("delegate: {name: b}"), f"{RULE}.route", "route and delegate exclude each other"),
    (
        "{hosts: [a], http: [{redirect: {uri: /}, fault: {abort: {httpStatus: 500}}}]}",
        f"{RULE}.fault",
        "exclude each other",
    ),
    (
        "{hosts: [a], http: [{redirect: {uri: /}, rewrite: {uri: /}}]}",
        f"{RULE}.rewrite",
        "exclude each other",
    ),
    (
        "{hosts: [a], http: [{redirect: {uri: /}, directResponse: {status: 200}}]}",
        f"{RULE}.directResponse",
        "exclude",
    ),
    (
        "{hosts: [a], http: [{delegate: {name: b}, redirect: {uri: /}}]}",
        f"{RULE}.redirect",
        "redirect and delegate",
    ),
    (rule("mirror: {host: a}, mirrors: [{destination: {host: b}}]"), f"{RULE}.mirrors", "exclude each other"),
    (rule("mirrors: [{}]"), f"{RULE}.mirrors[0].destination", "has no destination"),
    (
        rule("mirror: {host: a}, mirrorPercentage: {value: 101}"),
        f"{RULE}.mirrorPercentage.value",
        "not a percentage",
    ),
    (rule("mirror: {host: a}, mirrorPercent: 101"), f"{RULE}.mirrorPercent", "more than 100"),
    (rule("timeout: 0s"), f"{RULE}.timeout", "at least 1ms"),
    (rule("timeout: 1500us"), f"{RULE}.timeout", "whole number of milliseconds"),
    (rule("timeout: -1s"), f"{RULE}.timeout", "at least 1ms"),
    (rule("timeout: 2540400h"), f"{RULE}.timeout", "more than Envoy can count"),
]

DESTINATIONS = [
    ("{}", ".route[0]", "the destination is missing"),
    ("{destination: {}}", ".route[0].destination.host", "the host is missing"),
    ("{destination: {host: '*'}}", ".route[0].destination.host", "is one service"),
    ("{destination: {host: a/b}}", ".route[0].destination.host", "is not a host name"),
    ("{destination: {host: a, subset: v_1}}", ".route[0].destination.subset", "is not the name of a subset"),
    ("{destination: {host: a, port: {}}}", ".route[0].destination.port.number", "the port is missing"),
    ("{destination: {host: a, port: {number: 65536}}}", ".route[0].destination.port.number", "is not a port"),
    ("{destination: {host: a}, weight: -1}", ".route[0].weight", "cannot be negative"),
    ("{destination: {host: a}, weight: 0}, {destination: {host: b}, weight: 0}", ".route", "add up to 0"),
    ("{destination: {host: a}}, {destination: {host: b}}", ".route", "add up to 0"),
    (", ".join([f"{{destination: {{host: a}}, weight: {2**31 - 1}}}"] * 3), ".route", "at most 4294967295"),
    (
        "{destination: {host: a}, headers: {request: {remove: ['']}}}",
        ".route[0].headers.request.remove[0]",
        "is empty",
    ),
]

MATCHES = [
    ("uri: {regex: ''}", "uri.regex", "is empty"),
    ("uri: {regex: '('}", "uri.regex", "not a regular expression of RE2"),
    ("uri: {regex: '(?=a)'}", "uri.regex", "not a regular expression of RE2"),
    ("uri: {regex: '*'}", "uri.regex", "not a regular expression"),
    (f"uri: {{regex: {'a' * 1025}}}", "uri.regex", "at most 1024"),
    ("uri: {regex: '((a{1,100}){1,10}){1,100}'}", "uri.regex", "not a regular expression"),
    ("method: {prefix: ''}", "method.prefix", "matches everything"),
    ("scheme: {prefix: ''}", "scheme.prefix", "matches everything"),
    ("authority: {regex: '['}", "authority.regex", "not a regular expression"),
    ("headers: {a: {prefix: ''}}", "headers[a].prefix", "matches everything"),
    ("headers: {a: {regex: '*'}}", "headers[a].regex", "is not a regular expression"),
    ("headers: {'a b': {exact: x}}", "headers[a b]", "is not the name of a header"),
    ("headers: {':foo': {exact: x}}", "headers[:foo]", "is not the name of a header"),
    ("headers: {'': {exact: x}}", "headers[]", "is empty"),
    (
        "headers: {'@request.auth.claims.a': {exact: x}}",
        "headers[@request.auth.claims.a]",
        "on gateways only",
    ),
    (
        "withoutHeaders: {'@request.auth.claims[a]': {exact: x}}",
        "withoutHeaders[@request.auth.claims[a]]",
        "gateways only",
    ),
    (
        "headers: {'@request.auth.claims.': {exact: x}}",
        "headers[@request.auth.claims.]",
        "does not name a claim",
    ),
    ("withoutHeaders: {a: {regex: '['}}", "withoutHeaders[a].regex", "not a regular expression"),
    ("queryParams: {a: {prefix: ''}}", "queryParams[a].prefix", "matches everything"),
    ("queryParams: {'': {exact: a}}", "queryParams", "is empty"),
    ("port: 70000", "port", "is not a port"),
    ("sourceLabels: {a b: c}", "sourceLabels[a b]", "is not a label"),
    ("sourceLabels: {a: c d}", "sourceLabels[a]", "is not the value of a label"),
    ("sourceNamespace: a.b", "sourceNamespace", "is not a namespace"),
    ("gateways: [/b]", "gateways[0]", "lacks the namespace or the name"),
]

FINE = [
    rule(),
    rule("match: [{}]"),
    rule("timeout: 1ms"),
    rule("timeout: 1h30m"),
    rule("retries: {attempts: 0}"),
    rule("retries: {}"),
    rule("retries: {attempts: 2, retryOn: '5xx,503,reset,connect-failure', perTryTimeout: 1s, backoff: 1ms}"),
    rule("mirrorPercentage: {value: 0}, mirror: {host: b}"),
    rule("headers: {request: {set: {host: b, x: '%REQ(:path)% 100%%'}, add: {y: ''}, remove: [z]}}"),
    rule("headers: {response: {set: {x: 'é'}, remove: ['a b']}}"),
    rule("fault: {delay: {fixedDelay: 1s, percentage: {value: 0.0001}}, abort: {grpcStatus: UNAVAILABLE}}"),
    rule("rewrite: {uri: '', authority: b}"),
    rule(
        "corsPolicy: {allowOrigins: [{regex: '.*'}], allowMethods: ['*', GET], allowHeaders: ['*'], maxAge: 1h}"
    ),
    match("uri: {prefix: ''}"),
    match("uri: {exact: ''}"),
    match("headers: {a: {}}, withoutHeaders: {b: {regex: '*'}, c: {}}, queryParams: {d: {}}"),
    match("headers: {':authority': {exact: x}, X-Y: {exact: ''}}"),
    match("uri: {regex: '/a{1,1000}'}"),
    match("sourceLabels: {app.kubernetes.io/name: '', A_b.c: d}"),
    match("gateways: [mesh, b/c]"),
    "{hosts: ['*'], gateways: [g], http: [{redirect: {authority: b}}]}",
    "{hosts: [a, b, 10.0.0.1, 'a.b.', '*.c', d.e.c2], http: [{route: [{destination: {host: a}}]}]}",
    "{hosts: ['*.a.b', a.b], http: [{route: [{destination: {host: a}}]}]}",
    "{http: [{route: [{destination: {host: a}}]}]}",
    "{hosts: [a], http: [{delegate: {name: b}, fault: {delay: {fixedDelay: 1s}}, rewrite: {uri: /}}]}",
    "{hosts: [a], exportTo: ['.'], http: [{directResponse: {status: 599}}]}",
    "{hosts: [a], exportTo: ['.', b], http: [{redirect: {derivePort: FROM_REQUEST_PORT}}]}",
    "{hosts: [a], gateways: [g], http: [{match: [{headers: {'@request.auth.claims.a': {exact: x}}}], redirect: {uri: /}}]}",
    "{hosts: [a], http: [{route: [{destination: {host: a}, weight: 1}, {destination: {host: b}}]}]}",
    "{hosts: [a], http: [{route: [{destination: {host: a}, weight: 0}]}]}",
    "{hosts: [a], tcp: [{match: [{port: 1, destinationSubnets: [10.0.0.0/8, '::1']}], route: [{destination: {host: a}}]}]}",
    "{hosts: ['*.a'], tls: [{match: [{sniHosts: [b.a]}], route: [{destination: {host: a}}]}]}",
    "{hosts: [outbound_.80_._.b], gateways: [g], tls: [{match: [{sniHosts: [outbound_.80_._.b]}], route: [{destination: {host: a}}]}]}",
]

L4 = [
    ("tls: [{route: [%s]}]", "spec.tls[0]", "has no match"),
    ("tls: [{match: [{}], route: [%s]}]", "spec.tls[0].match[0].sniHosts", "sniHosts is missing"),
    (
        "tls: [{match: [{sniHosts: [b]}], route: [%s]}]",
        "spec.tls[0].match[0].sniHosts[0]",
        "not among the hosts",
    ),
    (
        "tls: [{match: [{sniHosts: [a_]}], route: [%s]}]",
        "spec.tls[0].match[0].sniHosts[0]",
        "is not a host name",
    ),
    ("tls: [{match: [{sniHosts: [a]}]}]", "spec.tls[0]", "leads nowhere"),
    (
        "tls: [{match: [{sniHosts: [a], port: 65536}], route: [%s]}]",
        "spec.tls[0].match[0].port",
        "is not a port",
    ),
    ("tcp: [{}]", "spec.tcp[0]", "leads nowhere"),
    (
        "tcp: [{match: [{destinationSubnets: [10.0.0.0/33]}], route: [%s]}]",
        "spec.tcp[0].match[0].destinationSubnets[0]",
        "range",
    ),
    (
        "tcp: [{match: [{destinationSubnets: [a]}], route: [%s]}]",
        "spec.tcp[0].match[0].destinationSubnets[0]",
        "not an IP",
    ),
]

WARNED = [
    (
        rule("mirror: {host: a}, mirrorPercent: 0"),
        f"{RULE}.mirrorPercent",
        "deprecated",
        codes.SCHEMA_WARNING,
    ),
    (
        rule().replace("hosts", "gateways: [g.ns.svc], hosts"),
        "spec.gateways[0]",
        "the old way",
        codes.SCHEMA_WARNING,
    ),
    (
        rule("fault: {abort: {percentage: {value: 1}}}"),
        f"{RULE}.fault.abort",
        "has no effect",
        codes.SCHEMA_WARNING,
    ),
    (
        rule("rewrite: {uriRegexRewrite: {match: '(a)', rewrite: '\\2'}}"),
        f"{RULE}.rewrite.uriRegexRewrite.rewrite",
        "1 groups",
        codes.SCHEMA_WARNING,
    ),
    (
        f"{{hosts: [a], tcp: [{{route: [{TO_A}]}}, {{match: [{{port: 1}}], route: [{TO_A}]}}]}}",
        "spec.tcp[1]",
        "takes everything",
        codes.UNREACHABLE_RULE,
    ),
    (
        f"{{hosts: [a], tcp: [{{match: [{{port: 1}}, {{port: 1}}], route: [{TO_A}]}}]}}",
        "spec.tcp[0].match[1]",
        "match 1 of rule 1 is the same",
        codes.INEFFECTIVE_MATCH,
    ),
    (
        f"{{hosts: [a], tcp: [{{match: [{{port: 1, sourceSubnet: 10.0.0.0/8}}], route: [{TO_A}]}}]}}",
        "spec.tcp[0].match[0].sourceSubnet",
        "has no effect",
        codes.WITHOUT_EFFECT,
    ),
    (
        f"{{hosts: [10.0.0.1], tls: [{{match: [{{sniHosts: [10.0.0.1]}}], route: [{TO_A}]}}]}}",
        "spec.tls[0].match[0].sniHosts[0]",
        "clients send no address",
        codes.SCHEMA_WARNING,
    ),
]


@pytest.mark.parametrize(("text", "path", "words"), WRONG)
def test_refused(text, path, words):
    expect(judge(KIND, text), path, words)


@pytest.mark.parametrize(("text", "path", "words"), DESTINATIONS)
def test_refused_destinations(text, path, words):
    expect(judge(KIND, f"{{hosts: [a], http: [{{route: [{text}]}}]}}"), RULE + path, words)


@pytest.mark.parametrize(("text", "path", "words"), MATCHES)
def test_refused_conditions(text, path, words):
    expect(judge(KIND, match(text)), f"{MATCH}.{path}", words)


@pytest.mark.parametrize(("text", "path", "words"), L4)
def test_refused_rules_for_tls_and_tcp(text, path, words):
    expect(judge(KIND, f"{{hosts: [a], {text.replace('%s', TO_A)}}}"), path, words)


@pytest.mark.parametrize("text", FINE)
def test_fine(text):
    expect_none(judge(KIND, text))


@pytest.mark.parametrize(("text", "path", "words", "code"), WARNED)
def test_warned_about(text, path, words, code):
    found = judge(KIND, text)
    expect(found, path, words, Level.WARNING)
    assert [one.code for one in found] == [code]


def test_a_wildcard_inside_a_label_is_no_sni_for_envoy():
    text = f"{{hosts: ['*'], gateways: [g], tls: [{{match: [{{sniHosts: ['*a.b']}}], route: [{TO_A}]}}]}}"
    found = judge(KIND, text)
    expect(found, "spec.tls[0].match[0].sniHosts[0]", "whole labels")
    assert found[0].code == codes.ENVOY


def test_all_errors_at_once():
    text = "{hosts: ['*'], http: [{timeout: 0s, route: [{destination: {host: '*'}, weight: -1}], retries: {attempts: -1}}]}"
    assert [one.path for one in judge(KIND, text)] == [
        "spec.hosts[0]",
        "spec.http[0].route[0].destination.host",
        "spec.http[0].route[0].weight",
        "spec.http[0].timeout",
        "spec.http[0].retries.attempts",
    ]
