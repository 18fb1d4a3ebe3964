"""Rules of the shapes that Istio's samples and task pages have are in order, and nothing is said about them."""

from pathlib import Path

import pytest

import lateen
from lateen.sources.memory import from_text

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "src/lateen/demo/config"
API = "apiVersion: networking.istio.io/v1\n"
SUBSETS = """\
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy: {loadBalancer: {simple: RANDOM}}
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}
  - {name: v3, labels: {version: v3}}
"""
RATINGS = "kind: DestinationRule\nmetadata: {name: ratings}\nspec: {host: ratings, subsets: [{name: v1, labels: {version: v1}}]}\n"
WEB = """\
apiVersion: v1
kind: Service
metadata: {name: httpbin}
spec:
  selector: {app: httpbin}
  ports: [{name: http, port: 8000, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: httpbin-v1, labels: {app: httpbin, version: v1}}
spec: {containers: [{name: httpbin, image: httpbin, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: httpbin-v2, labels: {app: httpbin, version: v2}}
spec: {containers: [{name: httpbin, image: httpbin, ports: [{containerPort: 8080}]}]}
"""
SHAPES = {
    "a user sees another version": SUBSETS
    + "---\n"
    + """\
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{headers: {end-user: {exact: jason}}}]
    route: [{destination: {host: reviews, subset: v2}}]
  - route: [{destination: {host: reviews, subset: v1}}]
""",
    "weights": SUBSETS
    + "---\n"
    + """\
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - route:
    - {destination: {host: reviews, subset: v1}, weight: 90}
    - {destination: {host: reviews, subset: v3}, weight: 10}
""",
    "a fault for one user": RATINGS
    + "---\n"
    + """\
kind: VirtualService
metadata: {name: ratings}
spec:
  hosts: [ratings]
  http:
  - match: [{headers: {end-user: {exact: jason}}}]
    fault: {delay: {percentage: {value: 100}, fixedDelay: 7s}}
    route: [{destination: {host: ratings, subset: v1}}]
  - route: [{destination: {host: ratings, subset: v1}}]
""",
    "a timeout": """\
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - route: [{destination: {host: reviews}}]
    timeout: 0.5s
""",
    "retries": """\
kind: VirtualService
metadata: {name: ratings}
spec:
  hosts: [ratings]
  http:
  - route: [{destination: {host: ratings}}]
    retries: {attempts: 3, perTryTimeout: 2s, retryOn: "gateway-error,connect-failure,refused-stream"}
""",
    "mirroring": WEB
    + "---\n"
    + API
    + """\
kind: VirtualService
metadata: {name: httpbin}
spec:
  hosts: [httpbin]
  http:
  - route: [{destination: {host: httpbin, subset: v1}, weight: 100}]
    mirror: {host: httpbin, subset: v2}
    mirrorPercentage: {value: 100.0}
---
"""
    + API
    + """\
kind: DestinationRule
metadata: {name: httpbin}
spec:
  host: httpbin
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
""",
    "circuit breaking": WEB
    + "---\n"
    + API
    + """\
kind: DestinationRule
metadata: {name: httpbin}
spec:
  host: httpbin
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1, maxRequestsPerConnection: 1}}
    outlierDetection: {consecutive5xxErrors: 1, interval: 1s, baseEjectionTime: 3m, maxEjectionPercent: 100}
""",
    "a gateway beside Bookinfo's": WEB
    + "---\n"
    + API
    + """\
kind: Gateway
metadata: {name: httpbin-gateway}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [httpbin.example.com]}]
---
"""
    + API
    + """\
kind: VirtualService
metadata: {name: httpbin}
spec:
  hosts: [httpbin.example.com]
  gateways: [httpbin-gateway]
  http:
  - match: [{uri: {prefix: /status}}, {uri: {prefix: /delay}}]
    route: [{destination: {port: {number: 8000}, host: httpbin}}]
""",
    "TLS to the outside": """\
kind: ServiceEntry
metadata: {name: googleapis}
spec:
  hosts: [www.googleapis.com]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}]
  resolution: DNS
---
kind: VirtualService
metadata: {name: rewrite-port}
spec:
  hosts: [www.googleapis.com]
  http:
  - match: [{port: 80}]
    route: [{destination: {host: www.googleapis.com, port: {number: 443}}}]
---
kind: DestinationRule
metadata: {name: originate-tls}
spec:
  host: www.googleapis.com
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE, caCertificates: system}}]
""",
    "a wildcard outside": """\
kind: ServiceEntry
metadata: {name: wikipedia}
spec:
  hosts: ["*.wikipedia.org"]
  ports: [{number: 443, name: https, protocol: HTTPS}]
---
kind: VirtualService
metadata: {name: wikipedia}
spec:
  hosts: ["*.wikipedia.org"]
  tls:
  - match: [{port: 443, sniHosts: ["*.wikipedia.org"]}]
    route: [{destination: {host: "*.wikipedia.org"}}]
""",
    "TCP by weight through a gateway": """\
apiVersion: v1
kind: Service
metadata: {name: tcp-echo}
spec:
  selector: {app: tcp-echo}
  ports: [{name: tcp, port: 9000}, {name: tcp-other, port: 9001}]
---
apiVersion: v1
kind: Pod
metadata: {name: tcp-echo-v1, labels: {app: tcp-echo, version: v1}}
spec: {containers: [{name: echo, image: echo}]}
---
kind: Gateway
metadata: {name: tcp-echo}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http2, protocol: HTTP2}, hosts: [echo.example]}]
---
kind: DestinationRule
metadata: {name: tcp-echo}
spec: {host: tcp-echo, subsets: [{name: v1, labels: {version: v1}}]}
---
kind: VirtualService
metadata: {name: tcp-echo}
spec:
  hosts: [echo.example]
  gateways: [tcp-echo]
  http:
  - route: [{destination: {host: tcp-echo, port: {number: 9000}, subset: v1}}]
""",
    "a scope": """\
kind: Sidecar
metadata: {name: default}
spec:
  egress: [{hosts: ["./*", "istio-system/*"]}]
""",
    "a delegate": """\
kind: VirtualService
metadata: {name: root}
spec:
  hosts: [productpage]
  http:
  - match: [{uri: {prefix: /productpage}}]
    delegate: {name: pages}
  - match: [{uri: {prefix: /reviews}}]
    delegate: {name: api, namespace: default}
---
kind: VirtualService
metadata: {name: pages}
spec: {http: [{match: [{uri: {prefix: /productpage/v1}}], route: [{destination: {host: productpage}}]}]}
---
kind: VirtualService
metadata: {name: api}
spec: {http: [{route: [{destination: {host: reviews}}]}]}
""",
}


def told(*sources):
    return [f"{one.level} {one.code} {one.ref}: {one.message}" for one in lateen.load(list(sources)).findings]


def with_versions(text):
    documents = text.split("---\n")
    return "---\n".join(one if one.startswith("apiVersion") else API + one for one in documents)


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_said_about_a_rule_in_order(shape):
    bookinfo = DEMO / "bookinfo.yaml"
    assert told(bookinfo, DEMO / "gateway.yaml", from_text(with_versions(SHAPES[shape]), "rules.yaml")) == []


def test_nothing_is_said_about_the_demo():
    assert told(DEMO) == []


@pytest.mark.parametrize("example", sorted(path.name for path in (DEMO / "examples").glob("*.yaml")))
def test_nothing_is_said_about_the_demos_examples(example):
    base = [DEMO / name for name in ("bookinfo.yaml", "destination-rules.yaml", "gateway.yaml")]
    assert told(*base, DEMO / "examples" / example) == []
