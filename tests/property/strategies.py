"""Small random meshes in Istio's words: valid objects over few names, so that they meet and conflict."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Json = dict[str, Any]

NAMESPACES = ("default", "other")
SERVICES = ("a", "b")
VERSIONS = ("v1", "v2")
SUBSETS = ("v1", "v2", "missing")
HOSTS = ("a", "b", "a.other.svc.cluster.local", "ext.example.com", "nowhere")
GATEWAYS = ("edge", "other/edge", "mesh")
DAYS = ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z")
GATEWAY_LABELS = {"istio": "ingressgateway"}


def flagged(**optional: SearchStrategy[Any]) -> SearchStrategy[Json]:
    """A mapping with any of some keys."""
    return st.fixed_dictionaries({}, optional=optional)


def meta(kind: str, names: tuple[str, ...]) -> SearchStrategy[Json]:
    return st.builds(
        lambda name, namespace, created: {
            "kind": kind, "metadata": {"name": name, "namespace": namespace, "creationTimestamp": created},
        },
        st.sampled_from(names), st.sampled_from(NAMESPACES), st.sampled_from(DAYS),
    )  # fmt: skip


def made(version: str, found: SearchStrategy[Json], spec: SearchStrategy[Json]) -> SearchStrategy[Json]:
    return st.builds(lambda one, two: {"apiVersion": version, **one, "spec": two}, found, spec)


def services() -> SearchStrategy[Json]:
    ports = st.sampled_from(
        (
            [{"name": "http", "port": 9080}],
            [{"name": "tcp", "port": 9080}],
            [{"name": "http", "port": 9080, "targetPort": 8080}, {"name": "tcp-db", "port": 3306}],
            [{"name": "auto", "port": 9080}],
            [{"name": "grpc", "port": 9080}, {"name": "https", "port": 443}],
        )
    )
    spec = st.builds(
        lambda app, number, found: {"selector": {"app": app}, "clusterIP": number, "ports": found},
        st.sampled_from(SERVICES), st.sampled_from(("10.96.0.1", "10.96.0.2", "10.96.0.3", "None")), ports,
    )  # fmt: skip
    return made("v1", meta("Service", SERVICES), spec)


def pods() -> SearchStrategy[Json]:
    def pod(one: Json, app: str, version: str, address: str, ready: str) -> Json:
        one["metadata"]["labels"] = {"app": app, "version": version}
        status = {"phase": "Running", "podIP": address, "conditions": [{"type": "Ready", "status": ready}]}
        spec = {
            "containers": [
                {"name": "app", "image": "app", "ports": [{"name": "http", "containerPort": 8080}]}
            ]
        }
        return {"apiVersion": "v1", **one, "spec": spec, "status": status}

    return st.builds(
        pod, meta("Pod", ("p1", "p2", "p3")), st.sampled_from(SERVICES), st.sampled_from(VERSIONS),
        st.sampled_from(("10.1.0.1", "10.1.0.2", "10.1.0.3")), st.sampled_from(("True", "True", "False")),
    )  # fmt: skip


def destinations() -> SearchStrategy[Json]:
    return st.builds(
        lambda host, more: {"host": host, **more}, st.sampled_from(HOSTS),
        flagged(subset=st.sampled_from(SUBSETS), port=st.sampled_from((9080, 3306, 80)).map(lambda n: {"number": n})),
    )  # fmt: skip


def string_matches() -> SearchStrategy[Json]:
    return st.sampled_from(
        ({"exact": "/x"}, {"prefix": "/"}, {"prefix": "/x"}, {"regex": "/[a-z]+"}, {"exact": "jason"})
    )


def conditions() -> SearchStrategy[Json]:
    return flagged(
        uri=string_matches(),
        headers=string_matches().map(lambda one: {"end-user": one}),
        withoutHeaders=string_matches().map(lambda one: {"x-no": one}),
        queryParams=string_matches().map(lambda one: {"q": one}),
        method=st.sampled_from(("GET", "POST")).map(lambda name: {"exact": name}),
        port=st.sampled_from((9080, 80)),
        sourceLabels=st.sampled_from(VERSIONS).map(lambda version: {"version": version}),
        gateways=st.lists(st.sampled_from(("mesh", "default/edge")), min_size=1, max_size=2, unique=True),
    )


def http_routes() -> SearchStrategy[Json]:
    single = destinations().map(lambda one: [{"destination": one}])
    split = st.builds(
        lambda one, two: [{"destination": one, "weight": 80}, {"destination": two, "weight": 20}],
        destinations(), destinations(),
    )  # fmt: skip
    forward = st.builds(
        lambda route, more: {"route": route, **more},
        single | split,
        flagged(
            timeout=st.sampled_from(("2s", "500ms")),
            retries=st.sampled_from(({"attempts": 0}, {"attempts": 3, "perTryTimeout": "1s", "retryOn": "5xx"})),
            rewrite=st.sampled_from(({"uri": "/new"}, {"authority": "new.example.com"})),
            fault=st.sampled_from((
                {"abort": {"httpStatus": 500, "percentage": {"value": 100}}},
                {"delay": {"fixedDelay": "1s", "percentage": {"value": 50}}},
            )),
            headers=st.just({"request": {"set": {"x-set": "1"}}, "response": {"remove": ["x-from-backend"]}}),
            mirror=destinations(),
            corsPolicy=st.just({"allowOrigins": [{"exact": "http://o"}], "allowMethods": ["GET"]}),
        ),
    )  # fmt: skip
    redirect = st.just({"redirect": {"uri": "/there", "authority": "other.example.com"}})
    answer = st.just({"directResponse": {"status": 503, "body": {"string": "no"}}})
    matched = st.lists(conditions().filter(bool), max_size=2).map(
        lambda found: {"match": found} if found else {}
    )
    return st.builds(
        lambda one, two: one | two, matched, st.one_of(forward, forward, forward, redirect, answer)
    )


def virtual_services() -> SearchStrategy[Json]:
    spec = st.builds(
        lambda hosts, http, more: {"hosts": hosts, "http": http, **more},
        st.lists(st.sampled_from(HOSTS[:4]), min_size=1, max_size=2, unique=True),
        st.lists(http_routes(), min_size=1, max_size=3),
        flagged(
            gateways=st.lists(st.sampled_from(GATEWAYS), min_size=1, max_size=2, unique=True),
            exportTo=st.sampled_from((["."], ["*"], ["other"])),
        ),
    )  # fmt: skip
    return made("networking.istio.io/v1", meta("VirtualService", ("vs1", "vs2", "vs3")), spec)


def traffic_policies() -> SearchStrategy[Json]:
    return flagged(
        loadBalancer=st.sampled_from((
            {"simple": "RANDOM"}, {"simple": "PASSTHROUGH"}, {"consistentHash": {"httpHeaderName": "x-user"}},
        )),
        connectionPool=st.sampled_from((
            {"tcp": {"maxConnections": 1}}, {"http": {"http1MaxPendingRequests": 1, "maxRetries": 2}},
        )),
        outlierDetection=st.just({"consecutive5xxErrors": 3}),
        tls=st.sampled_from(({"mode": "DISABLE"}, {"mode": "SIMPLE", "sni": "x.example.com"})),
    )  # fmt: skip


def destination_rules() -> SearchStrategy[Json]:
    subsets = st.lists(
        st.builds(
            lambda version, policy: {"name": version, "labels": {"version": version}, "trafficPolicy": policy},
            st.sampled_from(VERSIONS), traffic_policies(),
        ),
        max_size=2, unique_by=lambda one: one["name"],
    )  # fmt: skip
    spec = st.builds(
        lambda host, policy, found, more: {"host": host, "trafficPolicy": policy, "subsets": found, **more},
        st.sampled_from((*HOSTS, "*.other.svc.cluster.local")), traffic_policies(), subsets,
        flagged(exportTo=st.sampled_from((["."], ["*"]))),
    )  # fmt: skip
    return made("networking.istio.io/v1", meta("DestinationRule", ("dr1", "dr2")), spec)


def gateways() -> SearchStrategy[Json]:
    server = st.builds(
        lambda number, hosts, more: {
            "port": {"number": number, "name": f"http-{number}", "protocol": "HTTP"}, "hosts": hosts, **more,
        },
        st.sampled_from((80, 8080)),
        st.sampled_from((["*"], ["ext.example.com"], ["a.default.svc.cluster.local", "./*"])),
        flagged(tls=st.just({"httpsRedirect": True})),
    )  # fmt: skip
    spec = st.lists(server, min_size=1, max_size=2, unique_by=lambda one: one["port"]["number"]).map(
        lambda found: {"selector": GATEWAY_LABELS, "servers": found}
    )
    return made("networking.istio.io/v1", meta("Gateway", ("edge", "edge2")), spec)


def service_entries() -> SearchStrategy[Json]:
    spec = st.builds(
        lambda ports, more: {"hosts": ["ext.example.com"], "ports": ports, **more},
        st.sampled_from((
            [{"number": 80, "name": "http", "protocol": "HTTP"}],
            [{"number": 9080, "name": "tcp", "protocol": "TCP"}, {"number": 443, "name": "tls", "protocol": "TLS"}],
        )),
        st.sampled_from((
            {"resolution": "DNS"},
            {"resolution": "STATIC", "endpoints": [{"address": "10.9.0.1", "labels": {"version": "v1"}}]},
            {"resolution": "STATIC", "workloadSelector": {"labels": {"app": "a"}}, "location": "MESH_INTERNAL"},
            {"resolution": "STATIC", "addresses": ["10.97.0.1"], "endpoints": [{"address": "10.9.0.2"}]},
        )),
    )  # fmt: skip
    return made("networking.istio.io/v1", meta("ServiceEntry", ("se1", "se2")), spec)


def sidecars() -> SearchStrategy[Json]:
    spec = st.builds(
        lambda hosts, more: {"egress": [{"hosts": hosts}], **more},
        st.sampled_from((["./*"], ["*/*"], ["*/a.default.svc.cluster.local"], ["other/*", "~/*"])),
        flagged(
            workloadSelector=st.sampled_from(VERSIONS).map(lambda version: {"labels": {"version": version}}),
            outboundTrafficPolicy=st.just({"mode": "REGISTRY_ONLY"}),
        ),
    )  # fmt: skip
    return made("networking.istio.io/v1", meta("Sidecar", ("sc1", "sc2")), spec)


def objects() -> SearchStrategy[Json]:
    """Any object."""
    return st.one_of(
        services(), services(), pods(), pods(), virtual_services(), virtual_services(), destination_rules(), gateways(),
        service_entries(), sidecars(),
    )  # fmt: skip
