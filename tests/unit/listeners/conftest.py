import pytest
from listener_meshes import Mesh, pod, service


@pytest.fixture
def mesh():
    """A client, and a service of each kind."""
    return Mesh(
        service("web", "10.96.0.1", "http:80:8080"),
        service("db", "10.96.0.2", "tcp-sql:5432"),
        service("any", "10.96.0.3", "x:7000"),
        service("secure", "10.96.0.4", "https:443"),
        pod("client", "10.1.0.1"),
    )


@pytest.fixture
def edge():
    """The ingress gateway, whose Service maps 80 to 8080 and 443 to 8443, and a backend."""
    return Mesh(
        service("edge", "10.96.0.20", "http:80:8080", "https:443:8443", namespace="istio-system"),
        service("web", "10.96.0.1", "http:80"),
        service("db", "10.96.0.2", "tcp-sql:5432"),
        pod("edge", "10.1.0.20", namespace="istio-system", labels={"app": "edge", "istio": "ingressgateway"}),
    )
