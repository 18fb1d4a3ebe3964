"""Patches on single messages: the corners that no golden case has."""

import pytest

from lateen.model.envoy_filters import Context
from lateen.translate import patch_cluster, patch_listener, patch_route
from lateen.translate.patch_bootstrap import patched as patched_bootstrap
from lateen.translate.patch_route import GatewayRoute, gateway_route

OUTBOUND, INBOUND, GATEWAY = Context.SIDECAR_OUTBOUND, Context.SIDECAR_INBOUND, Context.GATEWAY
TCP = "'@type': type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
TLS = "'@type': type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
LISTENER = f"""
name: 0.0.0.0_80
address: {{socket_address: {{address: 0.0.0.0, port_value: 80}}}}
filter_chains:
- name: a
  filter_chain_match: {{server_names: [a.example, b.example], application_protocols: [h2, http/1.1]}}
  filters: [{{name: tcp, typed_config: {{{TCP}, stat_prefix: x, cluster: y}}}}]
  transport_socket: {{name: envoy.transport_sockets.tls, typed_config: {{{TLS}}}}}
- name: b
  filters: [{{name: tcp, typed_config: {{{TCP}, stat_prefix: x, cluster: y}}}}]
"""


@pytest.fixture
def listener(patches, body, plain):
    def patch(text, context=OUTBOUND, source=LISTENER):
        found = patch_listener.patched("0.0.0.0_80", body("LISTENER", source), context, patches(text))
        return plain("LISTENER", found.body) if found.body is not None else None

    return patch


def names(found):
    return [one["name"] for one in found["filter_chains"]]


@pytest.mark.parametrize(
    ("match", "left"),
    [
        ("{sni: a.example}", ["b"]),
        ("{sni: other.example}", ["a", "b"]),
        ("{applicationProtocols: 'http/1.1,h2'}", ["b"]),
        ("{applicationProtocols: 'h2,h3'}", ["a", "b"]),
        ("{name: b}", ["a"]),
        ("{transportProtocol: tls}", ["a", "b"]),
        ("{destinationPort: 80}", ["a", "b"]),
    ],
)
def test_a_chain_is_found_by_its_match(listener, match, left):
    text = f"""
    - applyTo: FILTER_CHAIN
      match: {{listener: {{portNumber: 80, filterChain: {match}}}}}
      patch: {{operation: REMOVE}}
    """
    assert names(listener(text)) == left


def test_a_removed_listener_is_gone(listener):
    assert (
        listener("- {applyTo: LISTENER, match: {listener: {portNumber: 80}}, patch: {operation: REMOVE}}")
        is None
    )
    assert (
        listener("- {applyTo: LISTENER, match: {listener: {portNumber: 81}}, patch: {operation: REMOVE}}")
        is not None
    )


def test_another_context_is_not_meant(listener):
    text = "- {applyTo: LISTENER, match: {context: GATEWAY}, patch: {operation: REMOVE}}"
    assert listener(text) is not None
    assert listener(text, GATEWAY) is None


def test_a_transport_socket_of_the_same_name_merges_alone(listener):
    text = f"""
    - applyTo: FILTER_CHAIN
      match: {{listener: {{filterChain: {{name: a}}}}}}
      patch:
        operation: MERGE
        value:
          name: renamed
          transport_socket: {{name: envoy.transport_sockets.tls, typed_config: {{{TLS}, require_client_certificate: true}}}}
    """
    first = listener(text)["filter_chains"][0]
    assert first["name"] == "a"
    assert first["transport_socket"]["typed_config"]["require_client_certificate"] is True


def test_a_filter_without_configuration_takes_no_merge(listener):
    text = f"""
    - applyTo: NETWORK_FILTER
      match: {{listener: {{filterChain: {{filter: {{name: bare}}}}}}}}
      patch: {{operation: MERGE, value: {{name: renamed, typed_config: {{{TCP}, stat_prefix: z, cluster: z}}}}}}
    """
    source = "{name: x, filter_chains: [{name: a, filters: [{name: bare}]}]}"
    assert listener(text, source=source)["filter_chains"][0]["filters"] == [{"name": "bare"}]


