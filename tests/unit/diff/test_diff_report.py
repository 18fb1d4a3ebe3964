"""`lateen diff`: what is reported of edits, kind by kind, and how."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BASE = """
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v1}
spec:
  selector: {matchLabels: {app: reviews}}
  template:
    metadata: {labels: {app: reviews, version: v1}}
    spec: {containers: [{name: main, image: x}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
---
"""
RULES = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{headers: {end-user: {exact: jason}}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - route: [{destination: {host: reviews, subset: v1}}]
"""


def diff(directory: Path, old: str, new: str, *options: str) -> tuple[int, str, str]:
    for name, text in (("old", old), ("new", new)):
        (directory / f"{name}.yaml").write_text(text)
    command = [sys.executable, "-m", "lateen.cli", "diff", "old.yaml", "new.yaml", *options]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_nothing_changes(tmp_path: Path) -> None:
    code, out, _ = diff(tmp_path, BASE + RULES, BASE + RULES.replace("exact: jason", 'exact: "jason"'))
    assert (code, out) == (0, "no request changes (0 objects differ)\n")


def test_a_port_that_the_service_does_not_have_answers_503_before_and_after(tmp_path: Path) -> None:
    other = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{name: http, port: 80}]}\n---\n"
    )
    weights = RULES.replace(
        "  - route: [{destination: {host: reviews, subset: v1}}]",
        "  - timeout: 2s\n    retries: {attempts: 5}\n    route: [{destination: {host: reviews, subset: v1}, weight: 50}, {destination: {host: reviews, subset: v2}, weight: 50}]",
    )
    assert weights != RULES
    code, out, _ = diff(tmp_path, BASE + other + RULES, BASE + other + weights)
    assert code == 1
    assert "port 9080" in out
    assert "port 80" not in out.replace("port 9080", "")
    assert "1 class of requests changes" in out


def test_an_edit_without_effect_changes_no_request(tmp_path: Path) -> None:
    twice = RULES + "  - route: [{destination: {host: reviews, subset: v2}}]\n"  # can never match
    code, out, _ = diff(tmp_path, BASE + RULES, BASE + twice)
    assert code == 0
    assert out.startswith("no request changes (1 object differs")


def test_a_changed_condition_is_two_classes_with_examples_and_cause(tmp_path: Path) -> None:
    code, out, _ = diff(tmp_path, BASE + RULES, BASE + RULES.replace("jason", "bob"))
    assert code == 1
    assert out.splitlines()[:5] == [
        "1. requests with header end-user exact 'jason' to reviews, port 9080",
        "   from     sidecar reviews-v1.default",
        "   example  curl -H 'end-user: jason' http://reviews:9080/",
        "   to       reviews.default.svc.cluster.local:9080 v2  →  reviews.default.svc.cluster.local:9080 v1",
        "   cause    VirtualService default/reviews changed: spec.http[0].match[0].headers.end-user.exact (new.yaml:27)",
    ]
    assert "curl -H 'end-user: bob' http://reviews:9080/" in out


V1 = "{host: reviews, subset: v1}}]"
EDITS = [
    ("timeout", RULES + "    timeout: 3s\n", ["timeout", "0s  →  3s"]),
    ("retries", RULES + "    retries: {attempts: 0}\n", ["retries", "2 on connect-failure", "→  -"]),
    ("rewrite", RULES + "    rewrite: {uri: /x}\n", ["prefix_rewrite", "-  →  /x"]),
    ("fault", RULES + "    fault: {abort: {httpStatus: 500, percentage: {value: 10}}}\n", ["abort.percentage 10%", "500"]),
    ("headers", RULES + "    headers: {request: {set: {x: z}}}\n", ["request header x", "set to 'z'"]),
    ("mirror", RULES + "    mirror: {host: reviews, subset: v2}\n", ["mirror", "v2"]),
    ("weights", RULES.replace(V1, "{host: reviews, subset: v1}, weight: 90}, {destination: {host: reviews, subset: v2}, weight: 10}]"),
     ["90% reviews.default.svc.cluster.local:9080 v1, 10% reviews.default.svc.cluster.local:9080 v2"]),
    ("redirect", RULES.replace(f"  - route: [{{destination: {V1}", "  - redirect: {uri: /new}"), ["outcome", "redirect (path_redirect /new)"]),
    ("rejection", RULES.replace(f"  - route: [{{destination: {V1}", "  - directResponse: {status: 403}"), ["outcome", "403 from the proxy"]),
    ("no rule", RULES.replace(f"  - route: [{{destination: {V1}", ""), ["outcome", "404, no route"]),
]  # fmt: skip


