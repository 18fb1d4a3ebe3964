"""What the API shows of the control plane, as rows."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from lateen.api import facts, registry
from lateen.api.meta import Object, Ref
from lateen.api.workload import Pod
from lateen.compile.types import abbreviation
from lateen.engine import Database
from lateen.server.control_plane import ControlPlane
from lateen.server.documents import document
from lateen.server.selector import Selector
from lateen.server.wire import ObjectRow, ProxyRow, TypeRow
from lateen.sources.origin import of as origin_of
from lateen.xds.grpc import Connection
from lateen.xds.state import TypeState

Births = Mapping[Ref, float]


def object_rows(
    plane: ControlPlane, kind: str, namespace: str, taken: Selector, births: Births
) -> list[ObjectRow]:
    """Return the objects of a kind; an empty namespace means all."""
    refs = (ref for ref in facts.refs(plane.db, kind) if not namespace or ref.namespace == namespace)
    objects = (facts.get(plane.db, ref) for ref in refs)
    rows = [_object_row(plane, obj, births) for obj in objects if obj is not None and taken(obj.meta.labels)]
    return _with_replicas(plane.db, rows) if kind == "Deployment" else rows


def _with_replicas(db: Database, rows: list[ObjectRow]) -> list[ObjectRow]:
    """Give Deployments the status that Kubernetes' controller would write: how many of their pods are ready."""
    pods = [pod for ref in facts.refs(db, "Pod") if (pod := facts.get(db, ref)) is not None]
    owned = Counter(key for pod in pods for key in _owners(pod))
    ready = Counter(key for pod in pods if _is_ready(pod) for key in _owners(pod))
    found = []
    for row in rows:
        key = (row.document["metadata"]["namespace"], row.document["metadata"]["name"])
        status = {"replicas": owned[key], "readyReplicas": ready[key], "availableReplicas": ready[key]}
        found.append(replace(row, document={**row.document, "status": status}))
    return found


def _owners(pod: Object[Pod]) -> list[tuple[str, str]]:
    return [
        (pod.meta.namespace, owner.name) for owner in pod.meta.owner_references if owner.kind == "Deployment"
    ]


def _is_ready(pod: Object[Pod]) -> bool:
    conditions = pod.status.conditions if pod.status else ()
    return any(one.type == "Ready" and one.status == "True" for one in conditions)


def _object_row(plane: ControlPlane, obj: Object[Any], births: Births) -> ObjectRow:
    origin = origin_of(plane.db, obj.ref)
    place = origin.position("") if origin else None
    return ObjectRow(
        document=document(plane.db, obj),
        file=place.file if place else "",
        line=place.line if place else 0,
        source=plane.owner(obj.ref),
        since=births.get(obj.ref, 0.0),
    )


def counts(plane: ControlPlane) -> dict[str, int]:
    """Return how many objects there are of each kind that has any."""
    numbers = {kind.name: len(facts.refs(plane.db, kind.name)) for kind in registry.KINDS}
    return {name: number for name, number in numbers.items() if number}


def proxy_row(connection: Connection) -> ProxyRow:
    """Return the row of one connected proxy."""
    state = connection.state
    return ProxyRow(
        name=proxy_name(connection),
        cluster=str(state.node.metadata.get("CLUSTER_ID") or "Kubernetes"),
        version=state.node.envoy_version,
        types=tuple(_type_row(one) for one in state.types),
    )


def proxy_name(connection: Connection) -> str:
    """Return `pod.namespace` of a node id."""
    parts = connection.state.node.id.split("~")
    return parts[2] if len(parts) == 4 else connection.state.node.id


def _type_row(state: TypeState) -> TypeRow:
    errors = [f"{one.resource}: {one.message}" if one.resource else one.message for one in state.rejections]
    return TypeRow(
        type=abbreviation(state.type_url),
        state=str(state.state),
        errors=tuple(errors + ([state.failure] if state.failure else [])),
        resources=state.resources,
    )


def rejections(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Return what a proxy has rejected, as (proxy, version, words)."""
    for one in connection.state.types:
        for rejection in one.rejections:
            yield (
                proxy_name(connection),
                f"{rejection.type_url} {rejection.resource} {rejection.version}",
                rejection.message,
            )


def touching(
    plane: ControlPlane, ref: Ref, of_view: Callable[[Any, Any], Mapping[tuple[str, str], str]]
) -> list[str]:
    """Return the proxies that would hold something else without an object, each with what."""
    without = plane.db.fork()
    facts.delete(without, ref)
    lines = []
    for connection in plane.ads.connections():
        view = plane.view_of(connection.state.node)
        now, then = of_view(plane.db, view), of_view(without, view)
        names = sorted(
            {f"{key[0]} {key[1]}" for key in now.keys() | then.keys() if now.get(key) != then.get(key)}
        )
        if names:
            lines.append(f"{proxy_name(connection)}: {', '.join(names)}")
    return lines
