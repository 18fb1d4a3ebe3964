"""A mesh with every shape of listener."""

from listener_meshes import Mesh, pod, service

SERVICES = (
    service("web", "10.96.0.1", "http:80:8080"),
    service("grpc", "10.96.0.2", "grpc:80"),
    service("db", "10.96.0.3", "mysql:3306"),
    service("docs", "10.96.0.4", "mongo:27017"),
    service("detected", "10.96.0.5", "any:7000"),
    service("secure", "10.96.0.6", "https:443"),
    service("mixed", "10.96.0.7", "tcp:8000"),
    service("pods", "None", "tcp:6000", "any:6001", "http:6002"),
    service("client", "10.96.0.8", "http:80:8080", "tcp:9000", "any:9100", "grpc:9200", "https:9443"),
    service("edge", "10.96.0.20", "http:80:8080", "https:443:8443", namespace="istio-system"),
    pod("pods-0", "10.1.0.30", labels={"app": "pods"}),
    pod("pods-1", "10.1.0.31", labels={"app": "pods"}),
    pod("client", "10.1.0.1"),
)
ENTRIES = """
kind: ServiceEntry
metadata: {name: range}
spec:
  hosts: [range.example]
  addresses: [192.168.0.0/16, 192.0.2.7]
  ports: [{name: tcp, number: 5000, protocol: TCP}, {name: tls, number: 5443, protocol: TLS}]
---
kind: ServiceEntry
metadata: {name: open}
spec:
  hosts: [open.example, other.example]
  ports: [{name: tls, number: 443, protocol: TLS}, {name: http, number: 8000, protocol: HTTP}]
  resolution: DNS
---
kind: ServiceEntry
metadata: {name: plain}
spec: {hosts: [plain.example], ports: [{name: tcp, number: 8000, protocol: TCP}]}
---
kind: ServiceEntry
metadata: {name: wild}
spec:
  hosts: ["*.wild.example"]
  resolution: DYNAMIC_DNS
  ports: [{name: tls, number: 7443, protocol: TLS}, {name: http, number: 7080, protocol: HTTP}]
---
kind: VirtualService
metadata: {name: split}
spec:
  hosts: [mixed]
  tcp:
  - match: [{destinationSubnets: [10.96.0.7/32, 10.9.0.0/16], port: 8000}]
    route: [{destination: {host: db, port: {number: 3306}}}]
  - route:
    - {destination: {host: mixed, subset: v1}, weight: 80}
    - {destination: {host: mixed, subset: v2}, weight: 20}
---
kind: VirtualService
metadata: {name: by-name}
spec:
  hosts: [open.example, a.open.example, b.open.example]
  tls:
  - match: [{sniHosts: [a.open.example, open.example]}]
    route: [{destination: {host: web, port: {number: 80}}}]
  - match: [{sniHosts: [open.example, b.open.example], destinationSubnets: [10.0.0.0/8]}]
    route: [{destination: {host: open.example}}]
---
kind: DestinationRule
metadata: {name: mixed}
spec:
  host: mixed
  trafficPolicy:
    connectionPool: {tcp: {idleTimeout: 30s, maxConnectionDuration: 60s}}
    loadBalancer: {consistentHash: {useSourceIp: true}}
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
kind: DestinationRule
metadata: {name: db}
spec: {host: db, trafficPolicy: {tunnel: {protocol: POST, targetHost: proxy.example, targetPort: 3128}}}
"""
GATEWAYS = """
kind: Gateway
metadata: {name: edge, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"], tls: {httpsRedirect: true}}
  - port: {number: 443, name: https-a, protocol: HTTPS}
    hosts: [a.example]
    tls: {mode: SIMPLE, credentialName: a-cert, minProtocolVersion: TLSV1_2, maxProtocolVersion: TLSV1_3,
          cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256]}
  - port: {number: 443, name: https-b, protocol: HTTPS}
    hosts: [b.example]
    tls: {mode: MUTUAL, credentialNames: [b-rsa, b-ecdsa], subjectAltNames: [client.example],
          verifyCertificateHash: ["df6ff72fe9116521268f6f2dd4966f51df479883fe7037b39f75916ac3049d1a"]}
  - port: {number: 443, name: https-c, protocol: HTTPS}
    hosts: [c.example]
    tls: {mode: OPTIONAL_MUTUAL, serverCertificate: /c/tls.crt, privateKey: /c/tls.key, caCertificates: /c/ca.crt}
  - port: {number: 443, name: tls-d, protocol: TLS}
    hosts: [d.example]
    tls: {mode: SIMPLE, credentialName: d-cert}
  - port: {number: 443, name: tls-e, protocol: TLS}
    hosts: ["*.e.example"]
    tls: {mode: PASSTHROUGH}
  - port: {number: 443, name: mesh, protocol: HTTPS}
    hosts: [f.example]
    tls: {mode: ISTIO_MUTUAL}
  - port: {number: 15443, name: auto, protocol: TLS}
    hosts: ["*.local"]
    tls: {mode: AUTO_PASSTHROUGH}
  - {port: {number: 9000, name: tcp, protocol: TCP}, hosts: ["*"]}
  - {port: {number: 9001, name: web, protocol: GRPC-WEB}, hosts: ["*"], bind: 10.1.0.20}
---
kind: VirtualService
metadata: {name: edge-tcp}
spec:
  hosts: ["*"]
  gateways: [istio-system/edge]
  tcp: [{match: [{port: 9000}], route: [{destination: {host: db, port: {number: 3306}}}]},
        {match: [{port: 443}], route: [{destination: {host: mixed}}]}]
---
kind: VirtualService
metadata: {name: edge-tls}
spec:
  hosts: [one.e.example, two.e.example]
  gateways: [istio-system/edge]
  tls:
  - match: [{sniHosts: [one.e.example]}, {sniHosts: [one.e.example, two.e.example]}]
    route: [{destination: {host: secure}}]
"""
SIDECARS = """
kind: Sidecar
metadata: {name: bound}
spec:
  workloadSelector: {labels: {app: bound}}
  ingress:
  - {port: {number: 9080, protocol: HTTP, name: http}, defaultEndpoint: "127.0.0.1:8080"}
  - {port: {number: 9081, protocol: TCP, name: tcp}, bind: 127.0.0.1, captureMode: NONE, defaultEndpoint: "127.0.0.1:8081"}
  egress:
  - {port: {number: 3306, protocol: MYSQL, name: mysql}, bind: 127.0.0.1, captureMode: NONE, hosts: ["./db.default.svc.cluster.local"]}
  - {port: {number: 8888, protocol: HTTP_PROXY, name: proxy}, bind: 127.0.0.1, hosts: ["*/*"]}
  - {port: {number: 0, protocol: HTTP, name: unix}, bind: "unix:///tmp/lateen-egress.sock", hosts: ["*/*"]}
  - hosts: ["*/*"]
  outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: mixed, port: {number: 8000}}}
"""
CONFIG = """
accessLogFile: /dev/stdout
accessLogEncoding: JSON
protocolDetectionTimeout: 5s
proxyHttpPort: 15002
pathNormalization: {normalization: DECODE_AND_MERGE_SLASHES}
tlsDefaults: {minProtocolVersion: TLSV1_2, ecdhCurves: [P-256]}
outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}
defaultConfig:
  gatewayTopology: {numTrustedProxies: 2, forwardClientCertDetails: APPEND_FORWARD, proxyProtocol: {}}
  connectionSettings: {profile: EDGE, httpMaxConcurrentStreams: 50}
  proxyHeaders: {server: {disabled: true}, requestId: {disabled: true}, preserveHttp1HeaderCase: true,
                 envoyDebugHeaders: {disabled: true}, xForwardedPort: {enabled: true}, forwardedClientCert: SANITIZE}
"""


def sink():
    return Mesh(*SERVICES, ENTRIES, GATEWAYS, SIDECARS)


def views(mesh):
    bound = {"app": "bound"}
    return {
        "client": mesh.view(DNS_CAPTURE="true", HTTP10="1", IDLE_TIMEOUT="10m"),
        "bound": mesh.view("bound", labels=bound),
        "none": mesh.view("bound", labels=bound, INTERCEPTION_MODE="NONE"),
        "tproxy": mesh.view(INTERCEPTION_MODE="TPROXY"),
        "edge": mesh.edge(),
    }
