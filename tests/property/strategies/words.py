"""The alphabets that all random objects share, and how objects are put together."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Json = dict[str, Any]

NETWORKING = "networking.istio.io/v1"
NAMESPACES = ("default", "other")
SERVICES = ("a", "b")
VERSIONS = ("v1", "v2")
SUBSETS = ("v1", "v2", "missing")
EXTERNAL = "ext.example.com"
HOSTS = ("a", "b", "a.other.svc.cluster.local", EXTERNAL, "api.wild.example.com", "nowhere")
"""What rules name; `nowhere` is declared by nobody."""
GATEWAYS = ("edge", "default/edge", "other/edge", "mesh")
DAYS = ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z")
GATEWAY_LABELS = {"istio": "ingressgateway"}
PORTS = (80, 443, 3306, 8080, 9080)
LOCALITIES = ("r1/z1/s1", "r1/z2", "r2/z1/s1")
PATHS = ("/x", "/X", "/xy", "/x/", "/x/y", "/new")
VALUES = ("v1", "V1", "v", "v12", "jason")


def flagged(**optional: SearchStrategy[Any]) -> SearchStrategy[Json]:
    """A mapping with any of some keys."""
    return st.fixed_dictionaries({}, optional=optional)


def some(optional: dict[str, SearchStrategy[Any]]) -> SearchStrategy[Json]:
    """A mapping with one or two of some keys: for many keys, of which few should be set at once."""
    keys = st.lists(st.sampled_from(sorted(optional)), max_size=2, unique=True)

    @st.composite
    def chosen(draw: st.DrawFn) -> Json:
        return {key: draw(optional[key]) for key in draw(keys)}

    return chosen()


def meta(kind: str, names: tuple[str, ...]) -> SearchStrategy[Json]:
    return st.builds(
        lambda name, namespace, created: {
            "kind": kind, "metadata": {"name": name, "namespace": namespace, "creationTimestamp": created},
        },
        st.sampled_from(names), st.sampled_from(("default", *NAMESPACES)), st.sampled_from(DAYS),
    )  # fmt: skip


def made(version: str, found: SearchStrategy[Json], spec: SearchStrategy[Json]) -> SearchStrategy[Json]:
    return st.builds(lambda one, two: {"apiVersion": version, **one, "spec": two}, found, spec)


def exports() -> SearchStrategy[list[str]]:
    return st.sampled_from((["."], ["*"], ["other"], ["default", "other"]))


def strings(texts: tuple[str, ...], regexes: tuple[str, ...]) -> SearchStrategy[Json]:
    """A StringMatch."""
    text = st.sampled_from(texts)
    return st.one_of(
        text.map(lambda one: {"exact": one}),
        text.map(lambda one: {"prefix": one}),
        st.sampled_from(regexes).map(lambda one: {"regex": one}),
    )


def sources() -> dict[str, SearchStrategy[Any]]:
    """The conditions on who sends, which every kind of route has."""
    return {
        "port": st.sampled_from(PORTS),
        "sourceLabels": st.sampled_from(VERSIONS).map(lambda version: {"version": version}),
        "sourceNamespace": st.sampled_from(NAMESPACES),
        "gateways": st.lists(
            st.sampled_from(("mesh", "edge", "other/edge")), min_size=1, max_size=2, unique=True
        ),
    }
