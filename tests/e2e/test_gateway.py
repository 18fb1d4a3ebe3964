"""TLS at a gateway of the user's own, and a misspelt one (case 3)."""

import datetime as dt
import re
import socket
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from running import RunningMesh, client, deployment, service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

HOST = "ext-host.example.com"
CONTROLLER = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: my-gateway}
spec:
  selector: {matchLabels: {app: my-gateway-controller}}
  template:
    metadata:
      labels: {app: my-gateway-controller}
      annotations: {inject.istio.io/templates: gateway}
    spec:
      containers:
      - {name: istio-proxy, image: auto}
---
"""
GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: ext-host-gwy}
spec:
  selector: {app: my-gateway-controller}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [ext-host.example.com]
    tls:
      mode: SIMPLE
      serverCertificate: %(directory)s/tls.crt
      privateKey: %(directory)s/tls.key
---
"""
BOUND = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: virtual-svc}
spec:
  hosts: [ext-host.example.com]
  gateways: [ext-host-gwy]
  http:
  - route: [{destination: {host: page}}]
"""
MISSPELT = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: virtual-svc
spec:
  hosts:
  - ext-host.example.com
  gateways:
  - ext-host-gwyggguf
"""


def certificate(host: str) -> tuple[str, str]:
    """A self-signed certificate and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), pem.decode()


@pytest.fixture(scope="module")
def mesh(unprivileged):
    crt, key = certificate(HOST)
    base = CONTROLLER + service("page") + deployment("page-v1", "page", "v1") + client()
    files = {"mesh.yaml": base, "tls.crt": crt, "tls.key": key}
    with RunningMesh("up", unprivileged=unprivileged, files=files) as running:
        running.crt = crt
        running.write("gateway.yaml", GATEWAY % {"directory": running.config})
        running.until(lambda: "my-gateway, port 443" in running.ok("status"), 15)
        yield running


def port_of(mesh: RunningMesh) -> int:
    """The gateway's port on this machine: 8443, or the next one when that is taken."""
    found = re.search(r"127\.0\.0\.1:(\d+) → my-gateway, port 443", mesh.ok("status"))
    assert found
    return int(found[1])


def ask(mesh: RunningMesh, host: str) -> str:
    context = ssl.create_default_context(cadata=mesh.crt)
    with (
        socket.create_connection(("127.0.0.1", port_of(mesh)), 5) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        secure.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while chunk := secure.recv(65536):
            answer += chunk
    return answer.decode()


def test_a_misspelt_gateway_and_no_routes_are_both_named_and_nothing_changes(mesh):
    before = mesh.ok("get", "virtualservice", "-o", "name")
    done = mesh.lateen("apply", "-f", "-", text=MISSPELT)
    assert done.returncode == 1
    assert "ext-host-gwyggguf" in done.stderr
    assert "did you mean ext-host-gwy?" in done.stderr
    assert "http, tls" in done.stderr or "no route" in done.stderr, done.stderr
    assert mesh.ok("get", "virtualservice", "-o", "name") == before


def test_the_right_host_gets_the_page_and_another_is_refused(mesh):
    mesh.ok("apply", "-f", "-", text=BOUND)
    answer = ask(mesh, HOST)
    assert answer.startswith("HTTP/1.1 200")
    assert '"page-v1"' in answer
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        ask(mesh, "other.example.com")
