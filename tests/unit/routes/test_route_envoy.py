"""A real Envoy accepts everything that routes can say."""

import json
import subprocess

import pytest
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from google.protobuf.json_format import MessageToDict

from lateen.agent.binary import envoy_path
from lateen.compile.routes import route
from lateen.translate.inbound_routes import inbound_route_configuration

EVERYTHING = r"""
hosts: [reviews, "*.example.com", shop.example.org]
gateways: [mesh, istio-system/gw]
http:
- {match: [{uri: {exact: /exact}, ignoreUriCase: true}], redirect: {uri: /x, authority: a.b, scheme: https, port: 8443, redirectCode: 308}}
- {match: [{uri: {prefix: /prefix}}], redirect: {prefixRewrite: /y, derivePort: FROM_REQUEST_PORT}}
- {match: [{uri: {prefix: /empty}}], redirect: {authority: other}}
- {match: [{uri: {regex: '/d(irect)?'}}], directResponse: {status: 600, body: {string: "BODY"}}, headers: {response: {set: {a: '%START_TIME%'}}}}
- {match: [{uri: {exact: /bytes}}], directResponse: {status: 200, body: {bytes: aGVsbG8=}}}
- match:
  - headers: {a: {}, b: {exact: x}, c: {prefix: y}, d: {regex: 'z+'}, ':path': {exact: /p}, "@request.auth.claims[a][b]": {exact: c}}
    withoutHeaders: {e: {}, f: {exact: x}, g: {regex: '*'}, "@request.auth.claims.g": {}}
    queryParams: {q: {}, r: {exact: ''}, s: {regex: '.*'}, t: {prefix: p}}
    method: {exact: GET}
    scheme: {exact: http}
    authority: {regex: '.*example.*'}
    statPrefix: prefix
    name: matched
  name: named
  route:
  - {destination: {host: ratings, subset: v1}, weight: 30, headers: {request: {set: {x: y, host: h}, add: {z: '%REQ(:path)%'}, remove: [q]}, response: {remove: [server]}}}
  - {destination: {host: ratings, subset: v2}, weight: 70}
  - {destination: {host: nobody}, weight: 0}
  rewrite: {uriRegexRewrite: {match: '^/x/(.*)$', rewrite: '/\1'}, authority: far}
  timeout: 2s
  retries: {attempts: 3, perTryTimeout: 500ms, retryOn: '5xx,503,reset', retryRemoteLocalities: true, retryIgnorePreviousHosts: false, backoff: 10ms}
  fault: {delay: {fixedDelay: 1s, percentage: {value: 0.01}}, abort: {grpcStatus: UNAVAILABLE, percentage: {value: 50}}}
  mirrors: [{destination: {host: reviews}}, {destination: {host: nobody}, percentage: {value: 0.1}}]
  corsPolicy: {allowOrigins: [{exact: 'https://a'}, {prefix: b}, {regex: c.*}], allowMethods: [GET], allowHeaders: [x], exposeHeaders: [y], maxAge: 10s, allowCredentials: true, unmatchedPreflights: IGNORE}
- {match: [{uri: {prefix: ''}, method: {exact: PUT}}], rewrite: {uri: /}, route: [{destination: {host: ratings}}], fault: {abort: {httpStatus: 600}}}
- {match: [{method: {exact: TRACE}}], redirect: {uri: /x, redirectCode: 305}}
- {match: [{method: {exact: PATCH}}], rewrite: {uri: /nowhere}}
- {route: [{destination: {host: ratings}}], mirror: {host: reviews}, mirrorPercent: 3, retries: {attempts: 0}}
"""
MORE = """
kind: Gateway
metadata: {name: gw, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*", "ns/*.example.net"], tls: {httpsRedirect: true}}
---
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{name: http, port: 9080}]}
---
kind: ServiceEntry
metadata: {name: wild}
spec:
  hosts: ["*.wild.example.com", six.example.com]
  addresses: ["2001:db8::1", 10.0.0.0/8]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 9080, name: any}]
---
kind: DestinationRule
metadata: {name: ratings}
spec:
  host: ratings
  trafficPolicy:
    loadBalancer: {consistentHash: {httpCookie: {name: c, ttl: 10s, path: /, attributes: [{name: SameSite, value: Lax}]}}}
---
kind: DestinationRule
metadata: {name: reviews}
spec: {host: reviews, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true}}}}
"""


def parsed(mesh, view, name):
    return RouteConfiguration.FromString(route(mesh.db, view, name).body)


def bootstrap(configurations):
    listeners = [_listener(port, one) for port, one in enumerate(configurations, 20000)]
    return {"static_resources": {"listeners": listeners}}


def _listener(port, configuration):
    filters = [
        _filter("cors", "cors.v3.Cors"),
        _filter("fault", "fault.v3.HTTPFault"),
        _filter("router", "router.v3.Router"),
    ]
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": str(port),
        "http_filters": filters,
        "route_config": MessageToDict(configuration, preserving_proto_field_name=True),
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {"name": str(port), "address": address, "filter_chains": [chain]}


def _filter(name, kind):
    return {
        "name": f"envoy.filters.http.{name}",
        "typed_config": {"@type": f"type.googleapis.com/envoy.extensions.filters.http.{kind}"},
    }


def validate(tmp_path, configurations):
    path = tmp_path / "envoy.json"
    path.write_text(json.dumps(bootstrap(configurations)))
    command = [str(envoy_path()), "--mode", "validate", "-c", str(path), "--log-level", "error"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.envoy
def test_envoy_accepts_every_kind_of_route(mesh, tmp_path):
    mesh.apply(MORE)
    body = "x" * 500_000
    mesh.virtual_service(EVERYTHING.replace("BODY", body))
    sidecar = mesh.sidecar()
    names = (
        "80",
        "9080",
        "9100",
        "http_proxy",
        "six.example.com:9080",
        "nobody.example.com:9080",
        "nonsense",
    )
    found = [parsed(mesh, sidecar, name) for name in names]
    found += [parsed(mesh, mesh.gateway(), name) for name in ("http.80", "http.81")]
    found.append(inbound_route_configuration(cluster="inbound|9080||", host="", port=9080))
    assert sum(len(one.virtual_hosts) for one in found) > 25
    result = validate(tmp_path, found)
    assert result.returncode == 0, result.stderr


@pytest.mark.envoy
def test_envoy_would_have_refused_an_empty_choice(mesh, tmp_path):
    """What the test above relies on: validation looks into routes."""
    mesh.virtual_service("hosts: [reviews]\nhttp: [{route: [{destination: {host: ratings}}]}]")
    broken = parsed(mesh, mesh.sidecar(), "9080")
    for virtual_host in broken.virtual_hosts:
        virtual_host.routes[0].route.weighted_clusters.SetInParent()
    assert validate(tmp_path, [broken]).returncode != 0
