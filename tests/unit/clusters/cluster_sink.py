"""A mesh with a cluster of every shape."""

from cluster_meshes import Mesh, pod

OBJECTS = """
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.96.0.1
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: 8080}
  - {name: grpc, port: 81, targetPort: 8081}
  - {name: tcp, port: 82, targetPort: 8082}
  - {name: anything, port: 83, targetPort: 8083}
---
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: web}, ports: [{name: tcp, port: 5000}]}
---
kind: Service
metadata: {name: sticky, labels: {istio.io/persistent-session: yes-please}}
spec: {clusterIP: 10.96.0.2, trafficDistribution: PreferClose, selector: {app: web}, ports: [{name: http, port: 80}]}
---
kind: DestinationRule
metadata: {name: web}
spec:
  host: web
  trafficPolicy:
    loadBalancer:
      simple: ROUND_ROBIN
      warmup: {duration: 30s, minimumPercent: 20, aggression: 2}
      localityLbSetting: {distribute: [{from: "*", to: {"*": 100}}]}
    connectionPool:
      tcp:
        maxConnections: 1
        connectTimeout: 3s
        tcpKeepalive: {probes: 3, time: 7200s, interval: 75s}
        maxConnectionDuration: 60s
        idleTimeout: 0s
      http:
        http1MaxPendingRequests: 2
        http2MaxRequests: 3
        maxRequestsPerConnection: 4
        maxRetries: 5
        idleTimeout: 6s
        h2UpgradePolicy: UPGRADE
        maxConcurrentStreams: 7
        http2KeepAlive: {interval: 10s, timeout: 2s}
    outlierDetection:
      consecutive5xxErrors: 3
      consecutiveGatewayErrors: 0
      splitExternalLocalOriginErrors: true
      consecutiveLocalOriginFailures: 4
      interval: 1s
      baseEjectionTime: 2s
      maxEjectionPercent: 50
      minHealthPercent: 30
      outlierDetectionHttpErrorCodes: [500, 503]
    retryBudget: {percent: 30, minRetryConcurrency: 4, budgetInterval: 5s}
    portLevelSettings:
    - {port: {number: 82}, loadBalancer: {simple: PASSTHROUGH}}
    - {port: {number: 83}, connectionPool: {http: {useClientProtocol: true}}}
  subsets:
  - {name: v1, labels: {version: v1}, trafficPolicy: {loadBalancer: {simple: RANDOM}}}
  - {name: ring, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: 64}}}}}
  - {name: oldring, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x, minimumRingSize: 2048}}}}
  - {name: maglev, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x, maglev: {tableSize: 101}}}}}
  - {name: zone, trafficPolicy: {loadBalancer: {zoneAwareLbSetting: {minClusterSize: 3}}}}
  - {name: nozone, trafficPolicy: {loadBalancer: {zoneAwareLbSetting: {enabled: false}}}}
---
kind: ServiceEntry
metadata: {name: dns}
spec:
  hosts: [dns.example]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}]
  endpoints:
  - {address: one.example, locality: r1/z1, weight: 3, labels: {version: v1}}
  - {address: 192.0.2.7, locality: r2/z1/s1, ports: {http: 8080}}
  subjectAltNames: [one.example]
---
kind: DestinationRule
metadata: {name: dns}
spec:
  host: dns.example
  trafficPolicy:
    proxyProtocol: {version: V2}
    tls: {mode: SIMPLE, sni: dns.example}
  subsets:
  - {name: mutual, trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /c.pem, privateKey: /k.pem, caCertificates: /ca.pem, caCrl: /crl.pem, subjectAltNames: [a, b]}}}
  - {name: careless, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}
  - {name: named, trafficPolicy: {tls: {mode: MUTUAL, credentialName: client}}}
  - {name: v1, labels: {version: v1}, trafficPolicy: {loadBalancer: {localityLbSetting: {failover: [{from: r1, to: r2}]}}, outlierDetection: {interval: 1s}}}
---
kind: ServiceEntry
metadata: {name: dns-one}
spec:
  hosts: [one.example]
  resolution: DNS_ROUND_ROBIN
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: a.example}, {address: b.example}]
---
kind: ServiceEntry
metadata: {name: racing, annotations: {istio.io/connect-strategy: RACE_FIRST_TCP_CONNECT}}
spec: {hosts: [race.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
---
kind: ServiceEntry
metadata: {name: static}
spec:
  hosts: [static.example]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: "unix:///tmp/app.sock"}]
---
kind: ServiceEntry
metadata: {name: none}
spec:
  hosts: [none.example]
  addresses: [192.0.2.0/24]
  resolution: NONE
  ports: [{number: 9000, name: tcp, protocol: TCP, targetPort: 9001}]
---
kind: ServiceEntry
metadata: {name: dynamic}
spec:
  hosts: ["*.dynamic.example"]
  resolution: DYNAMIC_DNS
  location: MESH_EXTERNAL
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 81, name: grpc, protocol: GRPC}, {number: 443, name: tls, protocol: TLS}]
---
kind: ServiceEntry
metadata: {name: dynamic-tls}
spec:
  hosts: ["*.secure.example", "*.careless.example"]
  resolution: DYNAMIC_DNS
  ports: [{number: 80, name: http, protocol: HTTP}]
---
kind: DestinationRule
metadata: {name: dynamic-tls}
spec: {host: "*.secure.example", trafficPolicy: {tls: {mode: SIMPLE}, outlierDetection: {interval: 1s}}}
---
kind: DestinationRule
metadata: {name: dynamic-careless}
spec: {host: "*.careless.example", trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}
---
kind: Sidecar
metadata: {name: ingress}
spec:
  workloadSelector: {labels: {app: ingress}}
  inboundConnectionPool: {http: {http2MaxRequests: 9}}
  ingress:
  - {port: {number: 9080, protocol: HTTP, name: http}, defaultEndpoint: "127.0.0.1:8080"}
  - {port: {number: 9081, protocol: HTTP2, name: http2}, defaultEndpoint: "0.0.0.0:8081"}
  - {port: {number: 9082, protocol: TCP, name: tcp}, defaultEndpoint: "unix:///tmp/app.sock"}
  - {port: {number: 9083, protocol: HTTP, name: plain}}
  egress: [{hosts: ["*/*"]}]
"""
CONFIG = """
tcpKeepalive: {time: 60s}
h2UpgradePolicy: UPGRADE
outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}
defaultConfig: {proxyHeaders: {preserveHttp1HeaderCase: true}}
"""


def mesh():
    """Return the mesh; its views are `sidecar`, `app`, `ingress` and `edge`."""
    made = Mesh(OBJECTS, pod("web-1", "10.1.0.1", labels={"app": "web", "version": "v1"}))
    return made.add(pod("ingress", "10.1.0.9", labels={"app": "ingress"}))


def views(made):
    """Return one proxy of each kind that differs."""
    mark = {"LATEEN_CAPTURE": "mark"}
    return {
        "client": made.view(),
        "app": made.view("web-1", labels={"app": "web", "version": "v1"}, metadata=mark),
        "ingress": made.view("ingress", ip="10.1.0.9", metadata=mark),
        "edge": made.gateway(),
    }
