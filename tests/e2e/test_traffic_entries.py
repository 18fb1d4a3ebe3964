"""Traffic to what ServiceEntries, WorkloadEntries and Sidecars declare, and into workloads."""

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


# item 193
def test_names_are_resolved_and_known_where_the_unknown_is_refused(traffic):
    assert set(traffic.names("http://dns.example/", 10, "scoped")) == {"a1", "a2"}
    assert traffic.names("http://unknown.example/", 1, "scoped", to="192.0.2.1:80") == {502: 1}
    assert traffic.names("http://v2/", 1, "scoped") == {502: 1}


# item 194
def test_weights_and_subsets_of_endpoints(traffic):
    found = traffic.names("http://static.example/", 300, c=8)
    assert found["a1"] + found["a2"] == 300
    assert 200 <= found["a1"] <= 275, found
    assert traffic.names("http://static.example/low", 10) == {"a2": 10}


# item 195
def test_ranges_pass_through_to_where_the_client_meant(traffic):
    assert traffic.do("tcp", to=f"{traffic.address['a1']}:9555") == ["a1 hello"]
    assert traffic.do("tcp", to=f"{traffic.address['a2']}:9555") == ["a2 hello"]


# item 196
def test_all_addresses_or_one(traffic):
    assert set(traffic.names("http://dns.example/", 20)) == {"a1", "a2"}
    assert len(traffic.names("http://one.dns.example/", 10)) == 1


# item 197
def test_a_wildcard_is_resolved_for_each_host(traffic):
    assert traffic.names("http://x.wild.example:8088/", 3) == {"a1": 3}


# item 199, 208
def test_a_selector_takes_pods_and_entries_with_their_own_ports(traffic):
    assert set(traffic.names("http://picked.example/", 10)) == {"a1", "outsider"}
    assert set(traffic.names("http://with-vm/", 20)) == {"a1", "outsider"}


# item 201, 226
def test_allotted_addresses_tell_tcp_entries_apart(traffic):
    assert traffic.do("dns", name="auto-a.example")[0].startswith("240.240.")
    assert traffic.do("tcp", to="auto-a.example:9000") == ["a1 hello"]
    assert traffic.do("tcp", to="auto-b.example:9000") == ["a2 hello"]
    short = {
        name: traffic.do("dns", name=name) for name in ("v1", "v1.default", "v1.default.svc.cluster.local")
    }
    assert len({*map(tuple, short.values())}) == 1, short
    assert traffic.do("dns", name="v1", six=True)[0].startswith("error")


# item 205
def test_a_unix_socket(traffic):
    assert traffic.names("http://socket.example/", 3) == {"a2": 3}


# item 206
def test_https_is_passed_on_by_name(traffic):
    (answer,) = traffic.get("https://one.https.example/", tls={"sni": "one.https.example"})
    assert answer["body"]["name"] == "a1"


# item 216
def test_ingress_leads_to_a_port_and_to_a_socket(traffic):
    assert traffic.names("http://inbound/") == {"b1": 1}
    (answer,) = traffic.get("http://inbound:7000/")
    assert (answer["body"]["name"], answer["body"]["peer"]) == ("b1", "")
    assert traffic.do("tcp", to="inbound:9000") == ["b1 hello"]


# item 217
def test_a_workload_takes_no_more_than_its_limits(traffic):
    answers = traffic.get("http://inbound/", 8, c=8, headers={"x-slow": "all", "x-delay": "0.3"})
    statuses = [a["status"] for a in answers]
    assert 200 in statuses
    assert 503 in statuses


# item 218, 219
def test_ports_that_are_really_open_on_the_loopback_address(traffic):
    assert traffic.do("tcp", "scoped", to="127.0.0.1:7777") == ["a1 hello"]
    assert traffic.names("http://v1/", 2, "scoped", to="127.0.0.1:8888", proxy=True) == {"a1": 2}
    assert traffic.names("http://hash-ip/", 1, "scoped", to="127.0.0.1:8888", proxy=True).total() == 1


# item 221, 225
def test_what_the_application_sees(traffic):
    (answer,) = traffic.get("http://v1/", headers={"x-forwarded-for": "192.0.2.7"})
    seen = dict(answer["body"]["headers"])
    assert seen["x-forwarded-for"] == "192.0.2.7"
    assert seen["x-envoy-attempt-count"] == "1"
    assert len(seen["x-request-id"]) == 36
    assert answer["body"]["peer"].startswith("('127.0.0.6'")
    assert answer["headers"]["server"] == "envoy"


# item 222, 223
def test_inbound_ports_declared_guessed_and_unknown(traffic):
    a1 = traffic.address["a1"]
    assert traffic.names("http://v1/") == {"a1": 1}
    assert traffic.names(f"http://{a1}:8088/") == {"a1": 1}
    assert traffic.do("tcp", to=f"{a1}:9001") == ["a1 hello"]
