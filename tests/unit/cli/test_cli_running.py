"""Commands about the mesh itself, its workloads and their Envoys."""

import http.server
import json
import socket
import socketserver
import threading

import pytest

from lateen.cli.changes import tell
from lateen.cli.logs import follow_file
from lateen.server.state import state_of


def test_status_shows_workloads_ports_and_findings(mesh, run):
    found = run("status")
    assert found.exit_code == 0
    assert "workloads: 4 of 5 ready; proxies: 0 of 0 in sync\n" in found.stdout
    assert (
        "default        reviews-v2-a-b             no      CrashLoopBackOff (exit code 1)   0" in found.stdout
    )
    assert "http://127.0.0.1:8080 → istio-ingressgateway, port 80" in found.stdout


def test_status_as_json(mesh, run):
    found = json.loads(run("status", "-o", "json").stdout)
    assert (found["mesh"], found["objects"]["VirtualService"], found["workload_rows"][0]["pod"]) == (
        "default",
        2,
        "productpage-v1-a-b",
    )


def test_down_stops_the_mesh_and_says_so(mesh, run):
    found = run("down")
    assert (found.exit_code, found.stderr) == (0, "mesh 'default' is down\n")
    assert run("status").exit_code == 3


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"])
def test_a_mesh_that_ends_before_it_answers_is_down(home, run, words):
    state = state_of("default")
    state.directory.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(state.api_socket))
        listening.listen()

        def end():
            held, _ = listening.accept()
            held.recv(1)  # closing with bytes unread resets the connection
            held.sendall(words)
            state.api_socket.unlink()
            held.close()

        ending = threading.Thread(target=end)
        ending.start()
        found = run("down")
        ending.join(10)
    assert (found.exit_code, found.stderr) == (0, "mesh 'default' is down\n")


def test_a_mesh_that_closes_connections_and_goes_on_is_not_down(home, run):
    state = state_of("default")
    state.directory.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(state.api_socket))
        listening.listen()

        def refuse():
            listening.accept()[0].close()

        closing = threading.Thread(target=refuse)
        closing.start()
        found = run("down", "--timeout", "0")
        closing.join(10)
    assert (found.exit_code, "mesh 'default' is still stopping" in found.stderr) == (3, True)


@pytest.mark.parametrize(
    ("word", "pod"),
    [
        ("productpage", "productpage-v1-a-b"),
        ("productpage-v1", "productpage-v1-a-b"),
        ("deploy/reviews-v2", "reviews-v2-a-b"),
        ("reviews-v1-a-b", "reviews-v1-a-b"),
        ("lonely.other", "lonely"),
        ("lonely", "lonely"),
    ],
)
def test_logs_finds_a_workload_by_many_names(mesh, run, word, pod):
    place = mesh.state.workload(pod)
    place.mkdir(parents=True)
    (place / "app.log").write_text("one\ntwo\n")
    (place / "proxy.log").write_text("envoy\n")
    assert run("logs", word).stdout == "one\ntwo\n"
    assert run("logs", word, "--tail", "1").stdout == "two\n"
    assert run("logs", word, "--proxy").stdout == "envoy\n"


def test_an_ambiguous_or_unknown_workload_lists_the_choices(mesh, run):
    found = run("logs", "reviews")
    assert (found.exit_code, found.stderr) == (
        1,
        "error: 'reviews' is ambiguous: reviews-v1.default, reviews-v2.default\n",
    )
    assert "there are: istio-ingressgateway.istio-system, lonely.other" in run("logs", "nobody").stderr


def test_following_a_log_goes_on_in_its_successor(tmp_path):
    path = tmp_path / "app.log"
    path.write_text("first\n")
    lines = follow_file(path)
    assert next(lines) == b"first\n"
    with path.open("a") as file:
        file.write("second\n")
    assert next(lines) == b"second\n"
    path.rename(tmp_path / "app.log.1")
    path.write_text("after the restart\n")
    assert next(lines) == b"after the restart\n"
    path.write_text("cut\n")
    assert next(lines) == b"cut\n"
    lines.close()


