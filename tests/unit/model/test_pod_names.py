"""Names of pods below a headless service: `hostname.subdomain`."""

import lateen
from lateen.model.defaults import CLUSTER_DOMAIN
from lateen.model.name_table import lookup, name_table
from lateen.model.scope import Scope

OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{name: tcp, port: 5432, targetPort: sql}, {name: tcp-b, port: 5433}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, labels: {app: db}}
spec: {hostname: first, subdomain: db, containers: [{name: a}]}
status: {podIP: 10.1.0.5, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db-1, labels: {app: db}}
spec: {hostname: second, subdomain: other, containers: [{name: a}]}
status: {podIP: 10.1.0.6, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db-2, labels: {app: db}}
spec: {subdomain: db, containers: [{name: a}]}
status: {podIP: 10.1.0.7, conditions: [{type: Ready, status: "True"}]}
"""


def test_a_pod_has_a_name_below_its_own_subdomain():
    mesh = lateen.load(OBJECTS)
    table = name_table(mesh.db, Scope("default"), CLUSTER_DOMAIN)
    for name in ("first.db", "first.db.default", "first.db.default.svc.cluster.local"):
        assert lookup(table, name) == ("10.1.0.5",)
    assert lookup(table, "second.db") is None
    assert lookup(table, "second.other.default.svc.cluster.local") == ("10.1.0.6",)
    assert lookup(table, "db-2.db") == ("10.1.0.7",)  # its own name, when it has no other
    assert lookup(table, "db") == ("10.1.0.5", "10.1.0.6", "10.1.0.7")  # by any port: none of them has `sql`
