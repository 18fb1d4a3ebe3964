"""The public Python API: objects in, findings and resources out, without a server.

mesh = lateen.load("bookinfo.yaml")
for finding in mesh.findings: ...
proxy = lateen.Proxy(type="sidecar", address="10.1.1.1", name="app", namespace="default", labels={"app": "app"})
mesh.resources(proxy).clusters  # Envoy's proto JSON
"""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from lateen.analyze.suppression import is_silenced
from lateen.analyze.telling import is_of_istio, told_once
from lateen.api import facts
from lateen.api.check.dispatch import check
from lateen.api.finding import Finding
from lateen.api.mesh_config import MeshConfig
from lateen.api.meta import Object, Ref
from lateen.engine import Database, query
from lateen.explained import GATEWAY, imagined_gateway, imagined_workload, located
from lateen.model.pod_proxy import is_gateway, proxy_of
from lateen.model.proxy_config import injected_metadata
from lateen.model.view import Proxy, view_of
from lateen.simulate.explain_request import Request
from lateen.simulate.explain_types import Explanation
from lateen.sources.documents import DEFAULT_NAMESPACE
from lateen.sources.files import Files, Paths
from lateen.sources.load import Entry, Load, load_of
from lateen.sources.memory import from_text, from_values
from lateen.sources.origin import Origin, locate
from lateen.sources.succession import in_force
from lateen.sources.written import as_written
from lateen.sources.yaml import Document

if TYPE_CHECKING:  # with it come Envoy's messages, which `findings` can do without
    from lateen.compile.dump import Dump

Source = str | os.PathLike[str] | Mapping[str, Any] | Object[Any] | Load
"""A path, a text of YAML (a string with a line break), an object as a dictionary, a decoded one, or what `sources` read."""
Settings = str | os.PathLike[str] | Mapping[str, Any] | MeshConfig
"""A path, a text of YAML, a dictionary, or a decoded MeshConfig."""
NOTHING = Load()
LISTED = 10
"""Names that an error lists."""


