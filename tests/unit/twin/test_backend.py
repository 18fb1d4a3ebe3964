"""The backend of a twin, on connections that Envoy keeps and uses again."""

import socket

from lateen.twin.backend import BYTES_AT, serving


def test_a_tunnel_may_follow_a_request_on_the_same_connection() -> None:
    with serving() as backend, socket.create_connection(("127.0.0.1", backend.port), timeout=5) as client:
        answers = client.makefile("rb")
        client.sendall(b"GET /one HTTP/1.1\r\nhost: a\r\n\r\n")
        assert answers.readline().startswith(b"HTTP/1.1 200")
        while answers.readline().strip():
            pass
        client.sendall(b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n")
        assert answers.readline().startswith(b"HTTP/1.1 200")
        while answers.readline().strip():
            pass
        client.sendall(b"\x16\x03\x01 a b\n")
        assert answers.readline() == f"{BYTES_AT}127.0.0.1\n".encode()
        assert [one.path for one in backend.heard()] == ["/one"]
