"""A small mesh from YAML, and the listeners and secrets of its proxies as dictionaries of proto JSON."""

import importlib
import pkgutil

import envoy.extensions.filters
import yaml
from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from google.protobuf.json_format import MessageToDict

from lateen.api import facts
from lateen.api.decode import decode, read_message
from lateen.api.mesh_config import MeshConfig
from lateen.api.registry import find
from lateen.compile.listeners import listeners
from lateen.compile.secrets import secret
from lateen.engine import Database
from lateen.model.view import Proxy, view_of

EXTENSIONS = (
    "envoy.extensions.access_loggers.file.v3.file_pb2",
    "envoy.extensions.http.header_formatters.preserve_case.v3.preserve_case_pb2",
    "envoy.extensions.request_id.uuid.v3.uuid_pb2",
    "envoy.extensions.transport_sockets.tls.v3.tls_pb2",
    "envoy.extensions.retry.host.previous_hosts.v3.previous_hosts_pb2",
)
for name in EXTENSIONS:
    importlib.import_module(name)
for found in pkgutil.walk_packages(envoy.extensions.filters.__path__, "envoy.extensions.filters."):
    if found.name.endswith("_pb2"):
        importlib.import_module(found.name)


def pod(name, ip, *, namespace="default", labels=None, ports=None):
    containers = [
        {"name": "app", "ports": [{"name": n, "containerPort": p} for n, p in (ports or {}).items()]}
    ]
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels or {"app": name}},
        "spec": {"containers": containers},
        "status": {"podIP": ip, "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


def service(name, address, *ports, namespace="default", app=None, **meta):
    """A Service; a port is `name:number` or `name:number:target`."""
    wanted = []
    for port in ports:
        label, number, *target = port.split(":")
        one = {"name": label, "port": int(number)}
        if target:
            one["targetPort"] = int(target[0]) if target[0].isdigit() else target[0]
        wanted.append(one)
    return {
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, **meta},
        "spec": {"clusterIP": address, "selector": {"app": app or name}, "ports": wanted},
    }


class Mesh:
    """Facts, and proxies to look through."""

    def __init__(self, *texts):
        self.db = Database()
        self.add(*texts)

    def add(self, *texts):
        for text in texts:
            for document in [text] if isinstance(text, dict) else yaml.safe_load_all(text):
                kind = find(document["kind"])
                decoded = decode({"apiVersion": kind.api_versions[0], **document}, "default")
                assert decoded.object is not None, decoded
                facts.put(self.db, decoded.object)
        return self

    def config(self, text):
        spec, problems = read_message(MeshConfig, yaml.safe_load(text))
        assert not problems, problems
        facts.put(self.db, facts.mesh_config_object(spec))
        return self

    def view(
        self, name="client", namespace="default", kind="sidecar", ip="10.1.0.1", labels=None, **metadata
    ):
        proxy = Proxy(
            type=kind,
            address=ip,
            name=name,
            namespace=namespace,
            labels=tuple(sorted((labels or {"app": name}).items())),
            metadata=tuple(sorted(metadata.items())),
        )
        return view_of(self.db, proxy)

    def edge(self, **metadata):
        labels = {"app": "edge", "istio": "ingressgateway"}
        return self.view("edge", "istio-system", "router", "10.1.0.20", labels, **metadata)

    def listeners(self, view=None):
        found = listeners(self.db, view or self.view())
        assert [one.name for one in found] == sorted(one.name for one in found)
        return {one.name: _json(listener_pb2.Listener.FromString(one.body)) for one in found}

    def listener(self, name, view=None):
        return self.listeners(view)[name]

    def secret(self, name, view=None):
        found = secret(self.db, view or self.edge(), name)
        return found and _json(secret_pb2.Secret.FromString(found.body))


def _json(message):
    return MessageToDict(message, preserving_proto_field_name=True)


def chains(listener):
    """All chains, the default one last."""
    last = listener.get("default_filter_chain")
    return [*listener.get("filter_chains", []), *([last] if last else [])]


def match(chain):
    return chain.get("filter_chain_match", {})


def terminal(chain):
    """The configuration of a chain's last filter."""
    return chain["filters"][-1]["typed_config"]


def cluster(chain):
    config = terminal(chain)
    if "weighted_clusters" in config:
        return {one["name"]: one["weight"] for one in config["weighted_clusters"]["clusters"]}
    return (
        config.get("cluster")
        or config.get("rds", {}).get("route_config_name")
        or config["route_config"]["name"]
    )


def by_match(listener, **wanted):
    """The only chain whose match has exactly these fields."""
    found = [chain for chain in chains(listener) if match(chain) == wanted]
    assert len(found) == 1, chains(listener)
    return found[0]
