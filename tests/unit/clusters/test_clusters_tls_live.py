"""A real Envoy speaks TLS to a real server, by the compiled cluster, endpoints and secrets."""

import datetime as dt
import http.server
import json
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest
from cluster_meshes import Mesh
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from envoy.extensions.transport_sockets.tls.v3.secret_pb2 import Secret
from google.protobuf.json_format import MessageToDict
from test_clusters_envoy_accepts import ENVOY

from lateen.compile.secrets import secret

NAME = "outbound|80||api.example"
DEADLINE = 20
SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"


def certificate(path):
    """Write a self-signed certificate for api.example; return the paths of it and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + dt.timedelta(days=36500))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("api.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = path / "cert.pem", path / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    options = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *options))
    return files


class Answering(http.server.BaseHTTPRequestHandler):
    """Answer with the client's certificate's presence."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"mutual" if self.connection.getpeercert() else b"simple"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Stay quiet."""


class Quiet(http.server.ThreadingHTTPServer):
    """A server that expects failing handshakes."""

    daemon_threads = True

    def handle_error(self, *_):
        """Stay quiet."""


@contextmanager
def tls_server(files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    context.load_verify_locations(files[0])
    context.verify_mode = ssl.CERT_OPTIONAL
    with Quiet(("127.0.0.1", 0), Answering) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def mesh_with(port, tls):
    entry = {
        "hosts": ["api.example"],
        "resolution": "STATIC",
        "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
        "endpoints": [{"address": "127.0.0.1", "ports": {"http": port}}],
    }
    rule = {"host": "api.example", "trafficPolicy": {"tls": tls}}
    return Mesh(
        {"kind": "ServiceEntry", "metadata": {"name": "api"}, "spec": entry},
        {"kind": "DestinationRule", "metadata": {"name": "api"}, "spec": rule},
    )


def from_files(value, mesh, path):
    """Put secrets, as they are compiled, into files: there is no ADS here."""
    if isinstance(value, list):
        return [from_files(one, mesh, path) for one in value]
    if not isinstance(value, dict):
        return value
    if "sds_config" not in value:
        return {key: from_files(one, mesh, path) for key, one in value.items()}
    found = Secret.FromString(secret(mesh.db, mesh.view(), value["name"]).body)
    resource = {"@type": SECRET, **MessageToDict(found, preserving_proto_field_name=True)}
    file = path / f"secret-{len(list(path.iterdir()))}.json"
    file.write_text(json.dumps({"version_info": "1", "resources": [resource]}))
    source = {"path_config_source": {"path": str(file)}, "resource_api_version": "V3"}
    return {"name": value["name"], "sds_config": source}


def bootstrap(mesh, path):
    cluster = from_files(mesh.cluster(NAME), mesh, path)
    del cluster["eds_cluster_config"]
    cluster |= {"type": "STATIC", "load_assignment": mesh.endpoints(NAME)}
    route = {"match": {"prefix": "/"}, "route": {"cluster": NAME}}
    router = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network"
        ".http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "test",
        "route_config": {"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [route]}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": router}}],
    }
    chain = {"filters": [{"name": "hcm", "typed_config": manager}]}
    listener = {"name": "l", "address": {"pipe": {"path": str(path / "in")}}, "filter_chains": [chain]}
    return {
        "node": {"id": "test", "cluster": "test"},
        "admin": {"address": {"pipe": {"path": str(path / "admin")}}},
        "static_resources": {"listeners": [listener], "clusters": [cluster]},
    }


def get(path, host="api.example"):
    """Ask over a UNIX socket; (0, "") when nobody listens yet."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(DEADLINE)
        try:
            sock.connect(str(path))
        except OSError:
            return 0, ""
        sock.sendall(f"GET /ready HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: sock.recv(4096), b"")).decode()
    return int(answer.split()[1]), answer.partition("\r\n\r\n")[2]


@contextmanager
def envoy(mesh, path):
    file = path / "bootstrap.json"
    file.write_text(json.dumps(bootstrap(mesh, path)))
    command = [ENVOY, "-c", str(file), "--use-dynamic-base-id", "--concurrency", "1", "--log-level", "error"]
    with (path / "log").open("wb") as log, subprocess.Popen(command, stderr=log, stdout=log) as process:
        try:
            deadline = time.monotonic() + DEADLINE
            while get(path / "admin")[0] != 200:
                assert process.poll() is None, (path / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.01)  # a starting process has no event to wait for
            yield path / "in"
        finally:
            process.terminate()


CA = {"caCertificates": "CERT"}
CASES = {
    "the request's host is asked for and checked": ({"mode": "SIMPLE", **CA}, 200, "simple"),
    "an accepted name": (
        {"mode": "SIMPLE", "sni": "x", "subjectAltNames": ["api.example"], **CA},
        200,
        "simple",
    ),
    "a wrong name": ({"mode": "SIMPLE", "subjectAltNames": ["other.example"], **CA}, 503, None),
    "an unknown authority": ({"mode": "SIMPLE"}, 503, None),
    "an unknown authority, no name compared": ({"mode": "SIMPLE", "sni": "api.example"}, 503, None),
    "an unknown authority, not checked": ({"mode": "SIMPLE", "insecureSkipVerify": True}, 200, "simple"),
    "a certificate is shown": (
        {"mode": "MUTUAL", "clientCertificate": "CERT", "privateKey": "KEY", **CA},
        200,
        "mutual",
    ),
}


# items 164, 165, 166, 203
@pytest.mark.envoy
@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_envoy_speaks_tls(tmp_path, case):
    tls, status, body = CASES[case]
    files = certificate(tmp_path)
    paths = {"CERT": str(files[0]), "KEY": str(files[1])}
    with tls_server(files) as port:
        mesh = mesh_with(port, {key: paths.get(str(value), value) for key, value in tls.items()})
        with envoy(mesh, tmp_path) as listener:
            found = get(listener)
    assert found[0] == status
    assert body is None or found[1] == body


# item 164
@pytest.mark.envoy
@pytest.mark.slow
@pytest.mark.parametrize(
    ("tls", "status"),
    [
        ({}, 200),
        ({"sni": "api.example"}, 200),
        ({"subjectAltNames": ["api.example"]}, 200),
        ({"subjectAltNames": ["other.example"]}, 503),
    ],
)
def test_envoy_trusts_whom_the_operating_system_trusts(tmp_path, tls, status):
    files = certificate(tmp_path)
    with tls_server(files) as port:
        mesh = mesh_with(port, {"mode": "SIMPLE", **tls})
        view = mesh.view(metadata={"LATEEN_SYSTEM_ROOTS": str(files[0])})
        mesh.view = lambda: view
        with envoy(mesh, tmp_path) as listener:
            assert get(listener)[0] == status