class Mesh:
    """Objects in force, as Istio's control plane would have them."""

    def __init__(self, db: Database, findings: tuple[Finding, ...], load: Load = NOTHING) -> None:
        """Use `load`."""
        self.db = db
        self._told = findings
        self._load = load
        self._written: Database | None = None

    @property
    def validation(self) -> tuple[Finding, ...]:
        """What is wrong with each object alone; one with an error is not in force."""
        return self._told

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything wrong or worth knowing: of each object (one with an error is not in force), then between objects."""
        from lateen.analyze.findings import findings as analysis  # noqa: PLC0415  with it come a hundred rules

        written = self._written = self._written or as_written(self._load, self.db)
        between = [locate(written, finding) for finding in analysis(written)]
        if written is not self.db:
            effects = (locate(self.db, one) for one in analysis(self.db) if not is_of_istio(one))
            between = [*(one for one in between if is_of_istio(one)), *effects]
        return told_once(self._not_silenced(), between)

    def _not_silenced(self) -> Iterator[Finding]:
        """Yield what is wrong with each object alone, but for what its annotation suppresses."""
        entries = {one.ref: one.object or one.written for one in (*self._load.entries, *self._load.foreign)}
        return (one for one in self._told if one.ref is None or not is_silenced(one, entries.get(one.ref)))

    def objects(self, kind: str) -> tuple[Object[Any], ...]:
        """Return the objects of a kind in force, by namespace and name, completed as Kubernetes would."""
        found = (facts.get(self.db, ref) for ref in facts.refs(self.db, kind))
        return tuple(obj for obj in found if obj is not None)

    def proxy(self, workload: str, namespace: str = DEFAULT_NAMESPACE) -> Proxy:
        """Return the proxy of a pod, of a Deployment's first pod, or of the only Deployment with a label `app`; all also `name.namespace`.

        Raises:
            LookupError: there is none; the text lists those there are.
        """
        pod = _pod(self.db, workload, namespace)
        return _with_metadata(proxy_of(pod), injected_metadata(self.db, pod))

    def resources(self, proxy: Proxy | Mapping[str, Any]) -> "Dump":
        """Return what a proxy receives: `.listeners`, `.routes`, `.clusters`, `.endpoints`, `.secrets`.

        Args:
            proxy: a Proxy, or an xDS node: `{"id": "sidecar~10.1.1.1~app.default~default.svc.cluster.local", "metadata": {…}}`.

        Raises:
            ValueError: the node's id is not of Istio's form.
        """
        from lateen.compile.dump import Dump  # noqa: PLC0415

        node = proxy if isinstance(proxy, Proxy) else proxy_of_node(proxy)
        return Dump(self.db, view_of(self.db, _hashable(node)))

    def explain(
        self, request: Request, source: str | Proxy = GATEWAY, namespace: str = DEFAULT_NAMESPACE
    ) -> Explanation:
        """Follow a request step by step, with the object, file and line behind each step.

        Args:
            request: what is sent.
            source: a workload, as `proxy` takes it; `gateway` for a request from outside; or a Proxy.
            namespace: of the workload.

        Raises:
            LookupError: there is no such workload, or no gateway.
            ValueError: the request cannot be made.
        """
        proxy = source if isinstance(source, Proxy) else self._source(request, source, namespace)
        from lateen.simulate.explain import explain  # noqa: PLC0415

        return located(self.db, explain(self.db, request, _hashable(proxy)))

    def _source(self, request: Request, source: str, namespace: str) -> Proxy:
        pods = self.objects("Pod")
        if source == GATEWAY:
            routers = [pod for pod in pods if is_gateway(pod)]
            if len({_unit(pod) for pod in routers}) == 1:
                return self.proxy(routers[0].meta.name, routers[0].meta.namespace)
            imagined = imagined_gateway(self.db, request) if not routers else None
            if imagined is None:
                names = ", ".join(sorted({f"{_unit(pod)}.{pod.meta.namespace}" for pod in routers}))
                raise LookupError(f"there are several gateways: {names}" if names else "there is no Gateway")
            return imagined
        return self.proxy(source, namespace) if pods else imagined_workload(source, namespace)


def load(
    sources: Source | Iterable[Source],
    *,
    mesh_config: Settings | None = None,
    namespace: str = DEFAULT_NAMESPACE,
) -> Mesh:
    """Load Kubernetes and Istio objects.

    Args:
        sources: one or several of: a path of a file or directory, a text of YAML, an object.
        mesh_config: the mesh's settings; otherwise those of the ConfigMap `istio` in `istio-system`, if it is among the objects.
        namespace: for objects that name none.

    Returns:
        The mesh. Wrong input never raises: it is among the findings.
    """
    read = loaded(sources, mesh_config=mesh_config, namespace=namespace)
    return Mesh(*in_force(read, check), read)


def loaded(
    sources: Source | Iterable[Source],
    *,
    mesh_config: Settings | None = None,
    namespace: str = DEFAULT_NAMESPACE,
) -> Load:
    """Read objects as `load` does, without putting them in force."""
    loads = [_load(source, namespace) for source in _each(sources)]
    return _joined(loads if mesh_config is None else [*loads, _settings(mesh_config)])


def proxy_of_node(node: Mapping[str, Any]) -> Proxy:
    """Read an xDS node as Envoy sends it.

    Raises:
        ValueError: the id is missing or not of Istio's form.
    """
    if not isinstance(node, Mapping):
        raise ValueError("a node is a mapping with id, metadata and locality")  # noqa: TRY004  as documented
    metadata, place = _mapping(node, "metadata"), _mapping(node, "locality")
    zones = (place.get("region"), place.get("zone"), place.get("sub_zone") or place.get("subZone"))
    locality = "/".join(str(part or "") for part in zones).rstrip("/")
    return Proxy.from_node(
        str(node.get("id", "")), {**metadata, "LABELS": _mapping(metadata, "LABELS")}, locality
    )


def _mapping(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = value.get(key) or {}
    if not isinstance(found, Mapping):
        raise ValueError(f"{key} of the node is no mapping")  # noqa: TRY004  as documented
    return {str(name): part for name, part in found.items()}


def _with_metadata(proxy: Proxy, metadata: dict[str, Any]) -> Proxy:
    """Add what the settings of a workload's proxy make it say of itself."""
    node = Proxy.from_node(proxy.id, metadata)
    return msgspec.structs.replace(proxy, metadata=node.metadata)


def _each(sources: Source | Iterable[Source]) -> Iterator[Source]:
    if isinstance(sources, str | os.PathLike | Mapping | Object | Load):
        yield sources
    else:
        yield from sources


