"""`lateen test --engine envoy`: each word of an expectation, right and wrong, judged by what Envoy does."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lateen.expectations.cases import separated
from lateen.expectations.running import Result, Run
from lateen.sources.documents import Texts
from lateen.twin.engine import EnvoyEngine, starting
from support.reviews import RATINGS, REVIEWS, SUBSETS, documents

pytestmark = pytest.mark.envoy

RULES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{uri: {prefix: /rewritten}}]
    rewrite: {uri: /new, authority: other}
    timeout: 3s
    route: [{destination: {host: reviews, subset: v2}}]
  - match: [{uri: {prefix: /regex}}]
    rewrite: {uriRegexRewrite: {match: "/regex/([a-z]+)", rewrite: "/of/\\\\1"}}
    route: [{destination: {host: reviews, subset: v1}}]
  - match: [{uri: {prefix: /moved}}]
    redirect: {uri: /there, authority: else.where, redirectCode: 308}
  - match: [{uri: {prefix: /answered}}]
    directResponse: {status: 418, body: {string: teapot}}
  - match: [{uri: {prefix: /tried}}]
    retries: {attempts: 3, perTryTimeout: 2s, retryOn: "5xx,retriable-status-codes,409"}
    route: [{destination: {host: reviews, subset: v1}}]
  - match: [{uri: {prefix: /copied}}]
    mirrors: [{destination: {host: ratings}}]
    route: [{destination: {host: reviews, subset: v1}}]
  - match: [{uri: {prefix: /broken}}]
    fault: {abort: {httpStatus: 503, percentage: {value: 50}}, delay: {fixedDelay: 7s, percentage: {value: 100}}}
    route: [{destination: {host: reviews, subset: v1}}]
  - match: [{uri: {prefix: /headers}}]
    headers: {request: {set: {x-a: "1"}, remove: [x-gone]}, response: {add: {x-b: "2"}, remove: [x-secret]}}
    route: [{destination: {host: reviews, subset: v1}}]
  - route:
    - {destination: {host: reviews, subset: v1}, weight: 80}
    - {destination: {host: reviews, subset: v2}, weight: 20}
"""
MESH = documents(REVIEWS, RATINGS, SUBSETS, RULES)
CASE = """
---
expectations:
- {name: it, from: productpage, request: GET http://reviews:9080PATH, headers: {x-gone: here}, expect: {EXPECT}}
"""
ONE, TWO = ("{destination: {host: reviews, subset: " + name + "}}" for name in ("v1", "v2"))


@pytest.fixture(scope="module")
def engine() -> Iterator[EnvoyEngine]:
    with starting() as found:
        yield found


def tried(engine: EnvoyEngine, path: str, expect: str, mesh: str = MESH) -> Result:
    text = mesh + CASE.replace("PATH", path).replace("EXPECT", expect)
    texts, cases = separated([("mesh.yaml", text)], "default")
    (result,) = Run(Texts().load(texts), cases, engine).results()
    return result


@pytest.mark.parametrize(
    ("path", "right", "wrong", "words"),
    [
        ("/rewritten/a", f"route: [{TWO}]", f"route: [{ONE}]", "3 of 3 requests went to reviews.default.svc.cluster.local:9080 v2"),
        ("/rewritten/a", "rewrite: {uri: /new, authority: other}", "rewrite: {uri: /old}", "should become /old…, is '/new/a'"),
        ("/rewritten/a", "rewrite: {authority: other}", "rewrite: {authority: another}", "authority should be 'another', is 'other'"),
        ("/rewritten/a", "path: /new/a, authority: other", "path: /new/b", "path should be '/new/b', is '/new/a'"),
        ("/regex/ab?q", "rewrite: {uriRegexRewrite: {match: '/regex/([a-z]+)', rewrite: '/of/\\1'}}",
         "rewrite: {uriRegexRewrite: {match: '/regex/([a-z]+)', rewrite: '/for/\\1'}}", "should be '/for/ab', is '/of/ab'"),
        ("/moved", "redirect: {uri: /there, authority: else.where, redirectCode: 308}", "redirect: {uri: /here, redirectCode: 308}",
         "uri should be '/here', is '/there'"),
        ("/moved", "status: 308, location: 'http://else.where/there'", "redirect: {uri: /there}", "should be 301, is 308"),
        ("/answered", "directResponse: {status: 418, body: {string: teapot}}", "directResponse: {status: 418, body: {string: pot}}",
         "body should be 'pot', is 'teapot'"),
        ("/answered", "status: 418", "status: 200", "status should be 200, is 418"),
        ("/rewritten/a", "timeout: 3s", "timeout: 2s", "should be 2s, Envoy waits 3000 ms"),
        ("/regex/a", "timeout: 0s", "timeout: 1s", "should be 1s, Envoy waits for ever"),
        ("/tried", "retries: {attempts: 3, perTryTimeout: 2s, retryOn: '5xx'}", "retries: {attempts: 2, retryOn: '5xx'}",
         "2 should follow a failure with status 503, there were 3"),
        ("/tried", "retries: {attempts: 3, retryOn: '409,retriable-status-codes'}", "retries: {attempts: 3, perTryTimeout: 1s, retryOn: 5xx}",
         "perTryTimeout should be 1000 ms, Envoy waits 2000 ms"),
        ("/copied", "mirrors: [{destination: {host: ratings}}]", "mirrors: [{destination: {host: reviews}}]", "ratings.default.svc.cluster.local:9080 gets copies"),
        ("/headers", "headers: {request: {set: {x-a: '1'}, remove: [x-gone]}, response: {add: {x-b: '2'}, remove: [x-secret]}}",
         "headers: {request: {set: {x-a: '1'}}}", "x-gone should be 'here', is None"),
        ("/headers", "route: [" + ONE + "]", "headers: {request: {remove: [x-gone]}}", "x-a should be None, is '1'"),
        ("/rewritten/a", "route: [" + TWO + "]", "headers: {response: {remove: [x-secret]}}", "x-secret should be removed"),
        ("/", "route: [{destination: {host: reviews, subset: v1}, weight: 80}, {destination: {host: reviews, subset: v2}, weight: 20}]",
         "route: [{destination: {host: reviews, subset: v1}, weight: 50}, {destination: {host: reviews, subset: v2}, weight: 50}]",
         "50% should go to reviews.default.svc.cluster.local:9080 v1"),
    ],
)  # fmt: skip
def test_a_word_of_an_expectation(engine: EnvoyEngine, path: str, right: str, wrong: str, words: str) -> None:
    good = tried(engine, path, right)
    assert (good.problems, good.unjudged, good.passed) == ((), (), True)
    bad = tried(engine, path, wrong)
    assert not bad.passed
    assert words in "\n".join(bad.problems)