def test_network_filters_are_removed_and_replaced_by_name_only(listener):
    def filters(operation, match):
        value = f"value: {{name: new, typed_config: {{{TCP}, stat_prefix: z, cluster: z}}}}"
        text = f"- {{applyTo: NETWORK_FILTER, match: {match}, patch: {{operation: {operation}, {value}}}}}"
        return [one.get("filters", [{}])[0].get("name") for one in listener(text)["filter_chains"]]

    named = "{listener: {filterChain: {name: a, filter: {name: tcp}}}}"
    assert filters("REPLACE", named) == ["new", "tcp"]
    assert filters("REMOVE", named) == [None, "tcp"]
    assert filters("REMOVE", "{listener: {filterChain: {name: a}}}") == ["tcp", "tcp"]
    assert filters("REPLACE", "{}") == ["tcp", "tcp"]


def test_an_added_chain_needs_filters(listener):
    assert names(listener("- {applyTo: FILTER_CHAIN, patch: {operation: ADD, value: {name: empty}}}")) == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    ("match", "contexts"),
    [
        ("{}", [OUTBOUND, GATEWAY]),
        ("{context: ANY}", [OUTBOUND, GATEWAY]),
        ("{context: SIDECAR_INBOUND}", [INBOUND]),
    ],
)
def test_where_whole_things_are_added(patches, match, contexts):
    clusters = patches(
        f"- {{applyTo: CLUSTER, match: {match}, patch: {{operation: ADD, value: {{name: new}}}}}}"
    )
    listeners = patches(
        f"- {{applyTo: LISTENER, match: {match}, patch: {{operation: INSERT_FIRST, value: {{name: new}}}}}}"
    )
    assert [one for one in Context if patch_cluster.added(one, clusters)] == sorted(
        contexts, key=list(Context).index
    )
    assert [one for one in Context if patch_listener.added(one, listeners)] == sorted(
        contexts, key=list(Context).index
    )


def test_nothing_without_a_name_is_added(patches):
    assert not patch_cluster.added(
        OUTBOUND, patches("- {applyTo: CLUSTER, patch: {operation: ADD, value: {type: STATIC}}}")
    )


def test_a_transport_socket_does_not_come_beside_matches(patches, body, plain):
    text = """
    - applyTo: CLUSTER
      patch: {operation: MERGE, value: {transport_socket: {name: other}}}
    """
    with_matches = "{name: c, transport_socket_matches: [{name: m, transport_socket: {name: tls}}]}"
    for source, expected in (
        (with_matches, None),
        ("{name: c, transport_socket: {name: tls}}", "other"),
        ("{name: c}", "other"),
    ):
        found = patch_cluster.patched("c", body("CLUSTER", source), OUTBOUND, patches(text))
        assert plain("CLUSTER", found.body).get("transport_socket", {}).get("name") == expected


def test_a_failed_merge_is_told_once_and_costs_itself(patches, body, plain):
    text = f"""
    - applyTo: CLUSTER
      patch: {{operation: MERGE, value: {{transport_socket: {{name: tls, typed_config: {{{TCP}}}}}}}}}
    - applyTo: CLUSTER
      patch: {{operation: MERGE, value: {{alt_stat_name: mine}}}}
    """
    source = f"{{name: c, transport_socket: {{name: tls, typed_config: {{{TLS}}}}}}}"
    found = patch_cluster.patched("c", body("CLUSTER", source), OUTBOUND, patches(text))
    assert [one.index for one in found.failures] == [0]
    assert plain("CLUSTER", found.body)["alt_stat_name"] == "mine"