@pytest.mark.parametrize(("edited", "words"), [edit[1:] for edit in EDITS], ids=[edit[0] for edit in EDITS])
def test_every_kind_of_policy_is_named(tmp_path: Path, edited: str, words: list[str]) -> None:
    code, out, _ = diff(tmp_path, BASE + RULES, BASE + edited)
    assert code == 1
    assert all(word in out for word in words), out


def test_a_destination_rule_is_a_cause(tmp_path: Path) -> None:
    edited = BASE.replace(
        "host: reviews,", "host: reviews, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 3}},"
    )
    code, out, _ = diff(tmp_path, BASE + RULES, edited + RULES)
    assert code == 1
    assert "destination.outlier_detection.consecutive_5xx" in out
    assert "DestinationRule default/reviews changed: spec.trafficPolicy (new.yaml:19)" in out


def test_a_missing_subset_is_told_as_what_comes_of_it(tmp_path: Path) -> None:
    edited = BASE.replace(", {name: v2, labels: {version: v2}}", "")
    code, out, _ = diff(tmp_path, BASE + RULES, edited + RULES)
    assert code == 1
    assert "503, there is no cluster for reviews.default.svc.cluster.local:9080 v2" in out


def test_what_cannot_be_decided_is_said(tmp_path: Path) -> None:
    rule = "  - match: [{uri: {regex: '/a\\b.*'}}]\n    directResponse: {status: 418}\n"
    edited = RULES.replace("  http:\n", "  http:\n" + rule)
    code, out, _ = diff(tmp_path, BASE + RULES, BASE + edited)
    assert code == 1
    assert "cannot decide" in out
    assert "\\b" in out
    assert diff(tmp_path, BASE + edited, BASE + edited + "    timeout: 1s\n")[1].count("cannot decide") == 0


def test_json_and_markdown_say_the_same(tmp_path: Path) -> None:
    new = BASE + RULES + "    timeout: 3s\n"
    found = json.loads(diff(tmp_path, BASE + RULES, new, "-o", "json")[1])
    (change,) = found["changes"]
    assert change["example"]["curl"] == "curl http://reviews:9080/"
    assert {"field": "timeout", "before": "0s", "after": "3s"} in change["differences"]
    assert change["causes"][0]["fields"] == [{"path": "spec.http[1].timeout", "place": "new.yaml:30"}]
    markdown = diff(tmp_path, BASE + RULES, new, "-o", "markdown")[1]
    assert "| timeout | 0s | 3s |" in markdown
    assert "### 1 class of requests changes" in markdown


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("- a\n- list\n", "error"),
        ("", "has no objects"),
        (BASE + RULES.replace("hosts: [reviews]", "hosts: reviews"), "hosts"),
        (BASE + RULES + "\t- x\n", "error"),
    ],
    ids=["a list", "empty", "wrong type", "a tab"],
)
def test_wrong_input_is_exit_code_2(tmp_path: Path, new: str, words: str) -> None:
    code, _, err = diff(tmp_path, BASE + RULES, new)
    assert code == 2, err
    assert words.lower() in err.lower()
    assert "Traceback" not in err


CONNECTIONS = """
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {selector: {app: a}, clusterIP: 10.96.0.7, ports: [{name: http, port: 80}, {name: tcp, port: 7000}, {name: tls, port: 443}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  selector: {istio: gw}
  servers:
  - {port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE, credentialName: a}}
  - {port: {number: 8443, name: tls, protocol: TLS}, hosts: ["*.pass.example"], tls: {mode: PASSTHROUGH}}
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example], tls: {httpsRedirect: true}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v}
spec:
  hosts: [a.example]
  gateways: [gw]
  http: [{match: [{uri: {prefix: /x}}], route: [{destination: {host: a, port: {number: 80}}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: p}
spec:
  hosts: ["*.pass.example"]
  gateways: [gw]
  tls: [{match: [{port: 8443, sniHosts: [one.pass.example]}], route: [{destination: {host: a, port: {number: 443}}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: m}
spec:
  hosts: [a]
  tcp: [{match: [{port: 7000}], route: [{destination: {host: a, port: {number: 7000}}}]}]
"""


