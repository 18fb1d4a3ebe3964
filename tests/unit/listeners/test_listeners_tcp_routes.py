"""VirtualService `tcp` and `tls` on sidecars (spec 2.6 and 2.7)."""

from listener_meshes import by_match, chains, cluster, match, service, terminal

from lateen.compile.listeners import listeners
from lateen.engine import counters

WEIGHTED = """
kind: VirtualService
metadata: {name: split}
spec:
  hosts: [db]
  tcp:
  - route:
    - {destination: {host: db, subset: v1}, weight: 75}
    - {destination: {host: db, subset: v2}, weight: 25}
    - {destination: {host: db, subset: v3}, weight: 0}
"""


def db(mesh, view=None):
    return chains(mesh.listener("10.96.0.2_5432", view))


def test_weights_divide_connections(mesh):
    (chain,) = db(mesh.add(WEIGHTED))
    host = "db.default.svc.cluster.local"
    assert cluster(chain) == {f"outbound|5432|v1|{host}": 75, f"outbound|5432|v2|{host}": 25}
    assert terminal(chain)["stat_prefix"] == "split.default"
    assert chain["metadata"]["filter_metadata"]["istio"]["config"].endswith("/virtual-service/split")


def test_timeouts_hashing_and_tunnel_come_from_the_rule(mesh):
    mesh.add(
        """
kind: DestinationRule
metadata: {name: db}
spec:
  host: db
  trafficPolicy:
    connectionPool: {tcp: {idleTimeout: 30s, maxConnectionDuration: 60s}}
    loadBalancer: {consistentHash: {useSourceIp: true}}
    tunnel: {protocol: POST, targetHost: proxy.example, targetPort: 3128}
"""
    )
    proxy = terminal(db(mesh)[0])
    assert proxy["idle_timeout"] == "30s"
    assert proxy["max_downstream_connection_duration"] == "60s"
    assert proxy["hash_policy"] == [{"source_ip": {}}]
    assert proxy["tunneling_config"] == {"hostname": "proxy.example:3128", "use_post": True}


def test_the_proxys_idle_timeout_is_the_default(mesh):
    (chain,) = db(mesh, mesh.view(IDLE_TIMEOUT="1h30m"))
    assert terminal(chain)["idle_timeout"] == "5400s"


def test_subnets_come_before_the_rule_that_takes_all(mesh):
    mesh.add(
        """
kind: VirtualService
metadata: {name: by-address}
spec:
  hosts: [db]
  tcp:
  - match: [{destinationSubnets: [10.9.0.0/16]}, {destinationSubnets: [10.8.0.1]}]
    route: [{destination: {host: web, port: {number: 80}}}]
  - match: [{port: 9999}]
    route: [{destination: {host: any}}]
  - match: [{port: 5432}]
    route: [{destination: {host: db, subset: v2}}]
  - route: [{destination: {host: secure}}]
"""
    )
    first, last = db(mesh)
    ranges = [(one["address_prefix"], one["prefix_len"]) for one in match(first)["prefix_ranges"]]
    assert ranges == [("10.8.0.1", 32), ("10.9.0.0", 16)]
    assert cluster(first) == "outbound|80||web.default.svc.cluster.local"
    assert cluster(last) == "outbound|5432|v2|db.default.svc.cluster.local"


def test_source_labels_decide_which_proxies(mesh):
    mesh.add(
        """
kind: VirtualService
metadata: {name: by-source}
spec:
  hosts: [db]
  tcp:
  - match: [{sourceLabels: {app: special}}]
    route: [{destination: {host: web}}]
"""
    )
    assert cluster(db(mesh)[0]) == "outbound|5432||db.default.svc.cluster.local"
    special = mesh.view("special", labels={"app": "special"})
    assert cluster(db(mesh, special)[0]) == "outbound|80||web.default.svc.cluster.local"


