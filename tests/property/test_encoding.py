"""Messages that are joined of encoded pieces are those that the protobuf library would have made of the same."""

from collections.abc import Iterator

from envoy.config.cluster.v3.cluster_pb2 import Cluster as Message
from envoy.config.core.v3.base_pb2 import Metadata
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import PROXIES, Json, meshes
from strategies.memory import read

from lateen.api import facts
from lateen.api.meta import Ref
from lateen.engine import Database
from lateen.model import scope
from lateen.model.clusters import Cluster, Identity, outbound
from lateen.model.endpoint import Endpoint
from lateen.model.load_assignment import load_assignment
from lateen.model.locality import Group, Member
from lateen.model.seen import Seen, seen
from lateen.model.sni_clusters import sni_clusters
from lateen.model.view import View, view_of
from lateen.model.workload import Health
from lateen.translate.cluster import outbound_cluster
from lateen.translate.endpoint import cluster_load_assignment
from lateen.translate.metadata import cluster_metadata
from support import plain_clusters

KUBE = "Kubernetes"


def services(db: Database, view: View) -> Iterator[Seen]:
    for service in scope.services(db, scope.scope_of(db, view)):
        found = seen(db, view, service.host)
        assert found is not None
        yield found


@settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(meshes())
def test_clusters_and_endpoints_of_random_meshes(values: list[Json]) -> None:
    db = Database()
    facts.update(db, {one.ref: one for one in read(values)}.values())
    for proxy in PROXIES:
        view = view_of(db, proxy)
        for one in services(db, view):
            for cluster in (*outbound(db, view, one), *sni_clusters(db, view, one)):
                assert_cluster(cluster)
            for port in one.ports:
                for subset in (None, *one.subsets):
                    assert_endpoints(load_assignment(db, view, one, port.number, subset))


def assert_cluster(one: Cluster) -> None:
    assert Message.FromString(outbound_cluster(one, KUBE)) == plain_clusters.cluster(one, KUBE)


def assert_endpoints(groups: tuple[Group, ...]) -> None:
    found = ClusterLoadAssignment.FromString(cluster_load_assignment("c", groups, KUBE))
    assert found == plain_clusters.assignment("c", groups, KUBE)


words = st.text(st.characters(codec="utf-8"), max_size=300)
endpoints = st.builds(
    Endpoint,
    address=words,
    port=st.integers(0, 65535),
    labels=st.lists(st.tuples(st.sampled_from(("app", "version", "x")), words), max_size=3).map(tuple),
    health=st.sampled_from(Health),
    workload_name=words,
    namespace=words,
)
members = st.builds(Member, endpoints, st.integers(0, 2**32 - 1), mtls=st.booleans())
localities = st.builds(
    Group,
    locality=st.sampled_from(("", "r", "r/z", "r/z/s", "/z")),
    members=st.lists(members, max_size=3).map(tuple),
    weight=st.integers(0, 2**40),
    priority=st.integers(0, 2**20),
)


@given(st.lists(localities, max_size=3).map(tuple))
def test_endpoints_of_any_content(groups: tuple[Group, ...]) -> None:
    assert_endpoints(groups)


@given(st.builds(Identity, words, words, words), words, words, st.booleans(), st.booleans())
def test_metadata_of_any_content(
    service: Identity,
    name: str,
    subset: str,
    external: bool,  # noqa: FBT001  drawn
    tls: bool,  # noqa: FBT001  drawn
) -> None:
    rule = Ref("DestinationRule", name, name) if name else None
    body = cluster_metadata((service,), rule=rule, subset=subset, external=external, originates_tls=tls)
    fields = Metadata.FromString(body).filter_metadata["istio"]
    wanted = {"services": [{"host": service.host, "name": service.name, "namespace": service.namespace}]}
    more = {"external": external, "subset": subset, "alpn_override": "false" if tls and rule else ""}
    config = f"/apis/networking.istio.io/v1/namespaces/{name}/destination-rule/{name}" if rule else ""
    assert fields == {**wanted, **{key: value for key, value in {**more, "config": config}.items() if value}}
