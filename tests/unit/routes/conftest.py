"""A small mesh, and its route configurations as plain values."""

from typing import Any

import pytest
import yaml
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.http.cors.v3 import cors_pb2  # noqa: F401  opened inside an Any
from envoy.extensions.filters.http.fault.v3 import fault_pb2  # noqa: F401
from google.protobuf.json_format import MessageToDict

from lateen.api import facts
from lateen.api.decode import decode, read_message
from lateen.api.mesh_config import MeshConfig
from lateen.api.meta import Ref
from lateen.compile.routes import route
from lateen.engine import Database
from lateen.model.view import Proxy, View, view_of

SERVICES = """
kind: Service
metadata: {name: reviews}
spec: {clusterIP: 10.96.0.11, selector: {app: reviews}, ports: [{name: http, port: 9080}]}
---
kind: Service
metadata: {name: ratings}
spec: {clusterIP: 10.96.0.14, selector: {app: ratings}, ports: [{name: http, port: 9080}]}
---
kind: Service
metadata: {name: web, namespace: shop}
spec:
  clusterIP: 10.96.0.20
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp-raw, port: 9000}, {name: admin, port: 9100}]
"""
VERSIONS = {
    "VirtualService": "networking.istio.io/v1",
    "Service": "v1",
    "MeshConfig": "mesh.istio.io/v1alpha1",
}


class Mesh:
    """Facts as YAML in, route configurations out."""

    def __init__(self) -> None:
        self.db = Database()

    def apply(self, text: str) -> None:
        for value in yaml.safe_load_all(text):
            value.setdefault("apiVersion", VERSIONS.get(value["kind"], "networking.istio.io/v1"))
            decoded = decode(value, "default")
            assert decoded.object is not None, decoded.findings
            facts.put(self.db, decoded.object)

    def virtual_service(
        self, spec: str, name: str = "rule", namespace: str = "default", created: str = ""
    ) -> None:
        meta = {"name": name, "namespace": namespace, "creationTimestamp": created}
        self.apply(yaml.safe_dump({"kind": "VirtualService", "metadata": meta, "spec": yaml.safe_load(spec)}))

    def mesh_config(self, text: str) -> None:
        config, problems = read_message(MeshConfig, yaml.safe_load(text))
        assert not problems
        facts.put(self.db, facts.mesh_config_object(config))

    def delete(self, kind: str, name: str, namespace: str = "default") -> None:
        facts.delete(self.db, Ref(kind, namespace, name))

    def sidecar(self, namespace: str = "default", **labels: str) -> View:
        return self._view("sidecar", namespace, labels)

    def gateway(self, namespace: str = "istio-system") -> View:
        return self._view("router", namespace, {"istio": "ingressgateway"})

    def _view(self, kind: Any, namespace: str, labels: dict[str, str]) -> View:
        pairs = tuple(sorted(labels.items()))
        return view_of(
            self.db, Proxy(type=kind, address="10.9.9.9", name="p", namespace=namespace, labels=pairs)
        )

    def configuration(self, name: str, view: View | None = None) -> dict[str, Any]:
        found = route(self.db, view or self.sidecar(), name)
        assert found is not None
        message = RouteConfiguration.FromString(found.body)
        return MessageToDict(message, preserving_proto_field_name=True)

    def virtual_hosts(self, name: str, view: View | None = None) -> dict[str, Any]:
        return {one["name"]: one for one in self.configuration(name, view).get("virtual_hosts", ())}

    def routes(
        self, name: str = "9080", host: str = "reviews.default.svc.cluster.local", view: View | None = None
    ) -> Any:
        """Routes of the virtual host `host:port`, the port being that of the configuration's name."""
        return self.virtual_hosts(name, view)[f"{host}:{name.rpartition('.')[2]}"].get("routes", [])

    def route(self, http: str, view: View | None = None) -> Any:
        """The first route of a VirtualService for reviews with these `http` rules."""
        self.virtual_service(f"hosts: [reviews]\nhttp: {http}")
        return self.routes(view=view)[0]


@pytest.fixture
def mesh() -> Mesh:
    made = Mesh()
    made.apply(SERVICES)
    return made