def test_tls_matches_replace_the_services_own_chain(mesh):
    mesh.add(
        """
kind: VirtualService
metadata: {name: by-name}
spec:
  hosts: [secure]
  tls:
  - match: [{port: 443, sniHosts: [a.example]}]
    route: [{destination: {host: db, port: {number: 5432}}}]
  - match: [{port: 443, sniHosts: [a.example, b.example]}]
    route: [{destination: {host: secure}}]
"""
    )
    listener = mesh.listener("10.96.0.4_443")
    assert (
        cluster(by_match(listener, server_names=["a.example"]))
        == "outbound|5432||db.default.svc.cluster.local"
    )
    assert (
        cluster(by_match(listener, server_names=["b.example"]))
        == "outbound|443||secure.default.svc.cluster.local"
    )
    assert cluster(listener["default_filter_chain"]) == "PassthroughCluster"


def test_a_star_is_no_condition(mesh):
    mesh.add(
        """
kind: VirtualService
metadata: {name: by-name}
spec:
  hosts: [secure]
  tls: [{match: [{sniHosts: ["*"]}], route: [{destination: {host: db}}]}]
"""
    )
    assert [match(chain) for chain in chains(mesh.listener("10.96.0.4_443"))] == [{}]


def test_tls_rules_do_not_touch_other_ports(mesh):
    mesh.add(
        """
kind: VirtualService
metadata: {name: by-name}
spec:
  hosts: [db]
  tls: [{match: [{sniHosts: [a.example]}], route: [{destination: {host: web}}]}]
"""
    )
    assert [cluster(chain) for chain in db(mesh)] == ["outbound|5432||db.default.svc.cluster.local"]


def test_names_of_statistics_follow_the_meshs_template(mesh):
    mesh.config(
        "{outboundClusterStatName: '%SERVICE%_%SERVICE_PORT%', inboundClusterStatName: in_%SERVICE_PORT_NAME%}"
    )
    mesh.add(service("client", "10.96.0.8", "tcp-own:9000"))
    assert terminal(db(mesh)[0])["stat_prefix"] == "db.default_5432"
    chain = by_match(mesh.listener("virtualInbound"), destination_port=9000, transport_protocol="raw_buffer")
    assert terminal(chain)["stat_prefix"] == "in_tcp-own"


def test_workloads_that_differ_in_nothing_that_counts_share_listeners(mesh):
    first, second = mesh.view("client"), mesh.view("other", ip="10.1.0.9", labels={"app": "other"})
    listeners(mesh.db, first)
    counters.reset(mesh.db)
    listeners(mesh.db, second)
    assert runs(mesh) == {"listeners.virtual_inbound": 1}


HTTP = """
kind: VirtualService
metadata: {{name: web}}
spec: {{hosts: [web], http: [{{timeout: {0}, route: [{{destination: {{host: web}}}}]}}]}}
"""


def runs(mesh):
    """How often each query about a single listener was computed."""
    wanted = ("listeners.outbound", "outbound.outbound_listener", "listeners.virtual_inbound")
    found = counters.counts(mesh.db)
    return {name: found[name] for name in wanted if name in found}


def test_an_edit_of_http_routes_computes_no_listener_again(mesh):
    mesh.add(HTTP.format("1s"))
    view = mesh.view()
    before = listeners(mesh.db, view)
    counters.reset(mesh.db)
    mesh.add(HTTP.format("2s"))
    assert listeners(mesh.db, view) is before
    assert runs(mesh) == {}


def test_an_edit_of_tcp_routes_computes_one_listener_again(mesh):
    mesh.add(WEIGHTED)
    view = mesh.view()
    before = listeners(mesh.db, view)
    counters.reset(mesh.db)
    mesh.add(WEIGHTED.replace("75", "50").replace("25", "50"))
    after = listeners(mesh.db, view)
    assert [one.name for one, other in zip(before, after, strict=True) if one != other] == ["10.96.0.2_5432"]
    assert runs(mesh) == {"listeners.outbound": 1, "outbound.outbound_listener": 1}


def test_an_edit_of_a_service_computes_its_listener_again(mesh):
    mesh.add(*(service(f"s{n}", f"10.96.1.{n}", "tcp:6000") for n in range(1, 9)))
    view = mesh.view()
    listeners(mesh.db, view)
    counters.reset(mesh.db)
    mesh.add(service("s3", "10.96.1.3", "tcp:6001"))
    assert "10.96.1.3_6001" in mesh.listeners(view)
    assert runs(mesh) == {"listeners.outbound": 1, "outbound.outbound_listener": 1}
