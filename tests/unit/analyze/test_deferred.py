"""Findings wait until somebody asks: nothing that proxies are sent reads an answer of the analysis."""

import lateen
from lateen.engine.cell import Deferred
from support.reviews import REVIEWS, SUBSETS, documents

MESH = documents(
    REVIEWS,
    SUBSETS,
    """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v9}}]}]}
""",
)


def test_no_ordinary_query_reads_a_deferred_one():
    mesh = lateen.load(MESH)
    assert mesh.findings
    assert mesh.resources(lateen.Proxy()).clusters
    deferred = [cell for cell in mesh.db if cell.__class__ is Deferred]
    assert deferred
    wrong = {
        f"{cell} reads {dep}"
        for cell in mesh.db
        if cell.__class__ is not Deferred
        for dep in cell.deps
        if dep.__class__ is Deferred
    }
    assert not wrong
