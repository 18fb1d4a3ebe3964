import pytest
from cluster_meshes import Mesh, pod

REVIEWS = """
kind: Service
metadata: {name: reviews}
spec: {clusterIP: 10.96.0.11, selector: {app: reviews}, ports: [{name: http, port: 9080}]}
"""


@pytest.fixture
def mesh():
    """One service with two versions, one of which is not ready."""
    return Mesh(
        REVIEWS,
        pod("reviews-v1", "10.1.0.11", labels={"app": "reviews", "version": "v1"}),
        pod("reviews-v2", "10.1.0.12", labels={"app": "reviews", "version": "v2"}, ready=False),
    )
