"""What an edit costs: counted by the queries that run again."""

from collections import Counter

from lateen.compile.routes import route

SERVICE = """
kind: Service
metadata: {name: s%d}
spec: {clusterIP: 10.97.0.%d, selector: {app: s%d}, ports: [{name: http, port: 9080}]}
"""


def filled(mesh):
    for number in range(20):
        mesh.apply(SERVICE % (number, number + 1, number))
        rule(mesh, number, 1)


def rule(mesh, number, seconds):
    spec = (
        f"hosts: [s{number}]\nhttp: [{{timeout: {seconds}s, route: [{{destination: {{host: s{number}}}}}]}}]"
    )
    mesh.virtual_service(spec, f"s{number}")


def runs(mesh):
    return Counter({cell.key: cell.runs for cell in mesh.db if cell.fn is not None})


def rerun(mesh, edit, *views):
    for view in views:
        mesh.configuration("9080", view)
    before = runs(mesh)
    edit()
    for view in views:
        mesh.configuration("9080", view)
    return Counter(key[0].__name__ for key in (runs(mesh) - before).elements())


def test_an_edit_of_one_rule_writes_its_own_routes_and_joins_bytes(mesh):
    filled(mesh)
    view = mesh.sidecar()
    found = rerun(mesh, lambda: rule(mesh, 3, 2), view)
    assert found["_routes"] == found["sidecar_routes"] == 1
    assert found["reach"] == 1
    assert not {"_sidecar_heads", "virtual_hosts"} & set(found)


def test_the_edit_is_seen(mesh):
    filled(mesh)
    host = "s3.default.svc.cluster.local"
    assert mesh.routes(host=host)[0]["route"]["timeout"] == "1s"
    rule(mesh, 3, 2)
    assert mesh.routes(host=host)[0]["route"]["timeout"] == "2s"


def test_workloads_that_no_rule_tells_apart_share_everything(mesh):
    filled(mesh)
    views = [mesh.sidecar(app=name) for name in "abc"]
    found = rerun(mesh, lambda: rule(mesh, 3, 2), *views)
    assert found["_routes"] == 1


def test_the_same_facts_in_another_order_are_the_same_bytes(mesh):
    filled(mesh)
    first = route(mesh.db, mesh.sidecar(), "9080")
    for number in (7, 3):
        mesh.delete("VirtualService", f"s{number}")
    assert route(mesh.db, mesh.sidecar(), "9080") != first
    for number in (3, 7):
        rule(mesh, number, 1)
    assert route(mesh.db, mesh.sidecar(), "9080") == first


def test_only_those_whom_a_rule_names_have_routes_of_their_own(mesh):
    filled(mesh)
    mesh.virtual_service("""
hosts: [reviews]
http: [{match: [{sourceLabels: {app: a}}], route: [{destination: {host: ratings}}]}]
""")
    views = [mesh.sidecar(app=name) for name in "abcd"]
    found = rerun(mesh, lambda: rule(mesh, 3, 2), *views)
    assert found["_routes"] == 1, "of the rule that is the same for all"
    assert found["sidecar_routes"] == 2
    assert mesh.routes(view=views[0]) != mesh.routes(view=views[1]) == mesh.routes(view=views[2])
