"""The proxies that every random mesh is compiled for."""

from lateen.model.view import Proxy
from strategies.words import GATEWAY_LABELS


def proxy(
    kind: str, name: str, address: str, labels: dict[str, str], locality: str = "", **metadata: str
) -> Proxy:
    namespace = name.partition(".")[2]
    node = f"{kind}~{address}~{name}~{namespace}.svc.cluster.local"
    return Proxy.from_node(node, {"NAMESPACE": namespace, "LABELS": labels, **metadata}, locality)


PROXIES = (
    proxy("sidecar", "p1.default", "10.1.0.1", {"app": "a", "version": "v1"}, "r1/z1/s1"),
    proxy("sidecar", "p2.default", "10.1.0.2", {"app": "b", "version": "v2"}, DNS_CAPTURE="true"),
    proxy("sidecar", "client.other", "10.1.0.9", {"app": "client"}, "r2/z1/s1"),
    proxy("sidecar", "explicit.default", "10.1.0.8", {"app": "a", "version": "v1"}, INTERCEPTION_MODE="NONE"),
    proxy("router", "edge.default", "10.1.0.20", GATEWAY_LABELS),
)
