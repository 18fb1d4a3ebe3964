"""Rows of proxy-status."""

from lateen.compile import types
from lateen.status.proxies import proxies, proxy_name, proxy_status
from lateen.xds.request import Node
from lateen.xds.state import Rejection, SessionState, SyncState, TypeState

NODE = Node(
    id="sidecar~10.1.1.1~app-1.shop~shop.svc.cluster.local",
    metadata={"CLUSTER_ID": "east", "ISTIO_VERSION": "1.31.0"},
    envoy_version="1.40.0",
)


def state(type_url, sync, **more):
    return TypeState(type_url, sync, 1, "v", **more)


def test_a_row():
    session = SessionState(
        NODE, "delta", (state(types.CLUSTER, SyncState.SYNCED), state(types.ENDPOINT, SyncState.NOT_SENT))
    )
    row = proxy_status(session)
    assert (row.name, row.cluster, row.version, row.protocol) == ("app-1.shop", "east", "1.31.0", "delta")
    assert (row.cds, row.eds, row.lds) == ("SYNCED", "NOT SENT", "IGNORED")
    assert row.is_synced


def test_what_the_node_does_not_say():
    row = proxy_status(SessionState(Node(id="odd", envoy_version="1.40.0"), "sotw", ()))
    assert (row.name, row.cluster, row.version) == ("odd", "Kubernetes", "1.40.0")


def test_the_last_rejection_is_shown_with_envoys_words():
    rejections = (
        Rejection(types.ROUTE, "80", "v", "first"),
        Rejection(types.ROUTE, "http.90", "v", "unknown cluster"),
    )
    row = proxy_status(
        SessionState(NODE, "delta", (state(types.ROUTE, SyncState.ERROR, rejections=rejections),))
    )
    assert (row.rds, row.last_nack, row.is_synced) == ("ERROR", "RDS http.90: unknown cluster", False)


def test_a_rejection_that_is_nobodys():
    rejections = (Rejection(types.ROUTE, "", "v", "what"),)
    row = proxy_status(
        SessionState(NODE, "delta", (state(types.ROUTE, SyncState.ERROR, rejections=rejections),))
    )
    assert row.last_nack == "RDS: what"


def test_a_failure_of_ours_is_not_synced():
    row = proxy_status(
        SessionState(NODE, "delta", (state(types.LISTENER, SyncState.STALE, failure="KeyError: 'x'"),))
    )
    assert (row.lds, row.failures, row.is_synced) == ("STALE", ("LDS: KeyError: 'x'",), False)


def test_rows_are_sorted_by_name():
    nodes = ("sidecar~1~b.x~d", "router~1~a.x~d", "sidecar~1~c.x~d")
    rows = proxies(SessionState(Node(id=node), "delta", ()) for node in nodes)
    assert [row.name for row in rows] == ["a.x", "b.x", "c.x"]


def test_names():
    assert proxy_name("sidecar~10.0.0.1~reviews-v1.default~default.svc.cluster.local") == "reviews-v1.default"
    assert proxy_name("test-client") == "test-client"
