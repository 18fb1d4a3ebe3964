"""Where requests come from: the proxies that are looked at, one for each kind."""

from collections.abc import Iterable, Iterator

import msgspec

from lateen.api import facts
from lateen.api.gateway import Gateway
from lateen.api.meta import Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database
from lateen.model.outbound_view import outbound_view
from lateen.model.pod_proxy import proxy_of
from lateen.model.routing_view import routing_view
from lateen.model.view import Proxy, View, view_of

IMAGINED = "10.255.255.1"
"""The address of a proxy that no workload of the files has."""


class Client(msgspec.Struct, frozen=True):
    """A proxy, and how people call it."""

    name: str
    """`sidecar NAME.NAMESPACE` or `gateway NAME.NAMESPACE`; `any sidecar in namespace N` for one that no workload has."""
    proxy: Proxy
    real: bool = True
    """There is a workload."""


def clients(db: Database) -> tuple[Client, ...]:
    """Return the proxies of all workloads; and one for each namespace, gateway and source label that no workload stands for."""
    pods = [facts.get(db, ref) for ref in facts.refs(db, "Pod")]
    found: dict[str, Client] = {}
    for pod in pods:
        if pod is not None:
            proxy = proxy_of(pod)
            name = _called(proxy, pod.meta.owner_references[0].name if pod.meta.owner_references else "")
            found.setdefault(name, Client(name, proxy))
    real = list(found.values())
    return (*real, *_imagined(db, real))


def _called(proxy: Proxy, owner: str) -> str:
    """Name a workload; its replicas are one."""
    kind = "gateway" if proxy.type == "router" else "sidecar"
    return f"{kind} {owner or proxy.name}.{proxy.namespace}"


def _imagined(db: Database, real: list[Client]) -> Iterator[Client]:
    sidecars = [client.proxy for client in real if client.proxy.type == "sidecar"]
    for namespace in sorted(_namespaces(db) - {proxy.namespace for proxy in sidecars}):
        yield Client(f"any sidecar in namespace {namespace}", _proxy("sidecar", namespace), real=False)
    for namespace, labels in sorted(_source_labels(db)):
        if not any(set(labels) <= set(proxy.labels) and proxy.namespace == namespace for proxy in sidecars):
            words = ",".join(f"{key}={value}" for key, value in labels)
            yield Client(
                f"any sidecar in namespace {namespace} with {words}",
                _proxy("sidecar", namespace, labels),
                real=False,
            )
    routers = [client.proxy for client in real if client.proxy.type == "router"]
    for ref, labels in sorted(_gateways(db)):
        if not any(set(labels) <= set(proxy.labels) for proxy in routers):
            words = ",".join(f"{key}={value}" for key, value in labels)
            yield Client(f"any gateway with {words}", _proxy("router", ref.namespace, labels), real=False)


def _proxy(kind: str, namespace: str, labels: Iterable[tuple[str, str]] = ()) -> Proxy:
    return Proxy(
        type="router" if kind == "router" else "sidecar",
        address=IMAGINED,
        name="any",
        namespace=namespace,
        labels=tuple(sorted(labels)),
    )


def _namespaces(db: Database) -> set[str]:
    kinds = ("Service", "VirtualService", "DestinationRule", "Sidecar", "ServiceEntry")
    return {
        ref.namespace for kind in kinds for ref in facts.refs(db, kind) if ref.namespace != "istio-system"
    }


def _source_labels(db: Database) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    found = set()
    for ref in facts.refs(db, "VirtualService"):
        obj = facts.get(db, ref)
        if obj is not None and isinstance(obj.spec, VirtualService):
            for route in obj.spec.http:
                found |= {
                    (one.source_namespace or ref.namespace, tuple(sorted(one.source_labels.items())))
                    for one in route.match
                    if one.source_labels
                }
    return found


def _gateways(db: Database) -> set[tuple[Ref, tuple[tuple[str, str], ...]]]:
    found: dict[tuple[tuple[str, str], ...], Ref] = {}
    for ref in facts.refs(db, "Gateway"):
        obj = facts.get(db, ref)
        if obj is not None and isinstance(obj.spec, Gateway) and obj.spec.selector:
            found.setdefault(tuple(sorted(obj.spec.selector.items())), ref)
    return {(ref, labels) for labels, ref in found.items()}


_PLACES = ("topology.", "kubernetes.io/hostname")


class Identity(msgspec.Struct, frozen=True):
    """What a proxy's way out depends on; equal for proxies that treat every outbound request alike."""

    routing: View
    outbound: View
    rest: View


def identity(db: Database, proxy: Proxy, *, keeps_labels: bool) -> Identity:
    """Reduce a sidecar to what its way out depends on; a gateway to itself.

    With `keeps_labels`, all labels count (see `labels_matter`).
    """
    view = view_of(db, proxy)
    if view.is_router:
        return Identity(view, view, view)
    rest = msgspec.structs.replace(
        view,
        labels=tuple(one for one in view.labels if keeps_labels or any(word in one[0] for word in _PLACES)),
        named_ports=(),
    )
    return Identity(routing_view(db, view), outbound_view(db, view), rest)


def labels_matter(db: Database) -> bool:
    """Tell whether some rule for localities looks at the client's own labels."""
    objects = [facts.get(db, ref) for ref in facts.refs(db, "DestinationRule")]
    specs = [obj.spec for obj in objects if obj is not None]
    return any("failover_priority=('" in str(spec) for spec in (*specs, facts.mesh_config(db)))
