import socket
import subprocess
import sys
import threading
import time

import pytest

from lateen.demo.serving import (
    LARGEST_BODY,
    Request,
    Response,
    Route,
    chosen_port,
    find,
    json_response,
    log_line,
)

ECHO = (
    Route("GET", "/health", lambda _request: json_response({})),
    Route("GET", "/things/{product}", lambda request: json_response(request.product)),
    Route("POST", "/things/{product}", lambda request: Response(200, request.body, "text/plain")),
)


def talk(url, text):
    """Send bytes as they are and return everything that comes back until the other side closes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(text)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/things/a-1.b", 200),
        ("HEAD", "/things/7", 200),
        ("PUT", "/things/7", 405),
        ("GET", "/things", 404),
        ("GET", "/things/", 404),
        ("GET", "/things/7/", 404),
        ("GET", "/things/7/8", 404),
        ("GET", "/things/%C3%A9", 404),
    ],
)
def test_the_first_route_that_fits_answers(method, path, status):
    assert find(ECHO, Request(method, path, {})).status == status


def test_a_connection_stays_open_for_further_requests(start):
    answers = talk(
        start(ECHO).url,
        b"GET /things/1 HTTP/1.1\r\nhost: a\r\n\r\n"
        b"HEAD /things/1 HTTP/1.1\r\nhost: a\r\n\r\n"
        b"POST /things/1 HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc"
        b"GET /things/2?x=1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    )
    assert answers.count(b"HTTP/1.1 200 OK") == 4
    assert [answers.count(body) for body in (b'\r\n\r\n"1"', b"\r\n\r\nabc", b'\r\n\r\n"2"')] == [1, 1, 1]


def test_a_body_may_come_in_chunks(start):
    request = b"POST /things/1 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    chunks = b"3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\nsome: trailer\r\n\r\n"
    assert talk(start(ECHO).url, request + chunks).endswith(b"\r\n\r\nabc0123456789")


@pytest.mark.parametrize(
    ("framing", "status"),
    [
        (b"content-length: x\r\n\r\n", b"400"),
        (b"content-length: -1\r\n\r\n", b"400"),
        (b"content-length: %d\r\n\r\n" % (LARGEST_BODY + 1), b"413"),
        (b"transfer-encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"transfer-encoding: chunked\r\n\r\nfffff\r\n", b"413"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_and_the_connection_closed(start, framing, status):
    answer = talk(start(ECHO).url, b"POST /things/1 HTTP/1.1\r\nhost: a\r\n" + framing)
    assert answer.startswith(b"HTTP/1.1 " + status)


def test_each_request_has_its_line_and_probes_that_go_well_have_none(start):
    service = start(ECHO)
    service.ask("/health")
    service.ask("/things/1?secret=1", headers={"x-request-id": "r1", "end-user": "jason"})
    service.ask("/nowhere")
    wanted = ["GET /things/1 200 request-id=r1 end-user=jason", "GET /nowhere 404 request-id=- end-user=-"]
    end = time.monotonic() + 5
    while service.lines != wanted and time.monotonic() < end:  # a line is written after its answer
        time.sleep(0.001)
    assert service.lines == wanted


def test_a_name_beyond_ascii_is_readable_in_the_line():
    request = Request("GET", "/", {"end-user": "Zoë".encode().decode("latin-1")})
    assert log_line(request, 200).endswith("end-user=Zoë")


def test_every_answer_names_the_version(start):
    assert start(ECHO, "v7").ask("/health")[2]["x-service-version"] == "v7"


def test_repeated_headers_are_joined(start):
    seen = []
    service = start((Route("GET", "/", lambda request: seen.append(request.headers) or json_response(1)),))
    talk(
        service.url,
        b"GET / HTTP/1.1\r\ntracestate: a\r\nTraceState: b\r\ncookie: c\r\ncookie: d\r\nconnection: close\r\n\r\n",
    )
    assert (seen[0]["tracestate"], seen[0]["cookie"]) == ("a, b", "c; d")


def test_the_port_is_the_argument_or_the_variable_or_9080():
    assert chosen_port(["1"], {"PORT": "2"}) == 1
    assert chosen_port([], {"PORT": "2"}) == 2
    assert chosen_port([], {}) == 9080


@pytest.mark.parametrize(
    ("drain", "order"), [(10, ["begun", "answered", "stopped"]), (0, ["begun", "stopped"])]
)
def test_stopping_waits_for_an_answer_that_has_begun_but_not_forever(monkeypatch, start, drain, order):
    monkeypatch.setattr("lateen.demo.serving.DRAIN_SECONDS", drain)
    events, begun, may_end = [], threading.Event(), threading.Event()

    def slow(_request):
        events.append("begun")
        begun.set()
        assert may_end.wait(10)
        events.append("answered")
        return json_response("done")

    service = start((Route("GET", "/", slow),))
    answers = []
    asking = threading.Thread(target=lambda: answers.append(service.ask("/")))
    asking.start()
    assert begun.wait(10)
    if drain:
        close = service.server.server_close
        monkeypatch.setattr(service.server, "server_close", lambda: (close(), may_end.set()))
    service.server.stop()
    events.append("stopped")
    assert events == order
    may_end.set()
    asking.join(10)
    status, value, headers = answers[0]
    assert (status, value, headers["connection"]) == (200, "done", "close")


@pytest.mark.parametrize("name", ["details", "ratings", "reviews", "productpage"])
def test_the_program_starts_alone_and_leaves_at_once_on_sigterm(name):
    command = [sys.executable, "-I", "-m", f"lateen.demo.{name}", "0"]
    environment = {"SERVICE_VERSION": "v9"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as program:
        try:
            assert program.stdout is not None
            said = program.stdout.readline().split()
            assert said[:-1] == [name, "v9", "is", "listening", "on", "port"]
            with socket.create_connection(("127.0.0.1", int(said[-1])), timeout=10) as kept_open:
                kept_open.sendall(b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n")
                assert kept_open.recv(100).startswith(b"HTTP/1.1 200")
                program.terminate()
                asked = time.monotonic()
                assert program.wait(10) == 0
                # Ten times what it takes alone: a loaded machine is no failure, a forgotten poll interval is.
                assert time.monotonic() - asked < 1.0
        finally:
            program.kill()
