"""What one edit may cost in a mesh of 200 services: queries that run again and resources that are sent. Nothing is timed.

The bounds on queries are what an edit needs, with little room; one that grows with the mesh, or that is there twice
because two namespaces have proxies, breaks them.
"""

import bench_mesh
import bench_proxies
import pytest
from bench_mesh import Size
from bench_proxies import Client, Sent

from lateen.analyze.findings import findings
from lateen.engine import Database
from lateen.engine.counters import counts, reset, runs
from lateen.model import endpoint_slices, workload
from lateen.sources.documents import Texts
from lateen.sources.store import FILES, Store
from lateen.xds.change import Changes

SERVICES = 200
EDITED = 40  # in n0
HOST = bench_mesh.host(EDITED, "service")
CLUSTERS = [f"outbound|8080|{subset}|{HOST}" for subset in ("v1", "v2", "")]


class Mesh:
    """200 services; two proxies of one workload in n0, one of another, one in n1, and a gateway."""

    def __init__(self, *, scoped: bool) -> None:
        self.files = dict(bench_mesh.documents(Size(SERVICES, scoped=scoped)))
        self.db, self.texts = Database(), Texts()
        self.store = Store(self.db)
        self._load()
        changes = Changes()
        sidecars = [bench_proxies.node(*one) for one in ((0, 0), (0, 1), (20, 0), (1, 0))]
        nodes = [*sidecars, bench_proxies.gateway_node()]
        self.clients = [Client(self.db, node, changes) for node in nodes]
        first = bench_proxies.settle(self.clients)
        assert all(first.by_client)

    def edit(self, name: str, text: str) -> Sent:
        self.files[name] = text
        reset(self.db)
        self._load()
        return bench_proxies.settle(self.clients)

    @property
    def queries(self) -> int:
        return runs(self.db)

    def _load(self) -> None:
        applied = self.store.replace(FILES, self.texts.load(self.files.items()))
        assert not applied.findings, applied.findings


@pytest.fixture(scope="module", params=[False, True], ids=["everything", "scoped"])
def mesh(request: pytest.FixtureRequest) -> Mesh:
    """The mesh, restored to what it was before each edit by the edit itself."""
    return Mesh(scoped=request.param)


def everybody(mesh: Mesh, told: tuple[str, ...], gateway: tuple[str, ...]) -> list[tuple[str, ...]]:
    """What each proxy is told: n1 sees the service only without a Sidecar."""
    is_scoped = "sc-0" in mesh.files
    return [told, told, told, () if is_scoped else told, gateway]


def test_a_changed_weight_sends_one_route_configuration(mesh: Mesh) -> None:
    name, text = f"vs-{EDITED}", bench_mesh.virtual_service
    sent = mesh.edit(name, text(EDITED, weight=50))
    assert sent.by_client == everybody(mesh, ("RDS 8080",), ())
    assert mesh.queries <= 16
    assert counts(mesh.db)["routes._routes"] == 1, "not once for each namespace"
    mesh.edit(name, text(EDITED))


def test_an_endpoint_that_is_not_ready_sends_the_clusters_that_hold_it(mesh: Mesh) -> None:
    sent = mesh.edit(f"pod-{EDITED}-0", bench_mesh.pod(EDITED, ready=False))
    held = (f"EDS {CLUSTERS[0]}", f"EDS {CLUSTERS[2]}")
    assert sent.by_client == everybody(mesh, held, held)
    assert mesh.queries <= 12
    mesh.edit(f"pod-{EDITED}-0", bench_mesh.pod(EDITED))


def test_a_changed_connection_pool_sends_clusters_and_no_listeners_or_routes(mesh: Mesh) -> None:
    name, text = f"dr-{EDITED}", bench_mesh.destination_rule
    sent = mesh.edit(name, text(EDITED, connections=50))
    told = tuple(f"{kind} {cluster}" for kind in ("CDS", "EDS") for cluster in CLUSTERS)
    assert sent.by_client == everybody(mesh, told, told)
    assert mesh.queries <= 20
    mesh.edit(name, text(EDITED))


def test_a_gateway_that_moves_tells_the_gateway_alone(mesh: Mesh) -> None:
    sent = mesh.edit("gw", bench_mesh.gateway(81))
    assert [bool(told) for told in sent.by_client] == [False] * 4 + [True]
    assert mesh.queries <= 30
    mesh.edit("gw", bench_mesh.gateway())


def test_an_edit_that_changes_no_meaning_sends_nothing(mesh: Mesh) -> None:
    name, text = f"vs-{EDITED}", bench_mesh.virtual_service(EDITED)
    sent = mesh.edit(name, "# for the reader\n" + text)
    assert not any(sent.by_client)
    assert mesh.queries == 0
    mesh.edit(name, text)


def test_an_edit_sets_the_fact_of_its_object_alone(mesh: Mesh) -> None:
    before = mesh.db.revision
    mesh.edit(f"vs-{EDITED}", bench_mesh.virtual_service(EDITED, weight=50))
    assert mesh.db.revision - before == 1
    mesh.edit(f"vs-{EDITED}", bench_mesh.virtual_service(EDITED))


