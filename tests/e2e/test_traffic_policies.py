"""What destination rules do to traffic: balancing, hashing, pools, ejection, places."""

import json
import time

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
ALL = {"a1", "a2", "a3"}


def answers_become(traffic, url: str, wanted: set, n: int = 20, **more: object) -> None:
    """Wait until exactly these answer: Envoy merges changes of health that follow each other within a second."""
    seen: list[set] = []

    def are() -> bool:
        seen.append(set(traffic.names(url, n, **more)))
        return seen[-1] == wanted

    traffic.mesh.until(are, 5, lambda: f"{seen[-3:]} are not {wanted}")


def users(traffic, url: str, **more: object) -> dict[str, set[str]]:
    """Ask three times for each of some users; return who answered each."""
    found = {}
    for user in ("ann", "bob", "cleo", "dan", "eve", "fay", "gus", "hal", "ida", "joe"):
        found[user] = set(traffic.names(url.replace("USER", user), 3, headers={"x-user": user}, **more))
    return found


def is_sticky(found: dict[str, set[str]]) -> bool:
    """Each user has one upstream, and not all the same."""
    return all(len(one) == 1 for one in found.values()) and len(set.union(*found.values())) > 1


# item 123
def test_round_robin_is_even_and_random_is_spread(traffic):
    assert set(traffic.names("http://robin/", 60).values()) == {20}
    found = traffic.names("http://random/", 150)
    assert set(found) == ALL
    assert min(found.values()) > 20


# item 125
def test_the_same_header_the_same_upstream(traffic):
    assert is_sticky(users(traffic, "http://hash-header/"))


# item 126
def test_a_cookie_is_made_and_sticks(traffic):
    seen = set()
    for _ in range(8):
        (first,) = traffic.get("http://hash-cookie/")
        cookie, *attributes = first["headers"]["set-cookie"].split("; ")
        assert {"Max-Age=60", "Path=/"} <= set(attributes)
        again = traffic.get("http://hash-cookie/", 5, headers={"cookie": cookie})
        assert all("set-cookie" not in a["headers"] for a in again)
        assert {a["body"]["name"] for a in again} == {first["body"]["name"]}
        seen.add(first["body"]["name"])
    assert len(seen) > 1


# item 127
def test_one_client_one_upstream_for_http_and_tcp(traffic):
    assert len(traffic.names("http://hash-ip/", 20)) == 1
    assert len(set(traffic.do("tcp", to="hash-tcp:9000", n=20))) == 1


# item 128
def test_the_same_query_the_same_upstream(traffic):
    assert is_sticky(users(traffic, "http://hash-query/?user=USER"))


# item 129
def test_maglev_is_sticky_too(traffic):
    assert is_sticky(users(traffic, "http://maglev/"))


# item 133
def test_requests_beyond_the_limit_are_refused(traffic):
    answers = traffic.get("http://limit-out.example/", 5, c=5)
    statuses = [a["status"] for a in answers]
    assert 200 in statuses
    assert 503 in statuses
    assert all(a["headers"]["x-envoy-overloaded"] == "true" for a in answers if a["status"] == 503)


# item 134
def test_retries_at_once_are_limited(traffic):
    fail = {"x-fail": "all", "x-slow": "all", "x-delay": "0.2"}
    answers = traffic.get("http://retries-limit/limited", 12, c=12, headers=fail)
    assert {a["status"] for a in answers} == {503}
    assert 12 < sum(traffic.count("/limited").values()) < 12 * 4


# item 135
def test_a_connection_carries_no_more_requests_than_wanted(traffic):
    found = traffic.get("http://few-out.example/", 12)
    assert {a["body"]["request"] for a in found} == {1, 2}


# item 136
def test_a_connection_into_nothing_is_given_up(traffic):
    (answer,) = traffic.get("http://hole.example/")
    assert answer["status"] == 503
    assert 0.25 <= answer["seconds"] < 1.5


# item 137, 138
def test_idle_and_old_connections_are_closed(traffic):
    kept = traffic.get("http://plain-out.example/", 3, keep=True, pause=0.2)
    assert len({a["body"]["connection"] for a in kept}) == 1
    idle = traffic.get("http://idle-out.example/", 2, keep=True, pause=0.5)
    assert len({a["body"]["connection"] for a in idle}) == 2
    aged = traffic.get("http://aged-out.example/", 8, keep=True, pause=0.1)
    assert len({a["body"]["connection"] for a in aged}) > 1
    (line,) = traffic.do("tcp", to="idle-tcp:9000", hold=True)
    assert 0.3 <= float(line.split()[-1]) < 2, line


