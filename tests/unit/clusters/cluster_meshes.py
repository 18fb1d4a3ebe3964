"""A small mesh from YAML, and what is compiled for its proxies, as dictionaries of proto JSON."""

import importlib

import msgspec
import yaml
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from google.protobuf.json_format import MessageToDict

from lateen.api import facts
from lateen.api.decode import decode, read_message
from lateen.api.mesh_config import MeshConfig
from lateen.api.registry import find
from lateen.compile.clusters import clusters
from lateen.compile.endpoints import endpoint
from lateen.engine import Database
from lateen.model.view import Proxy, view_of

EXTENSIONS = (
    "envoy.extensions.clusters.dynamic_forward_proxy.v3.cluster_pb2",
    "envoy.extensions.http.header_formatters.preserve_case.v3.preserve_case_pb2",
    "envoy.extensions.network.dns_resolver.cares.v3.cares_dns_resolver_pb2",
    "envoy.extensions.transport_sockets.proxy_protocol.v3.upstream_proxy_protocol_pb2",
    "envoy.extensions.transport_sockets.raw_buffer.v3.raw_buffer_pb2",
    "envoy.extensions.transport_sockets.tls.v3.tls_pb2",
    "envoy.extensions.upstreams.http.v3.http_protocol_options_pb2",
)
for name in EXTENSIONS:
    importlib.import_module(name)

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def pod(name, ip, *, labels=None, namespace="default", **more):
    """Return a Pod's document: `node`, `ready`, `ports` (name → number) are understood."""
    ready = more.get("ready", True)
    ports = [{"name": n, "containerPort": number} for n, number in more.get("ports", {}).items()]
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels or {"app": name}},
        "spec": {"nodeName": more.get("node"), "containers": [{"name": "app", "ports": ports}]},
        "status": {
            "podIP": ip,
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


class Mesh:
    """Facts, and a proxy to look through."""

    def __init__(self, *texts):
        self.db = Database()
        self.add(*texts)

    def add(self, *texts):
        for text in texts:
            documents = [text] if isinstance(text, dict) else yaml.safe_load_all(text)
            for document in documents:
                self.put(document)
        return self

    def put(self, document):
        kind = find(document["kind"])
        document = {"apiVersion": kind.api_versions[0], **document}
        decoded = decode(document, "default")
        assert decoded.object is not None, decoded.findings
        facts.put(self.db, decoded.object)

    def config(self, text):
        spec, problems = read_message(MeshConfig, yaml.safe_load(text))
        assert not problems, problems
        facts.put(self.db, facts.mesh_config_object(spec))
        return self

    def view(self, name="client", namespace="default", type="sidecar", ip="10.1.0.1", **more):  # noqa: A002
        labels = more.get("labels", {"app": name})
        proxy = Proxy(
            type=type,
            address=ip,
            name=name,
            namespace=namespace,
            labels=tuple(sorted(labels.items())),
            locality=more.get("locality", ""),
            metadata=tuple(sorted(more.get("metadata", {}).items())),
        )
        return view_of(self.db, proxy)

    def gateway(self, namespace="istio-system", **more):
        return self.view("edge", namespace, "router", **more)

    def clusters(self, view=None):
        found = clusters(self.db, view or self.view())
        assert [one.name for one in found] == sorted(one.name for one in found)
        return {one.name: _json(cluster_pb2.Cluster.FromString(one.body)) for one in found}

    def cluster(self, name, view=None):
        return self.clusters(view)[name]

    def http(self, name, view=None):
        return self.cluster(name, view).get("typed_extension_protocol_options", {}).get(HTTP_OPTIONS)

    def endpoints(self, name, view=None):
        found = endpoint(self.db, view or self.view(), name)
        return None if found is None else _json(endpoint_pb2.ClusterLoadAssignment.FromString(found.body))

    def groups(self, name, view=None):
        """Return (locality, priority, weight, addresses) of each group."""
        return [_group(one) for one in self.endpoints(name, view).get("endpoints", [])]


def _group(one):
    place = one.get("locality", {})
    where = "/".join(place[key] for key in ("region", "zone", "sub_zone") if key in place)
    members = [_address(m["endpoint"]["address"]) for m in one.get("lb_endpoints", [])]
    return where, one.get("priority", 0), one.get("load_balancing_weight", 0), members


def _address(address):
    if "pipe" in address:
        return address["pipe"]["path"]
    return f"{address['socket_address']['address']}:{address['socket_address']['port_value']}"


def _json(message):
    found = MessageToDict(message, preserving_proto_field_name=True)
    assert msgspec.json.encode(found)
    return found
