"""A working rule set, broken in the ways that people complain of, one at a time: each is named, at its line."""

from pathlib import Path

import pytest

import lateen
from lateen.sources.memory import from_text

DEMO = Path(__file__).parents[3] / "src/lateen/demo/config"
WORKING = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [shop.example]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts: [shop.example]
  gateways: [edge]
  http:
  - match:
    - uri: {prefix: /reviews/}
    route:
    - destination: {host: reviews, subset: v2}
  - route:
    - destination: {host: productpage}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts: [reviews]
  http:
  - match:
    - headers:
        end-user: {exact: jason}
    timeout: 10s
    retries: {attempts: 2, perTryTimeout: 2s}
    route:
    - destination: {host: reviews, subset: v2}
  - route:
    - destination: {host: reviews, subset: v1}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
  namespace: default
spec:
  host: reviews.default.svc.cluster.local
  trafficPolicy:
    loadBalancer: {simple: RANDOM}
  subsets:
  - name: v1
    labels: {version: v1}
  - name: v2
    labels: {version: v2}
"""
BREAKS = {
    "the matching key is misspelt, so that the rule would take everything": (
        "- uri: {prefix: /reviews/}",
        "- url: {prefix: /reviews/}",
        "IST0106",
        19,
    ),
    "exact has slipped out of its field": (
        "        end-user: {exact: jason}",
        "      exact: jason",
        "IST0106",
        34,
    ),
    "the gateway does not exist": ("gateways: [edge]", "gateways: [egde]", "IST0101", 16),
    "the subset does not exist": (
        "subset: v2}\n  - route:\n    - destination: {host: prod",
        "subset: v4}\n  - route:\n    - destination: {host: prod",
        "IST0101",
        21,
    ),
    "the service does not exist": ("{host: productpage}", "{host: productpages}", "IST0101", 23),
    "the port does not exist": (
        "{host: productpage}",
        "{host: productpage, port: {number: 80}}",
        "IST0101",
        23,
    ),
    "the gateway does not serve the host": (
        "hosts: [shop.example]\n  gateways",
        "hosts: [www.example]\n  gateways",
        "IST0132",
        16,
    ),
    "the special rule comes after the general one": (
        "  - match:\n    - headers:\n        end-user: {exact: jason}\n",
        "  - route:\n    - destination: {host: reviews, subset: v1}\n  - match:\n    - headers:\n        end-user: {exact: jason}\n",
        "IST0130",
        34,
    ),
    "another team has the same host": (
        "  hosts: [shop.example]\n  gateways: [edge]\n",
        "  hosts: [shop.example, reviews]\n  gateways: [edge, mesh]\n",
        "IST0109",
        15,
    ),
    "the retries do not fit into the timeout": ("timeout: 10s", "timeout: 4s", "LAT0107", 36),
    "a fault on the route whose timeout is to be tested": (
        "    timeout: 10s\n",
        "    timeout: 10s\n    fault: {delay: {percentage: {value: 100}, fixedDelay: 5s}}\n",
        "LAT0109",
        36,
    ),
    "orders are sent twice": (
        "    - headers:\n        end-user: {exact: jason}\n    timeout: 10s\n    retries: {attempts: 2, ",
        "    - method: {exact: POST}\n    timeout: 10s\n    retries: {attempts: 2, retryOn: 5xx, ",
        "LAT0108",
        35,
    ),
    "the expression searches": ("end-user: {exact: jason}", "end-user: {regex: jason}", "LAT0106", 34),
    "the prefix is not a segment": (
        "{prefix: /reviews/}",
        "{prefix: /rev}\n    rewrite: {uri: /}",
        "LAT0104",
        19,
    ),
    "the policy is in a namespace where nobody looks": (
        "  namespace: default\n",
        "  namespace: policies\n",
        "LAT0120",
        46,
    ),
    "a label of the subset is wrong": ("labels: {version: v2}", "labels: {version: 2}", "IST0106", 55),
    "the subset has no pods": ("labels: {version: v2}", "labels: {version: v22}", "IST0173", 55),
    "the host of the policy is misspelt": (
        "host: reviews.default.svc",
        "host: review.default.svc",
        "IST0174",
        48,
    ),
    "TLS is not verified": (
        "    loadBalancer: {simple: RANDOM}\n",
        "    tls: {mode: SIMPLE}\n",
        "IST0128",
        50,
    ),
    "failover without ejection": (
        "{simple: RANDOM}",
        "{simple: RANDOM, localityLbSetting: {failover: [{from: eu, to: us}]}}",
        "LAT0123",
        50,
    ),
    "nobody serves the gateway": ("{istio: ingressgateway}", "{istio: ingres}", "IST0101", 5),
}


def findings(text):
    return lateen.load([DEMO / "bookinfo.yaml", from_text(text, "rules.yaml")]).findings


def test_the_rules_work_as_they_are():
    assert findings(WORKING) == ()


@pytest.mark.parametrize("way", BREAKS)
def test_what_is_broken_is_named_at_its_line(way):
    old, new, code, line = BREAKS[way]
    assert WORKING.count(old) == 1, "the test breaks one place"
    found = [
        (one.code, one.where.line) for one in findings(WORKING.replace(old, new)) if one.where is not None
    ]
    assert (code, line) in found


@pytest.mark.parametrize(
    ("name", "code"), [("tcp-web", "LAT0102"), ("tco-9080", "IST0118"), ("web", "IST0118")]
)
def test_the_name_of_a_port_decides(name, code):
    bookinfo = (DEMO / "bookinfo.yaml").read_text("utf-8").replace("name: http", f"name: {name}")
    mesh = lateen.load([from_text(bookinfo, "bookinfo.yaml"), from_text(WORKING, "rules.yaml")])
    assert code in {one.code for one in mesh.findings}
