"""`lateen test` and the pytest plugin: expectations that hold, that do not, that cannot be tried."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

CONFIG = """
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{headers: {end-user: {exact: jason}}}]
    timeout: 3s
    retries: {attempts: 4, perTryTimeout: 1s}
    route: [{destination: {host: reviews, subset: v2}}]
  - match: [{uri: {prefix: /old}}]
    redirect: {uri: /new, redirectCode: 308}
  - match: [{uri: {prefix: /gone}}]
    directResponse: {status: 410}
  - match: [{uri: {prefix: /x}}]
    rewrite: {uri: /y}
    fault: {abort: {httpStatus: 500, percentage: {value: 10}}}
    headers: {request: {set: {a: b}}}
    mirror: {host: reviews, subset: v1}
    route: [{destination: {host: reviews, subset: v1}, weight: 9}, {destination: {host: reviews, subset: v2}, weight: 1}]
---
"""


def deployment(version: str) -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: reviews-{version}}}
spec:
  selector: {{matchLabels: {{app: reviews, version: {version}}}}}
  template:
    metadata: {{labels: {{app: reviews, version: {version}}}}}
    spec: {{containers: [{{name: main, image: x}}]}}
---
"""


CONFIG += deployment("v1") + deployment("v2")


def case(request: str, expect: str, headers: str = "{}") -> str:
    return f"expectations:\n- from: reviews-v1\n  request: GET http://reviews:9080{request}\n  headers: {headers}\n  expect: {expect}\n"


def run(directory: Path, text: str, *options: str) -> tuple[int, str, str]:
    (directory / "all.yaml").write_text(text)
    command = [sys.executable, "-m", "lateen.cli", "test", "all.yaml", *options]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


V1, V2 = "{destination: {host: reviews, subset: v1}", "{destination: {host: reviews, subset: v2}"
JASON = "{end-user: jason}"
CASES = [
    ("/", f"{{route: [{V2}}}]}}", f"{{route: [{V1}}}]}}", JASON),
    ("/", "{timeout: 3s}", "{timeout: 2s}", JASON),
    ("/", "{retries: {attempts: 4, perTryTimeout: 1s}}", "{retries: {attempts: 3, perTryTimeout: 1s}}", JASON),
    ("/old", "{redirect: {uri: /new, redirectCode: 308}}", "{redirect: {uri: /new}}", "{}"),
    ("/old", "{status: 308, location: 'http://reviews:9080/new'}", "{status: 301}", "{}"),
    ("/gone", "{status: 410, directResponse: {status: 410}}", "{directResponse: {status: 404}}", "{}"),
    ("/x/1", f"{{route: [{V1}, weight: 90}}, {V2}, weight: 10}}]}}", f"{{route: [{V1}, weight: 80}}, {V2}, weight: 20}}]}}", "{}"),
    ("/x/1", "{rewrite: {uri: /y}, path: /y/1}", "{path: /x/1}", "{}"),
    ("/x/1", "{fault: {abort: {httpStatus: 500, percentage: {value: 10}}}}", "{fault: {abort: {httpStatus: 500, percentage: {value: 20}}}}", "{}"),
    ("/x/1", "{headers: {request: {set: {a: b}}}}", "{headers: {request: {set: {a: c}}}}", "{}"),
    ("/x/1", "{mirror: {host: reviews, subset: v1}}", "{mirror: {host: reviews, subset: v2}}", "{}"),
    ("/else", "{status: 404}", "{status: 200}", "{}"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "right", "wrong", "headers"), CASES)
def test_each_kind_of_expectation_holds_and_fails(
    tmp_path: Path, request_: str, right: str, wrong: str, headers: str
) -> None:
    code, out, _ = run(tmp_path, CONFIG + case(request_, right, headers))
    assert (code, out.count("FAILED")) == (0, 0), out
    code, out, _ = run(tmp_path, CONFIG + case(request_, wrong, headers))
    assert (code, out.count("FAILED")) == (1, 1), out
    line = CONFIG.count("\n") + 2
    assert f"(all.yaml:{line})" in out