CLUSTER = {
    "name": "outbound|9080|v1|reviews.default.svc.cluster.local",
    "type": "EDS",
    "metadata": {
        "filter_metadata": {
            "istio": {"config": "/apis/networking.istio.io/v1/namespaces/default/destination-rule/reviews"}
        }
    },
}
MANAGER = "envoy.filters.network.http_connection_manager"
LISTENER = {
    "name": "0.0.0.0_9080",
    "address": {"socket_address": {"address": "0.0.0.0", "port_value": 9080}},
    "filter_chains": [
        {
            "filter_chain_match": {
                "transport_protocol": "raw_buffer",
                "application_protocols": ["http/1.1", "h2c"],
            },
            "filters": [{"name": MANAGER, "typed_config": {"rds": {"route_config_name": "9080"}}}],
        },
    ],
    "default_filter_chain": {
        "filters": [
            {"name": "envoy.filters.network.tcp_proxy", "typed_config": {"cluster": "PassthroughCluster"}}
        ]
    },
}
ROUTES = {
    "name": "9080",
    "virtual_hosts": [
        {
            "name": "reviews.default.svc.cluster.local:9080",
            "domains": [
                "reviews.default.svc.cluster.local",
                "reviews.default.svc.cluster.local.",
                "reviews",
                "reviews.default.svc",
                "reviews.default",
                "10.96.0.7",
            ],
            "routes": [
                {"match": {"prefix": "/reviews"}, "metadata": CLUSTER["metadata"], "route": {"cluster": "x"}}
            ],
        },
        {"name": "none", "domains": ["*"]},
    ],
}
DUMP = {
    "configs": [
        {"@type": "a/envoy.admin.v3.BootstrapConfigDump", "bootstrap": {"node": {"id": "sidecar~1~2~3"}}},
        {"@type": "a/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [{"cluster": CLUSTER}]},
        {
            "@type": "a/envoy.admin.v3.ListenersConfigDump",
            "dynamic_listeners": [{"name": "x", "active_state": {"listener": LISTENER}}],
        },
        {"@type": "a/envoy.admin.v3.RoutesConfigDump", "dynamic_route_configs": [{"route_config": ROUTES}]},
    ]
}
STATUSES = {
    "cluster_statuses": [
        {
            "name": CLUSTER["name"],
            "host_statuses": [
                {
                    "address": {"socket_address": {"address": "10.1.0.4", "port_value": 9080}},
                    "health_status": {"eds_health_status": "HEALTHY", "failed_outlier_check": True},
                }
            ],
        }
    ]
}


class _Admin(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        pages = {"/config_dump?include_eds": DUMP, "/clusters?format=json": STATUSES}
        body = json.dumps(pages[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


@pytest.fixture
def envoy(mesh):
    place = mesh.state.workload("productpage-v1-a-b")
    place.mkdir(parents=True)
    with socketserver.UnixStreamServer(str(place / "admin.sock"), _Admin) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("cluster",),
            (
                "SERVICE FQDN                        PORT   SUBSET   DIRECTION   TYPE   DESTINATION RULE\n"
                "reviews.default.svc.cluster.local   9080   v1       outbound    EDS    reviews.default\n"
            ),
        ),
        (
            ("cluster", "--subset", "v2"),
            "SERVICE FQDN   PORT   SUBSET   DIRECTION   TYPE   DESTINATION RULE\n",
        ),
        (
            ("listeners",),
            (
                "ADDRESSES   PORT   MATCH                                  DESTINATION\n"
                "0.0.0.0     9080   Trans: raw_buffer; App: http/1.1,h2c   Route: 9080\n"
                "0.0.0.0     9080   ALL                                    PassthroughCluster\n"
            ),
        ),
        (("listener", "--port", "80"), "ADDRESSES   PORT   MATCH   DESTINATION\n"),
        (
            ("route",),
            (
                "NAME   VHOST NAME                               DOMAINS                                  MATCH        VIRTUAL SERVICE\n"
                "9080   reviews.default.svc.cluster.local:9080   reviews, reviews.default + 1 more...     /reviews*    reviews.default\n"
                "9080   none                                     *                                        /*           404\n"
            ),
        ),
        (
            ("endpoint", "--cluster", CLUSTER["name"]),
            (
                "ENDPOINT        STATUS    OUTLIER CHECK   CLUSTER\n"
                "10.1.0.4:9080   HEALTHY   FAILED          outbound|9080|v1|reviews.default.svc.cluster.local\n"
            ),
        ),
    ],
)
def test_proxy_config_prints_istioctl_s_columns(envoy, run, arguments, text):
    found = run("proxy-config", arguments[0], "productpage", *arguments[1:])
    assert found.exit_code == 0
    assert found.stdout.split() == text.split()


def test_proxy_config_as_json_is_envoy_s_own(envoy, run):
    assert json.loads(run("pc", "c", "productpage", "-o", "json").stdout) == [CLUSTER]
    assert (
        json.loads(run("pc", "bootstrap", "productpage").stdout)["bootstrap"]["node"]["id"] == "sidecar~1~2~3"
    )
    assert json.loads(run("pc", "all", "productpage", "-o", "json").stdout) == DUMP["configs"]


def test_a_proxy_that_does_not_run_is_an_error_without_traceback(mesh, run):
    found = run("proxy-config", "cluster", "lonely")
    assert found.exit_code == 1
    assert found.stderr.startswith("error: the proxy of lonely does not answer")


def test_proxy_status_without_proxies(mesh, run):
    assert run("proxy-status").stderr == "No proxies are connected.\n"
    assert run("proxy-status", "nobody").exit_code == 1


ANSWER = {
    "applied": True,
    "dry_run": False,
    "results": [
        {"kind": "VirtualService", "namespace": "default", "name": "reviews", "outcome": "configured"}
    ],
    "findings": [],
    "proxies": 7,
    "in_force": 7,
    "rejected": [],
    "milliseconds": 9.4,
}


@pytest.mark.parametrize(
    ("more", "waited", "code", "note"),
    [
        ({}, True, 0, "in force on 7 of 7 proxies after 9 ms\n"),
        ({"in_force": 0}, False, 0, ""),
        (
            {"in_force": 6},
            True,
            1,
            "in force on 6 of 7 proxies after 9 ms; lateen proxy-status says where not\n",
        ),
        ({"proxies": 0, "in_force": 0}, True, 0, ""),
        (
            {"in_force": 6, "rejected": ["a.default: bad"]},
            True,
            1,
            "refused by a.default: bad\nin force on 6 of 7 proxies after 9 ms; lateen proxy-status says where not\n",
        ),
    ],
)
def test_a_change_says_how_far_it_reached(capsys, more, waited, code, note):
    assert tell({**ANSWER, **more}, waited=waited) == code
    out, err = capsys.readouterr()
    assert (out, err) == ("virtualservice.networking.istio.io/reviews configured\n", note)