def test_faults_are_counted_and_their_length_is_not_judged(engine: EnvoyEngine) -> None:
    fault = "fault: {abort: {httpStatus: STATUS, percentage: {value: SHARE}}, delay: {fixedDelay: 7s, percentage: {value: 100}}}"
    good = tried(engine, "/broken", fault.replace("STATUS", "503").replace("SHARE", "50"))
    assert (good.problems, good.passed) == ((), True)
    assert good.unjudged == ("fault.delay: its length (delays are shortened)",)
    assert "status should be 500, is 503" in str(
        tried(engine, "/broken", fault.replace("STATUS", "500").replace("SHARE", "50"))
    )
    assert "10% of the requests" in str(
        tried(engine, "/broken", fault.replace("STATUS", "503").replace("SHARE", "10"))
    )


def test_what_no_answer_shows_is_not_passed(engine: EnvoyEngine) -> None:
    alone = tried(engine, "/", "corsPolicy: {allowOrigins: [{exact: 'http://a'}]}")
    assert (alone.passed, alone.judged, alone.problems) == (False, False, ())
    assert alone.unjudged == ("corsPolicy: no answer shows it",)


def test_a_destination_without_endpoints_is_still_503(engine: EnvoyEngine) -> None:
    assert tried(engine, "/rewritten/a", "status: 503, path: /new/a").passed


def test_what_envoy_refuses_fails(engine: EnvoyEngine) -> None:
    patch = """---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: bad}
spec:
  configPatches:
  - applyTo: CLUSTER
    match: {context: SIDECAR_OUTBOUND}
    patch: {operation: MERGE, value: {connect_timeout: -1s}}
"""
    refused = tried(engine, "/", "status: 503", MESH + patch)
    assert "Envoy refuses what" in "\n".join(refused.problems)


def test_the_command_and_the_plugin_ask_envoy(tmp_path: Path) -> None:
    bad = "route: [{destination: {host: reviews, subset: v1}}]"
    case = CASE.replace("PATH", "/rewritten/a").replace("EXPECT", f"timeout: 3s, {bad}")
    (tmp_path / "mesh.yaml").write_text(MESH + case)
    command = [sys.executable, "-m", "lateen.cli", "test", "--engine", "envoy", "--engine", "simulator"]
    ran = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "FAILED [envoy] it" in ran.stdout
    assert "FAILED it" in ran.stdout
    assert "0 passed, 2 failed" in ran.stdout
    (tmp_path / "pytest.ini").write_text("[pytest]\nlateen_expectations = true\n")
    (tmp_path / "test_mesh.py").write_text(
        "import pytest\n\n@pytest.mark.mesh('mesh.yaml')\ndef test_it(mesh):\n"
        "    assert mesh.send('GET', 'http://reviews:9080/rewritten/a', source='app').subset == 'v2'\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "--mesh-engine", "envoy", "-p", "no:cacheprovider"]
    ran = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "1 failed, 1 passed" in ran.stdout
    assert "3 of 3 requests went to" in ran.stdout