def read_files(
    paths: tuple[str, ...], namespace: str = DEFAULT_NAMESPACE, *, recursive: bool = False
) -> Load:
    """Read files and directories, `-` for standard input; hand the result to `load`."""
    return Files(Paths(paths, recursive), namespace).load()


def _load(source: Source, namespace: str) -> Load:
    if isinstance(source, Load):
        return source
    if isinstance(source, Object):
        return load_of((Entry(source.ref, Origin(Document("<memory>", 1, "")), source),))
    if isinstance(source, Mapping):
        return from_values([source], namespace=namespace)
    if isinstance(source, str) and "\n" in source:
        return from_text(source, namespace=namespace)
    return read_files((os.fspath(source),), namespace)


def _settings(settings: Settings) -> Load:
    """Wrap settings as the ConfigMap that Istio keeps them in, so that they take the one way in."""
    if isinstance(settings, MeshConfig):
        return _load(facts.mesh_config_object(settings), "")
    from lateen.sources.mesh_settings import mesh_settings  # noqa: PLC0415  only with settings

    if isinstance(settings, Mapping):
        return mesh_settings(msgspec.json.encode(settings).decode(), "<mesh config>")
    if isinstance(settings, str) and "\n" in settings:
        return mesh_settings(settings, "<mesh config>")
    with open(settings, encoding="utf-8") as file:  # noqa: PTH123  any path-like
        return mesh_settings(file.read(), os.fspath(settings))


def _joined(loads: list[Load]) -> Load:
    """Join loads; of equal names the last counts, as the settings come last."""
    if len(loads) == 1:
        return loads[0]
    entries = {entry.ref: entry for one in loads for entry in one.entries}
    findings = tuple(finding for one in loads for finding in one.findings)
    broken = frozenset[str]().union(*(one.broken for one in loads))
    return load_of(entries.values(), findings, broken, tuple(entry for one in loads for entry in one.foreign))


def _hashable(proxy: Proxy) -> Proxy:
    """Take labels and metadata as dictionaries, too."""

    def pairs(value: Any) -> tuple[tuple[str, str], ...]:
        return tuple(sorted(value.items())) if isinstance(value, Mapping) else tuple(value)

    return msgspec.structs.replace(proxy, labels=pairs(proxy.labels), metadata=pairs(proxy.metadata))


def _pod(db: Database, word: str, namespace: str) -> Object[Any]:
    name, _, space = word.rpartition(".")
    keys = ((word, namespace), (name, space))
    found = [index[one] for index in (_pods_by_name(db), _pods_by_app(db)) for one in keys if one in index]
    if found:
        pod = facts.get(db, found[0])
        assert pod is not None
        return pod
    pods = (facts.get(db, ref) for ref in facts.refs(db, "Pod"))
    known = sorted({f"{pod.meta.namespace}/{_unit(pod)}" for pod in pods if pod is not None})
    raise LookupError(f"no workload {word!r}; there are: {_some(known, word) or 'none'}")


@query
def _pods_by_name(db: Database) -> dict[tuple[str, str], Ref]:
    """Index the pods by their own and their owners' names, with the namespace; of several the first."""
    index: dict[tuple[str, str], Ref] = {}
    for ref in facts.refs(db, "Pod"):
        pod = facts.get(db, ref)
        for name in (ref.name, *(one.name for one in pod.meta.owner_references)) if pod else ():
            index.setdefault((name, ref.namespace), ref)
    return index


@query
def _pods_by_app(db: Database) -> dict[tuple[str, str], Ref]:
    """Index the pods by their label `app`, with the namespace, where it is that of one workload only."""
    index: dict[tuple[str, str], dict[str, Ref]] = {}
    for ref in facts.refs(db, "Pod"):
        pod = facts.get(db, ref)
        if pod is not None and "app" in pod.meta.labels:
            index.setdefault((pod.meta.labels["app"], ref.namespace), {}).setdefault(_unit(pod), ref)
    return {key: next(iter(units.values())) for key, units in index.items() if len(units) == 1}


def _some(known: list[str], word: str) -> str:
    """List names: all, or of many those that are most like a word."""
    if len(known) <= LISTED:
        return ", ".join(known)
    near = difflib.get_close_matches(word, known, LISTED, 0)
    return f"{', '.join(near)} and {len(known) - LISTED} more"


def _unit(pod: Object[Any]) -> str:
    owners = pod.meta.owner_references
    return owners[0].name if owners else pod.meta.name