@pytest.mark.parametrize(
    ("old", "new", "subjects"),
    [
        ("one.pass", "two.pass", ["TLS connections (one.pass.example) to 203.0.113.7:8443", "TLS connections (two.pass.example) to 203.0.113.7:8443"]),
        ("number: 7000}}}", "number: 443}}}", ["connections to 10.96.0.7:7000"]),
        ("mode: SIMPLE", "mode: MUTUAL", ["TLS connections (a.example) to 203.0.113.7:443, all requests", "TLS connections (a.example) to 203.0.113.7:443"]),
        ("prefix: /x", "prefix: /y", ["requests with path prefix /y to a.example, port 443", "requests with path prefix /x to a.example, port 443"]),
        ("httpsRedirect: true", "httpsRedirect: false", ["requests with path prefix /x to a.example, port 80", "every request to a.example, port 80"]),
    ],
)  # fmt: skip
def test_connections_and_gateways(tmp_path: Path, old: str, new: str, subjects: list[str]) -> None:
    code, out, _ = diff(tmp_path, CONNECTIONS, CONNECTIONS.replace(old, new))
    assert code == 1
    found = [line.partition(". ")[2] for line in out.splitlines() if line[:1].isdigit() and ". " in line[:5]]
    assert sorted(found) == sorted(subjects), out
    assert "cannot decide" not in out


POD = """---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: reviews, version: v1}}}}
spec: {{containers: [{{name: a, image: x}}], nodeName: {node}}}
status: {{phase: Running, podIP: {address}, conditions: [{{type: Ready, status: "{ready}"}}]}}
"""
NODES = "".join(
    f"---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{topology.kubernetes.io/region: {name}}}}}\n"
    for name in ("near", "far")
)


def pod(name: str, address: str, *, ready: bool, node: str = "near") -> str:
    return POD.format(name=name, address=address, ready=ready, node=node)


def test_an_endpoint_that_is_not_ready_moves_no_request(tmp_path: Path) -> None:
    old = BASE + pod("a", "10.1.0.1", ready=True)
    code, out, _ = diff(tmp_path, old, old + pod("b", "10.1.0.2", ready=False))
    assert (code, out.splitlines()[-1][:17]) == (0, "no request change")
    code, out, _ = diff(tmp_path, old, old + pod("b", "10.1.0.2", ready=True))
    assert code == 1
    assert "10.1.0.1:9080, 10.1.0.2:9080" in out


def test_an_endpoint_that_is_not_ready_moves_requests_to_a_region_farther_away(tmp_path: Path) -> None:
    failover = BASE.replace(
        "spec: {host: reviews,", "spec: {host: reviews, trafficPolicy: {outlierDetection: {interval: 1s}},"
    )
    old = failover + NODES + pod("a", "10.1.0.1", ready=True) + pod("c", "10.1.0.3", ready=True, node="far")
    code, out, _ = diff(tmp_path, old, old + pod("b", "10.1.0.2", ready=False))
    assert code == 1
    assert "10.1.0.2:9080 unhealthy" in out


def test_a_subset_that_nobody_defines_answers_503(tmp_path: Path) -> None:
    code, out, _ = diff(tmp_path, BASE + RULES, BASE + RULES.replace("subset: v1}}]", "subset: v9}}]"))
    assert code == 1
    words = "503, there is no cluster for reviews.default.svc.cluster.local:9080 v9"
    assert f"outcome  to reviews.default.svc.cluster.local:9080 v1  →  {words}" in out


def test_of_several_destinations_the_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    both = "subset: v1}, weight: 90}, {destination: {host: reviews, subset: v9}, weight: 10}]"
    code, out, _ = diff(tmp_path, BASE + RULES, BASE + RULES.replace("subset: v1}}]", both))
    assert code == 1
    assert "reviews.default.svc.cluster.local:9080 v9 destination  -  →  503, there is no cluster for" in out


def test_a_fault_without_a_percentage_happens_to_nobody(tmp_path: Path) -> None:
    code, out, _ = diff(tmp_path, BASE + RULES, BASE + RULES + "    fault: {delay: {fixedDelay: 2s}}\n")
    assert code == 1
    assert "delay.percentage 0%" in out