@pytest.mark.parametrize("name", ["outbound|80|v1|a.example", "outbound_.80_.v1_.a.example"])
@pytest.mark.parametrize(
    ("match", "touched"),
    [
        ("{service: a.example}", True),
        ("{service: a.example, subset: v1, portNumber: 80}", True),
        ("{service: b.example}", False),
        ("{subset: v2}", False),
        ("{portNumber: 81}", False),
    ],
)
def test_a_cluster_is_found_by_the_parts_of_its_name(patches, name, match, touched):
    mine = patches(f"- {{applyTo: CLUSTER, match: {{cluster: {match}}}, patch: {{operation: REMOVE}}}}")
    assert patch_cluster.touches(name, (), OUTBOUND, mine) is touched


def test_a_fixed_cluster_is_no_service(patches):
    mine = patches("- {applyTo: CLUSTER, match: {cluster: {portNumber: 80}}, patch: {operation: REMOVE}}")
    assert not patch_cluster.touches("PassthroughCluster", (), OUTBOUND, mine)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("http.8080", GatewayRoute(8080)),
        ("http.8080.10.0.0.1", GatewayRoute(0)),
        ("https.443.https-shop.edge.default", GatewayRoute(443, "https-shop", "default/edge")),
        ("https.443.https.edge.with.dots.default", GatewayRoute()),
        ("9080", GatewayRoute()),
    ],
)
def test_names_of_gateway_routes(name, parts):
    assert gateway_route(name) == parts


@pytest.mark.parametrize(
    ("match", "taken"),
    [
        ("{gateway: default/edge}", True),
        ("{gateway: other/edge}", False),
        ("{portName: https-shop}", True),
        ("{portName: https}", False),
        ("{portNumber: 443}", True),
        ("{portNumber: 8443}", False),
    ],
)
def test_a_gateways_route_configuration_is_found_by_its_name(patches, body, plain, match, taken):
    text = f"- {{applyTo: ROUTE_CONFIGURATION, match: {{routeConfiguration: {match}}}, patch: {{operation: MERGE, value: {{internal_only_headers: [x]}}}}}}"
    name = "https.8443.https-shop.edge.default"
    source = body("ROUTE_CONFIGURATION", f"{{name: {name}}}")
    found = patch_route.patched(name, source, GATEWAY, patches(text), frozenset({443}))
    assert ("internal_only_headers" in plain("ROUTE_CONFIGURATION", found.body)) is taken


def test_a_removed_virtual_host_takes_one_added_under_its_name_along(patches, body, plain):
    """As in Istio, where what was removed is taken out after what is added was put in."""
    text = """
    - {applyTo: VIRTUAL_HOST, match: {routeConfiguration: {vhost: {name: a}}}, patch: {operation: REMOVE}}
    - {applyTo: VIRTUAL_HOST, patch: {operation: ADD, value: {name: a, domains: [new]}}}
    """
    source = body(
        "ROUTE_CONFIGURATION",
        "{name: '80', virtual_hosts: [{name: a, domains: [x]}, {name: b, domains: [y]}]}",
    )
    found = patch_route.patched("80", source, OUTBOUND, patches(text))
    assert [one["name"] for one in plain("ROUTE_CONFIGURATION", found.body)["virtual_hosts"]] == ["b"]


def test_a_bootstrap_is_merged_into(patches):
    text = """
    - {applyTo: BOOTSTRAP, patch: {operation: MERGE, value: {stats_config: {use_all_default_tags: false}, stats_flush_interval: 7s}}}
    - {applyTo: BOOTSTRAP, patch: {operation: ADD, value: {stats_flush_interval: 9s}}}
    """
    found = patched_bootstrap(
        b'{"node": {"id": "x"}, "stats_flush_interval": "5.5s"}', patches(text)
    ).decode()
    assert '"stats_flush_interval": "7s"' in found
    assert '"id": "x"' in found


def test_without_patches_a_bootstrap_stays_as_it_is():
    assert patched_bootstrap(b"{ }", []) == b"{ }"
