"""Traffic through a gateway: protocols, TLS in all its modes, certificates that change while in use."""

import socket
import ssl
import threading

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture
def ask(traffic):
    """Make a request to the gateway by TLS."""

    def ask(host: str, port: int = 8443, **tls: object) -> dict:
        to = f"{traffic.address['edge']}:{port}"
        (answer,) = traffic.get(f"https://{host}/", 1, "outsider", to=to, tls={"sni": host, **tls}, timeout=5)
        return answer

    return ask


def file(traffic, name: str) -> str:
    return str(traffic.mesh.config / name)


# item 172, 188, 190
def test_http_behind_the_target_port_with_the_clients_address(traffic):
    to = f"{traffic.address['edge']}:8181"
    headers = {"host": "shop.example", "x-forwarded-for": "192.0.2.7"}
    (answer,) = traffic.get("http://shop.example/", 1, "outsider", to=to, headers=headers)
    assert answer["headers"]["server"] == "istio-envoy"
    seen = dict(answer["body"]["headers"])
    assert seen["x-forwarded-for"] == f"192.0.2.7,{traffic.address['outsider']}"
    assert seen["x-envoy-external-address"] == traffic.address["outsider"]
    assert traffic.get("http://shop.other/", 1, "outsider", to=to)[0]["status"] == 404


# item 191
def test_websocket_grpc_and_http2(traffic):
    to = f"{traffic.address['edge']}:8181"
    assert traffic.do("ws", "outsider", to=to, authority="ws.example") == "a1:word"
    assert traffic.do("grpc", "outsider", to=to, authority="calls.example") in {"a1", "a2", "a3"}
    answers = traffic.do("h2", "outsider", to=to, authority="shop.example", n=3)
    assert all(a["ok"] and '"a1"' in a["body"] for a in answers)
    tls = {"sni": "a.example", "alpn": ["h2"]}
    secure = f"{traffic.address['edge']}:8443"
    assert traffic.do("h2", "outsider", to=secure, authority="a.example", tls=tls)[0]["ok"]


# item 180, 182
def test_certificates_by_name_and_versions(traffic, ask):
    assert ask("a.example", ca=file(traffic, "a.crt"))["status"] == 200
    assert ask("a.example", ca=file(traffic, "b.crt"))["status"] == 0
    assert ask("a.example", max="1.2")["status"] == 0
    assert ask("unknown.example")["status"] == 0


# item 181
def test_mutual_and_optional_mutual(traffic, ask):
    own = [file(traffic, "someone.crt"), file(traffic, "someone.key")]
    other = [file(traffic, "new.crt"), file(traffic, "new.key")]
    assert ask("b.example", cert=own, ca=file(traffic, "b.crt"))["status"] == 200
    assert ask("b.example")["status"] == 0
    assert ask("b.example", cert=other)["status"] == 0
    assert ask("c.example")["status"] == 200
    assert ask("c.example", cert=own)["status"] == 200


# item 183
def test_tls_is_passed_through_by_name(traffic, ask):
    assert ask("one.example", 8444, alpn=["http/1.1"])["body"]["name"] == "a1"
    assert ask("two.example", 8444)["body"]["name"] == "a2"
    assert ask("three.example", 8444)["status"] == 0


# item 184, 185
def test_tcp_in_the_clear_and_behind_tls(traffic):
    def tcp(port: int, **more: object) -> list[str]:
        return traffic.do("tcp", "outsider", to=f"{traffic.address['edge']}:{port}", **more)

    assert tcp(9100) == ["a1 hello"]
    assert tcp(9101) == ["a2 hello"]
    assert tcp(8445, tls={"sni": "a.example"}) == ["a1 hello"]
    assert "error" in tcp(8445)[0] or tcp(8445) == [""]


# item 179
def test_a_new_certificate_while_the_old_one_is_in_use(traffic, ask):
    """Connections go on, no handshake fails, and the new certificate is shown."""
    failed: list[dict] = []
    done = threading.Event()

    def handshakes() -> None:
        while not done.is_set():
            answer = ask("a.example")
            if answer["status"] != 200:
                failed.append(answer)

    thread = threading.Thread(target=handshakes)
    thread.start()
    try:
        crt, key = traffic.pairs["new"]
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a-cert"}}
        traffic.mesh.ok(
            "apply", "-f", "-", text=traffic.json({**secret, "stringData": {"tls.crt": crt, "tls.key": key}})
        )
        new = ssl.PEM_cert_to_DER_cert(crt)
        traffic.mesh.until(lambda: shown(traffic) == new, 10)
    finally:
        done.set()
        thread.join()
    assert failed == []


def shown(traffic) -> bytes | None:
    """Return the certificate that the gateway shows, by the port of this machine that leads to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    port = traffic.host_port(8443)
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context.wrap_socket(plain, server_hostname="a.example") as secure,
    ):
        return secure.getpeercert(binary_form=True)
