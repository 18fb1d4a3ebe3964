"""Kubernetes' own: Services, Pods, and EndpointSlices written by hand."""

from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.words import LOCALITIES, SERVICES, VERSIONS, Json, flagged, made, meta

PORTS: tuple[list[Json], ...] = (
    [{"name": "http", "port": 9080}],
    [{"name": "tcp", "port": 9080}],
    [{"name": "http", "port": 9080, "targetPort": 8080}, {"name": "tcp-db", "port": 3306}],
    [{"name": "auto", "port": 9080}, {"name": "web", "port": 80, "appProtocol": "http"}],
    [{"name": "grpc", "port": 9080}, {"name": "https", "port": 443}],
    [{"name": "http", "port": 80, "targetPort": "http"}, {"name": "http2", "port": 8080}],
    [{"name": "tls-x", "port": 443, "targetPort": 9080}, {"name": "mysql", "port": 3306}],
)
ADDRESSES = ("10.96.0.1", "10.96.0.2", "10.96.0.3", "None")


@cache
def services() -> SearchStrategy[Json]:
    selecting = st.builds(
        lambda app, address, found: {"selector": {"app": app}, "clusterIP": address, "ports": found},
        st.sampled_from(SERVICES), st.sampled_from(ADDRESSES), st.sampled_from(PORTS),
    )  # fmt: skip
    without = st.builds(
        lambda address, found: {"clusterIP": address, "ports": found},
        st.sampled_from(ADDRESSES), st.sampled_from(PORTS[:3]),
    )  # fmt: skip
    named = st.just(
        {"type": "ExternalName", "externalName": "ext.example.com", "ports": [{"name": "http", "port": 80}]}
    )
    local = selecting.map(lambda one: {**one, "internalTrafficPolicy": "Local"})
    spec = st.one_of(selecting, selecting, selecting, without, named, local)
    exported = flagged(
        annotations=st.sampled_from((".", "*", "other")).map(lambda to: {"networking.istio.io/exportTo": to})
    )
    found = st.builds(_annotated, meta("Service", SERVICES), exported)
    return made("v1", found, spec)


def _annotated(one: Json, more: Json) -> Json:
    return {**one, "metadata": one["metadata"] | more}


def _pod(meta_data: Json, app: str, version: str, address: str, status: tuple[str, str]) -> Json:
    ready, locality = status
    labels = {"app": app, "version": version, "istio-locality": locality.replace("/", ".")}
    container = {"name": "app", "image": "app", "ports": [{"name": "http", "containerPort": 8080}]}
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": meta_data | {"labels": labels}, "spec": {"containers": [container]},
        "status": {"phase": "Running", "podIP": address, "conditions": [{"type": "Ready", "status": ready}]},
    }  # fmt: skip


RUNNING = (
    _pod({"name": "p1", "namespace": "default"}, "a", "v1", "10.1.0.1", ("True", LOCALITIES[0])),
    _pod({"name": "p2", "namespace": "default"}, "b", "v2", "10.1.0.2", ("True", LOCALITIES[1])),
    _pod({"name": "p3", "namespace": "other"}, "a", "v2", "10.1.0.3", ("True", LOCALITIES[2])),
)
"""Pods that every mesh has, unless it says otherwise of them."""


@cache
def pods() -> SearchStrategy[Json]:
    return st.builds(
        lambda one, *rest: _pod(one["metadata"], *rest), meta("Pod", ("p1", "p2", "p3", "p4")), st.sampled_from(SERVICES), st.sampled_from(VERSIONS),
        st.sampled_from(("10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.4")),
        st.tuples(st.sampled_from(("True", "True", "False")), st.sampled_from(LOCALITIES)),
    )  # fmt: skip


@cache
def slices() -> SearchStrategy[Json]:
    endpoint = st.builds(
        lambda address, ready: {"addresses": [address], "conditions": {"ready": ready}},
        st.sampled_from(("10.2.0.1", "10.2.0.2", "10.1.0.1")), st.booleans(),
    )  # fmt: skip
    ports = st.sampled_from(
        ([{"name": "http", "port": 8080}], [{"name": "tcp", "port": 9080}, {"name": "http", "port": 1}])
    )
    return st.builds(
        lambda one, service, found, numbers: {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": one["metadata"] | {"labels": {"kubernetes.io/service-name": service}},
            "addressType": "IPv4", "endpoints": found, "ports": numbers,
        },
        meta("EndpointSlice", ("es1", "es2")), st.sampled_from(SERVICES), st.lists(endpoint, min_size=1, max_size=2), ports,
    )  # fmt: skip