# item 139
def test_http2_upstream_when_wanted_or_when_the_client_speaks_it(traffic):
    def spoken(answers: list[dict]) -> set[str]:
        return {a["body"]["protocol"] for a in answers}

    assert spoken(traffic.get("http://plain-out.example/", 2)) == {"http/1.1"}
    assert spoken(traffic.get("http://up-out.example/", 2)) == {"h2"}
    assert spoken(traffic.get("http://same-out.example/", 2)) == {"http/1.1"}
    (answer,) = traffic.do("h2", to="same-out.example:80", authority="same-out.example")
    assert json.loads(answer["body"])["protocol"] == "h2"


# item 140
def test_streams_are_limited_and_connections_are_pinged(traffic):
    answers = traffic.get("http://streams-out.example/", 4, c=4)
    assert len({a["body"]["connection"] for a in answers}) == 4
    assert max(a["body"]["pings"] for a in traffic.get("http://streams-out.example/", 4, c=4)) > 0


# item 142
def test_a_failing_upstream_is_ejected_and_comes_back(traffic):
    fail = {"x-fail": "a1"}
    traffic.get("http://eject/", 12, headers=fail)
    answers_become(traffic, "http://eject/", ALL - {"a1"}, headers=fail)
    answers_become(traffic, "http://eject/", ALL)


# item 143
def test_other_errors_than_a_gateways_do_not_eject(traffic):
    traffic.get("http://gateway-errors/", 12, headers={"x-fail": "a1", "x-status": "500"})
    assert set(traffic.names("http://gateway-errors/", 12)) == ALL
    traffic.get("http://gateway-errors/", 12, headers={"x-fail": "a1", "x-status": "502"})
    answers_become(traffic, "http://gateway-errors/", ALL - {"a1"})


# item 144
def test_no_more_than_a_part_is_ejected(traffic):
    fail = {"x-fail": "a1,a2"}
    traffic.get("http://capped/", 15, headers=fail)
    traffic.mesh.until(lambda: len(traffic.names("http://capped/", 20)) == 2, 5)
    assert "a3" in traffic.names("http://capped/", 20)


# item 145
def test_refused_connections_eject_when_told_apart(traffic):
    traffic.get("http://local-origin.example/", 10)

    def attempts() -> set[str]:
        answers = traffic.get("http://local-origin.example/", 10)
        return {dict(a["body"]["headers"])["x-envoy-attempt-count"] for a in answers}

    traffic.mesh.until(lambda: attempts() == {"1"}, 5)


# item 146
def test_zero_never_ejects(traffic):
    traffic.get("http://disabled/", 30, headers={"x-fail": "a1"})
    assert set(traffic.names("http://disabled/", 12)) == ALL


# item 147
def test_chosen_statuses_eject_and_others_do_not(traffic):
    traffic.get("http://status-codes/", 12, headers={"x-fail": "a1", "x-status": "500"})
    assert set(traffic.names("http://status-codes/", 12)) == ALL
    traffic.get("http://status-codes/", 12, headers={"x-fail": "a1", "x-status": "429"})
    answers_become(traffic, "http://status-codes/", ALL - {"a1"})


# item 156, 157
def test_the_nearest_is_used_then_the_next_and_without_detection_all(traffic):
    assert set(traffic.names("http://spread/", 60)) == ALL
    assert traffic.names("http://local-first/", 20) == {"a1": 20}
    traffic.get("http://local-first/", 4, headers={"x-fail": "a1"})
    answers_become(traffic, "http://local-first/", {"a2"})
    traffic.get("http://local-first/", 4, headers={"x-fail": "a2"})
    answers_become(traffic, "http://local-first/", {"a3"})


# item 158
def test_shares_of_regions(traffic):
    found = traffic.names("http://shares/", 500, c=8)
    assert 350 <= found["a1"] + found["a2"] <= 450, found


# item 159
def test_the_region_to_fail_over_to(traffic):
    assert traffic.names("http://distant/", 10) == {"b1": 10}


# item 160
def test_labels_in_order_decide(traffic):
    assert traffic.names("http://labels/", 10) == {"a3": 10}
    traffic.get("http://labels/", 4, headers={"x-fail": "a3"})
    answers_become(traffic, "http://labels/", {"a1", "a2"})


# item 130
def test_a_new_endpoint_gets_little_at_first(traffic):
    traffic.get("http://warm/", 3)
    traffic.start_upstream("a4", {"app": "echo", "version": "v4", "istio-locality": "r1.z1.s1"})
    traffic.mesh.until(lambda: "a4" in traffic.names("http://robin/", 8), 15)
    began = time.monotonic()
    found = traffic.names("http://warm/", 120)
    assert found["a4"] < 20, (found, time.monotonic() - began)
    traffic.stop_upstream("a4")


# item 169
def test_a_proxy_header_and_a_tunnel_go_before_the_bytes(traffic):
    (line,) = traffic.do("tcp", to="headed.example:9090")
    assert line.startswith(f"outsider PROXY TCP4 {traffic.address['client']} "), line
    assert traffic.do("tcp", to="far.example:9900") == ["outsider tunnel far.example:99"]