def test_a_new_port_sends_its_own_clusters_and_not_those_of_others(mesh: Mesh) -> None:
    name, text = f"svc-{EDITED}", bench_mesh.service
    sent = mesh.edit(name, text(EDITED, extra_port=True))
    told = {word for client in sent.by_client for word in client if word.startswith(("CDS", "EDS"))}
    assert told == {f"{kind} {one.replace('8080', '8081')}" for kind in ("CDS", "EDS") for one in CLUSTERS}
    assert {word for client in sent.by_client for word in client} - told == {"LDS 0.0.0.0_8081", "RDS 8081"}
    mesh.edit(name, text(EDITED))


def test_a_new_port_makes_lists_of_services_once_for_all_who_see_the_same(mesh: Mesh) -> None:
    findings(mesh.db)
    mesh.edit(f"svc-{EDITED}", bench_mesh.service(EDITED, extra_port=True))
    findings(mesh.db)
    ran = counts(mesh.db)
    scopes = 2 if "sc-0" in mesh.files else 1  # the gateway's, and n0's Sidecar
    assert ran["scope._services"] == ran["scope._by_host"] == scopes
    assert ran["outbound_plan.entries"] == 1, "of the new port alone"
    if "sc-0" in mesh.files:
        assert ran["seen_alike._ruled_otherwise"] <= 3, "n1 does not see the service"
    assert ran["service.all_services"] == ran["service.by_host"] == ran["service.declared_by"] == 1
    mesh.edit(f"svc-{EDITED}", bench_mesh.service(EDITED))


@pytest.mark.parametrize(
    ("file", "edited", "original"),
    [
        (f"svc-{EDITED}", bench_mesh.service(EDITED, extra_port=True), bench_mesh.service(EDITED)),
        (f"vs-{EDITED}", bench_mesh.virtual_service(EDITED, weight=50), bench_mesh.virtual_service(EDITED)),
        (f"dr-{EDITED}", bench_mesh.destination_rule(EDITED, connections=5), bench_mesh.destination_rule(EDITED)),
        (f"pod-{EDITED}-0", bench_mesh.pod(EDITED, version="v2"), bench_mesh.pod(EDITED)),
    ],
    ids=["service", "virtual service", "destination rule", "pod"],
)  # fmt: skip
def test_findings_after_an_edit_are_those_of_what_it_touches(
    mesh: Mesh, file: str, edited: str, original: str
) -> None:
    findings(mesh.db)
    mesh.edit(file, edited)
    reset(mesh.db)
    findings(mesh.db)
    assert 0 < mesh.queries <= 20, "and look-ups in lists, of which some are new"
    mesh.edit(file, original)


def test_kinds_that_a_mesh_lacks_cost_nothing_for_each_service(mesh: Mesh) -> None:
    lookups = {endpoint_slices._slices_of.__wrapped__, workload._selected.__wrapped__}
    kinds = {cell.args[0] for cell in mesh.db if cell.fn in lookups}
    assert kinds == {"Pod"}, "no EndpointSlice of a Service, and no WorkloadEntry, was looked for"


def test_findings_are_one_answer_for_an_object_and_little_else() -> None:
    mesh = Mesh(scoped=False)
    objects = len(mesh.files)
    reset(mesh.db)
    findings(mesh.db)
    assert counts(mesh.db)["findings.findings_of"] == objects
    assert mesh.queries <= 2.2 * objects


def test_a_wider_sidecar_tells_its_own_namespace_alone() -> None:
    mesh = Mesh(scoped=True)
    sent = mesh.edit("sc-0", bench_mesh.sidecar(0, wider=True))
    own = bench_mesh.host(1, "service")
    clusters = {
        f"{kind} outbound|8080|{subset}|{own}" for kind in ("CDS", "EDS") for subset in ("", "v1", "v2")
    }
    assert [set(told) for told in sent.by_client] == [clusters | {"RDS 8080"}] * 3 + [set(), set()]


def test_a_host_is_asked_about_once_for_all_proxies_of_a_kind() -> None:
    """Its clusters and its endpoints are a query each, whatever ports and subsets it has; a gateway has its own."""
    ran = counts(Mesh(scoped=False).db)
    for name in ("clusters.host_clusters", "endpoints.host_endpoints"):
        assert ran[name] == 2 * SERVICES
    own_rules = 2 * SERVICES // bench_mesh.NAMESPACES  # of the two namespaces that have proxies
    for name in ("destination_rules._found", "destination_rules.merged", "endpoints.endpoints"):
        assert SERVICES <= ran[name] <= SERVICES + own_rules
    assert not {"cluster_view._cluster_view", "destination_rules.head", "workload.labels_of"} & ran.keys()


def test_replicas_share_every_answer() -> None:
    mesh = Mesh(scoped=False)
    reset(mesh.db)
    client = Client(mesh.db, bench_proxies.node(0, 5), Changes())
    sent = bench_proxies.settle([client])
    assert sent.resources["CDS"] > 3 * SERVICES
    assert mesh.queries <= 4, "more than its view, what its pod says, and whether its address matters"
