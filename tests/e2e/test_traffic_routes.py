"""What routes do to traffic: splitting, faults, timeouts, mirrors, retries, and connections that are no requests."""

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
REQUEST = "GET / HTTP/1.1\r\nhost: x\r\n\r\n"


def attempts(answer: dict) -> int:
    """Read how many attempts the upstream was told of."""
    return int(dict(answer["body"]["headers"])["x-envoy-attempt-count"])


# item 67, 68
def test_weights_divide_requests_and_zero_gets_none(traffic):
    found = traffic.names("http://split/", 1000, c=8)
    assert found.total() == found["a1"] + found["a2"] == 1000, found
    assert 740 <= found["a1"] <= 860, found


# item 85
def test_a_timeout_ends_a_slow_answer_and_without_one_there_is_no_end(traffic):
    slow = {"x-slow": "all", "x-delay": "0.6"}
    (short,) = traffic.get("http://timeout/short", headers=slow)
    assert (short["status"], short["text"]) == (504, "upstream request timeout")
    assert 0.25 <= short["seconds"] < 0.6
    assert traffic.get("http://timeout/", headers=slow)[0]["status"] == 200


# item 89
def test_a_delay_comes_before_an_abort(traffic):
    for path, status in (("", 200), ("both", 418)):
        (answer,) = traffic.get(f"http://delay/{path}")
        assert answer["status"] == status
        assert answer["seconds"] >= 0.35


# item 90
def test_half_of_the_requests_fail(traffic):
    found = traffic.names("http://half/", 400, c=8)
    assert 150 <= found[418] <= 250, found


# item 91, 92, 93
def test_mirrors_get_copies_and_only_the_first_answers(traffic):
    assert traffic.names("http://mirror/m", 100) == {"a1": 100}
    traffic.mesh.until(lambda: traffic.count("/m")["a2"] == 100)
    assert 1 <= traffic.count("/m")["a3"] <= 30
    assert traffic.names("http://mirror/none", 10) == {"a1": 10}
    assert traffic.count("/none") == {"a1": 10, "a2": 0, "a3": 0}


# item 97
def test_a_refused_connection_is_tried_elsewhere_and_an_error_is_not(traffic):
    answers = traffic.get("http://partial.example/", 20)
    assert {a["status"] for a in answers} == {200}
    assert max(map(attempts, answers)) > 1
    (failed,) = traffic.get("http://plain/once", headers={"x-fail": "all"})
    assert failed["status"] == 503
    assert attempts(failed) == 1


# item 98
def test_as_many_attempts_as_wanted(traffic):
    fail = {"x-fail": "all", "x-status": "500"}
    for path, count in (("three", 4), ("never", 1)):
        (answer,) = traffic.get(f"http://retry/{path}", headers=fail)
        assert answer["status"] == 500
        assert attempts(answer) == count
    (answer,) = traffic.get("http://retry/try", headers={"x-slow": "all"})
    assert answer["status"] == 504
    assert answer["seconds"] < 0.9
    assert traffic.count("/try")["a1"] == 2


# item 99
def test_only_the_chosen_status_is_tried_again(traffic):
    for status, count in (("503", 3), ("500", 1)):
        (answer,) = traffic.get("http://retry/code", headers={"x-fail": "all", "x-status": status})
        assert attempts(answer) == count


# item 100
def test_another_host_is_tried(traffic):
    answers = traffic.get("http://previous/", 60, headers={"x-fail": "a1"})
    assert {a["status"] for a in answers} == {200}
    assert any(attempts(a) > 1 for a in answers)


# item 101
def test_another_place_is_tried_when_wanted(traffic):
    fail = {"x-fail": "a1"}
    assert traffic.names("http://near/remote", 10, headers=fail)["a1"] == 0
    assert set(traffic.names("http://near/", 10, headers=fail)) == {"a1"}
    assert {a["status"] for a in traffic.get("http://near/", 10, headers=fail)} == {503}


# item 104
def test_a_websocket_goes_through(traffic):
    assert traffic.do("ws", to="ws:80", authority="ws").endswith(":word")


# item 105
def test_weights_divide_connections(traffic):
    found = [line.split()[0] for line in traffic.do("tcp", to="split-tcp:9000", n=300)]
    assert 200 <= found.count("a1") <= 275, found
    assert found.count("a1") + found.count("a2") == 300


# item 106
def test_connections_by_port_and_subnet(traffic):
    assert traffic.do("tcp", to="by-port:9000") == ["a2 hello"]
    assert traffic.do("tcp", to="by-subnet:9000") == ["a3 hello"]


# item 107
def test_server_names_choose_and_unknown_ones_are_reset(traffic):
    def ask(name: str) -> dict | str:
        return traffic.get("https://x.example:9443/", to="192.0.2.1:9443", tls={"sni": name}, timeout=3)[0]

    assert ask("one.sni.example")["body"]["name"] == "a1"
    assert ask("any.two.sni.example")["body"]["name"] == "a2"
    assert ask("other.sni.example")["status"] == 0
