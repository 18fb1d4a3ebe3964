"""Generated meshes of any size: one YAML text for each object, so that an edit is a new text for one of them."""

from collections.abc import Iterator
from typing import Literal

import msgspec

Shape = Literal["service", "entry"]
"""Kubernetes Services with Pods, or ServiceEntries with their endpoints inside."""
NAMESPACES = 20
PORT = 8080
REPLICAS = 10
"""Pods of the first service of each namespace: the proxies of a mesh that has many."""


class Size(msgspec.Struct, frozen=True):
    """What a generated mesh is like."""

    services: int
    shape: Shape = "service"
    scoped: bool = False
    """Each namespace has a Sidecar that lets in its own services alone."""


def namespace(index: int) -> str:
    return f"n{index % NAMESPACES}"


def name(index: int) -> str:
    return f"s{index}"


def documents(size: Size) -> Iterator[tuple[str, str]]:
    """Yield (name of the text, YAML), one object in each."""
    for index in range(size.services):
        if size.shape == "service":
            yield f"svc-{index}", service(index)
            yield from ((f"pod-{index}-{copy}", pod(index, copy)) for copy in range(copies(index)))
        else:
            yield f"se-{index}", entry(index)
        yield f"vs-{index}", virtual_service(index, size.shape)
        yield f"dr-{index}", destination_rule(index, size.shape)
    yield "gw", gateway()
    yield "vs-gw", gateway_route(size.shape)
    if size.scoped:
        yield from ((f"sc-{index}", sidecar(index)) for index in range(NAMESPACES))


def copies(index: int) -> int:
    return REPLICAS if index < NAMESPACES else 1


def service(index: int, *, extra_port: bool = False) -> str:
    more = ", {name: http-more, port: 8081}" if extra_port else ""
    return f"""apiVersion: v1
kind: Service
metadata: {{name: {name(index)}, namespace: {namespace(index)}}}
spec:
  clusterIP: 10.{index // 65536 + 100}.{index // 256 % 256}.{index % 256}
  selector: {{app: {name(index)}}}
  ports: [{{name: http, port: {PORT}}}{more}]
"""


def pod(index: int, copy: int = 0, *, ready: bool = True, version: str = "v1") -> str:
    return f"""apiVersion: v1
kind: Pod
metadata:
  name: {pod_name(index, copy)}
  namespace: {namespace(index)}
  labels: {{app: {name(index)}, version: {version}}}
spec:
  containers: [{{name: app, ports: [{{containerPort: {PORT}}}]}}]
status:
  phase: Running
  podIP: {pod_address(index, copy)}
  conditions: [{{type: Ready, status: "{ready}"}}]
"""


def pod_name(index: int, copy: int = 0) -> str:
    return f"{name(index)}-{copy}"


def pod_address(index: int, copy: int = 0) -> str:
    return f"10.{index // 65536 + 10 + 10 * copy}.{index // 256 % 256}.{index % 256}"


def entry(index: int, *, weight: int = 1, extra_port: bool = False) -> str:
    more = ", {name: http-more, number: 8081, protocol: HTTP}" if extra_port else ""
    return f"""apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name(index)}, namespace: {namespace(index)}}}
spec:
  hosts: [{host(index, "entry")}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{{name: http, number: {PORT}, protocol: HTTP}}{more}]
  endpoints: [{{address: {pod_address(index)}, weight: {weight}, labels: {{version: v1}}}}]
"""


def host(index: int, shape: Shape) -> str:
    if shape == "service":
        return f"{name(index)}.{namespace(index)}.svc.cluster.local"
    return f"{name(index)}.{namespace(index)}.example"


def virtual_service(index: int, shape: Shape = "service", weight: int = 90) -> str:
    own = host(index, shape)
    return f"""apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name(index)}, namespace: {namespace(index)}}}
spec:
  hosts: [{own}]
  http:
  - match: [{{headers: {{end-user: {{exact: jason}}}}}}]
    route: [{{destination: {{host: {own}, subset: v2}}}}]
  - route:
    - {{destination: {{host: {own}, subset: v1}}, weight: {weight}}}
    - {{destination: {{host: {own}, subset: v2}}, weight: {100 - weight}}}
    timeout: 10s
"""


def destination_rule(index: int, shape: Shape = "service", connections: int = 100) -> str:
    return f"""apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {name(index)}, namespace: {namespace(index)}}}
spec:
  host: {host(index, shape)}
  trafficPolicy:
    connectionPool: {{tcp: {{maxConnections: {connections}}}}}
    loadBalancer: {{simple: LEAST_REQUEST}}
  subsets:
  - {{name: v1, labels: {{version: v1}}}}
  - {{name: v2, labels: {{version: v2}}}}
"""


def sidecar(index: int, *, wider: bool = False) -> str:
    more = (
        f', "{namespace(index + 1)}/{name(index + 1)}.{namespace(index + 1)}.svc.cluster.local"'
        if wider
        else ""
    )
    return f"""apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: default, namespace: {namespace(index)}}}
spec:
  egress: [{{hosts: ["./*"{more}]}}]
"""


def gateway_route(shape: Shape) -> str:
    return f"""apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: shop, namespace: n0}}
spec:
  hosts: [shop.example]
  gateways: [main]
  http: [{{route: [{{destination: {{host: {host(0, shape)}, subset: v1}}}}]}}]
"""


def gateway(port: int = 80) -> str:
    return f"""apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: main, namespace: n0}}
spec:
  selector: {{istio: ingressgateway}}
  servers: [{{port: {{number: {port}, name: http, protocol: HTTP}}, hosts: ["*"]}}]
"""