def test_coverage_names_the_rules_that_nobody_tried(tmp_path: Path) -> None:
    text = CONFIG + case("/old", "{status: 308}")
    code, out, err = run(tmp_path, text, "--fail-under", "50")
    assert code == 1
    assert "never exercised: VirtualService default/reviews: route 1 (header end-user exact 'jason')" in out
    assert "1 of 4 rules exercised (25%)" in out
    assert "25.0% of the rules are exercised, 50% should be" in err


def test_junit_and_json(tmp_path: Path) -> None:
    text = (
        CONFIG
        + case("/old", "{status: 308}")
        + "- request: GET http://reviews:9080/\n  from: reviews-v1\n  expect: {status: 1}\n"
    )
    code, out, _ = run(tmp_path, text, "--junit", "out.xml", "-o", "json")
    assert code == 1
    assert [one["passed"] for one in json.loads(out)["results"]] == [True, False]
    suite = ET.parse(tmp_path / "out.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


FOREIGN_RULES = """
apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  gateways: [GATEWAY]
  hosts: [www.shop.example, shop.example]
  http:
  - match: [{uri: {regex: '/users(/.*)?'}}]
    route: [{destination: {host: users.users.svc.cluster.local, port: {number: 80}}}]
  - match: [{uri: {prefix: /partners}, method: {regex: (GET|OPTIONS)}}]
    route: [{destination: {host: partner.partner.svc.cluster.local, port: {number: 8000}}}]
  - route: [{destination: {host: rest.rest.svc.cluster.local}}]
---
testCases:
- description: users
  wantMatch: true
  request: {authority: [www.shop.example, shop.example], method: [GET, POST], uri: [/users, /users/1]}
  route: [{destination: {host: users.users.svc.cluster.local, port: {number: 80}}}]
- description: partners only read
  wantMatch: false
  request: {authority: [shop.example], method: [PUT, POST], uri: [/partners]}
  route: [{destination: {host: partner.partner.svc.cluster.local, port: {number: 8000}}}]
"""


@pytest.mark.parametrize("gateway", ["mesh", "shop-gateway", "other/gateway"])
def test_files_of_istio_config_validator_run_as_they_are(tmp_path: Path, gateway: str) -> None:
    text = FOREIGN_RULES.replace("GATEWAY", gateway)
    code, out, _ = run(tmp_path, text)
    assert code == 0, out
    assert "2 passed; 2 of 3 rules exercised" in out
    code, out, _ = run(tmp_path, text.replace("wantMatch: false", "wantMatch: true"))
    assert code == 1
    assert out.count("FAILED") == 1


DELEGATING_RULES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  hosts: [shop.example]
  http:
  - match: [{uri: {regex: '/users(/.*)?'}}]
    delegate: {name: users}
  - match: [{uri: {prefix: /cart}}]
    delegate: {name: cart, namespace: cart}
  - route: [{destination: {host: rest.rest.svc.cluster.local}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: users, namespace: shop}
spec:
  http:
  - match: [{uri: {prefix: /users/1}}]
    route: [{destination: {host: first.users.svc.cluster.local}}]
  - route: [{destination: {host: users.users.svc.cluster.local}}]
    headers: {request: {set: {x-team: users}}}
---
"""


def delegating(path: str, expect: str, wanted: str = "true") -> str:
    case = f"- {{description: d, wantMatch: {wanted}, request: {{authority: [shop.example], method: [GET], uri: [{path}]}}, {expect}}}"
    return f"{DELEGATING_RULES}testCases:\n{case}\n"


USERS = "route: [{destination: {host: users.users.svc.cluster.local}}]"


@pytest.mark.parametrize(
    ("path", "expect", "wanted", "code"),
    [
        ("/users", "delegate: {name: users}", "true", 0),
        ("/users", "delegate: {name: other}", "true", 1),
        ("/users", "delegate: {name: other}", "false", 0),
        ("/cart", "delegate: {name: cart, namespace: cart}", "true", 0),
        ("/cart", "delegate: {name: cart}", "true", 1),
        ("/cart", USERS, "true", 1),
        ("/other", "delegate: {name: users}", "true", 1),
        ("/users", USERS, "true", 0),
        ("/users/1", USERS, "true", 1),
        ("/users", f"{USERS}, headers: {{request: {{set: {{x-team: users}}}}}}", "true", 0),
        ("/users", f"{USERS}, headers: {{request: {{set: {{x-team: other}}}}}}", "false", 1),
        ("/users/1", f"{USERS}, headers: {{request: {{set: {{x-team: other}}}}}}", "false", 0),
    ],
)
def test_rules_that_delegate_are_judged_as_they_are_written(
    tmp_path: Path, path: str, expect: str, wanted: str, code: int
) -> None:
    assert run(tmp_path, delegating(path, expect, wanted))[0] == code


def test_a_delegate_s_rule_that_istio_leaves_out_is_told(tmp_path: Path) -> None:
    expect = "route: [{destination: {host: first.users.svc.cluster.local}}]"
    code, out, _ = run(tmp_path, delegating("/users/1", expect))
    assert code == 0
    assert "in the mesh it is otherwise: GET http://shop.example/users/1: route" in out
    assert "NOTE" not in run(tmp_path, delegating("/users", USERS))[1]


def test_fields_that_istio_config_validator_passes_over_are_told(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, delegating("/users", f"{USERS}, owner: me"))
    assert code == 0
    assert "owner means nothing here" in out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CONFIG, "no expectations"),
        (CONFIG + "expectations: [{request: GET http://reviews/}]", "expect says nothing"),
        (
            CONFIG + "expectations: [{request: GET http://reviews/, expect: {wrong: 1}}]",
            "expect.wrong means nothing",
        ),
        (CONFIG + "expectations: [{wat: 1}]", "'wat' means nothing"),
        (CONFIG + "testCases: [{description: x, request: {method: [GET], uri: [/]}}]", "request.authority"),
    ],
)
def test_what_is_not_understood_is_misuse(tmp_path: Path, text: str, words: str) -> None:
    code, _, err = run(tmp_path, text)
    assert code == 2
    assert words in err


def test_an_expected_rule_that_is_wrong_says_so(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, CONFIG + case("/", "{timeout: [1]}", JASON))
    assert code == 1
    assert "what is expected is wrong" in out


def test_an_unknown_workload_is_a_failed_expectation(tmp_path: Path) -> None:
    code, out, _ = run(
        tmp_path, CONFIG + case("/", f"{{route: [{V1}}}]}}").replace("from: reviews-v1", "from: nobody")
    )
    assert code == 1
    assert "no workload 'nobody'; there are: default/reviews-v1, default/reviews-v2" in out


def test_a_workload_is_found_by_its_app_unless_several_have_it(tmp_path: Path) -> None:
    alone = CONFIG.replace(deployment("v2"), "")
    asked = case("/old", "{status: 308}").replace("from: reviews-v1", "from: reviews")
    assert run(tmp_path, alone + asked)[0] == 0
    assert "no workload 'reviews'" in run(tmp_path, CONFIG + asked)[1]


def test_short_hosts_of_a_gateway_are_those_of_the_expectations_namespace(tmp_path: Path) -> None:
    gateway = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: g}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: front}
spec: {hosts: [front.example], gateways: [g], http: [{route: [{destination: {host: reviews}}]}]}
---
expectations:
- {request: GET http://front.example/, expect: {route: [{destination: {host: reviews, port: {number: 9080}}}]}}
"""
    code, out, _ = run(tmp_path, CONFIG + gateway)
    assert code == 0, out


def test_the_plugin_has_a_mesh_and_collects_files(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "all.yaml").write_text(
        CONFIG
        + case("/old", "{status: 308}")
        + "- {from: reviews-v1, request: GET http://reviews:9080/old, expect: {status: 1}}\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nlateen_expectations = true\n")
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.mesh('config')\n"
        "def test_it(mesh):\n"
        "    found = mesh.send('GET', 'http://reviews:9080/', headers={'end-user': 'jason'}, source='reviews-v1')\n"
        "    assert (found.host, found.subset) == ('reviews.default.svc.cluster.local', 'v2')\n"
        "    assert mesh.send('GET', 'http://reviews:9080/gone', source='reviews-v1').status == 410\n"
        "def test_without(mesh): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    out = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert "1 failed, 2 passed, 1 error" in out, out
    assert "status should be 1, is 308" in out
    assert "the mesh fixture needs" in out
