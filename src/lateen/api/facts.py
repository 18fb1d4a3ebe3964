"""The objects in a query database: one fact per object, and one sorted index of names per kind."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from lateen.api.mesh_config import MeshConfig, MeshNetworks
from lateen.api.meta import Meta, Object, Ref
from lateen.engine.database import Database

MESH_CONFIG = Ref("MeshConfig", "", "mesh")
"""Where the mesh's settings are kept."""
MESH_NETWORKS = Ref("MeshNetworks", "", "mesh")
"""Where the mesh's networks are kept."""

NOW = ("now",)
"""The fact that holds the time of looking, to the hour at best: what depends on it runs again when it changes."""
RUNS = ("runs",)
"""The fact that the mesh runs here, where every workload has a proxy and nobody injects any."""

_DEFAULT = MeshConfig()
_NO_NETWORKS = MeshNetworks()


def put(db: Database, obj: Object[Any]) -> None:
    """Add or replace an object."""
    update(db, (obj,))


def delete(db: Database, ref: Ref) -> None:
    """Remove an object; nothing happens when it is not there."""
    update(db, (), (ref,))


def update(db: Database, objects: Iterable[Object[Any]], removed: Iterable[Ref] = ()) -> None:
    """Remove and then put many objects."""
    write(db, {obj.ref: obj for obj in objects}, removed)


def write(db: Database, objects: Mapping[Ref, Object[Any]], removed: Iterable[Ref] = ()) -> None:
    """Remove and then put many objects by their refs; each kind's index is written at most once."""
    gone: dict[str, set[Ref]] = {}
    new: dict[str, set[Ref]] = {}
    for ref in removed:
        gone.setdefault(ref.kind, set()).add(ref)
        db.set(ref, None)
    for ref, obj in objects.items():
        if db.read(ref) is None:
            new.setdefault(ref.kind, set()).add(ref)
        db.set(ref, obj)
    for kind in gone.keys() | new.keys():
        known = set(refs(db, kind))
        index = known - gone.get(kind, set()) | new.get(kind, set())
        if index != known:
            db.set(("refs", kind), tuple(sorted(index)))


def refs(db: Database, kind: str) -> tuple[Ref, ...]:
    """List the objects of a kind, sorted by namespace and name."""
    found: tuple[Ref, ...] | None = db.read(("refs", kind))
    return found or ()


def is_index(fact: Hashable) -> bool:
    """Tell whether a fact is the list of the objects of a kind."""
    return isinstance(fact, tuple) and fact[:1] == ("refs",)


def get(db: Database, ref: Ref) -> Object[Any] | None:
    """Look an object up."""
    found: Object[Any] | None = db.read(ref)
    return found


def mesh_config(db: Database) -> MeshConfig:
    """Read the mesh's settings as written; an empty MeshConfig when nobody wrote any."""
    found = db.read(MESH_CONFIG)  # thousands of times in a compilation
    return found.spec if found is not None else _DEFAULT


def mesh_config_object(config: MeshConfig) -> Object[MeshConfig]:
    """Wrap settings as the object that `put` takes."""
    meta = Meta(name=MESH_CONFIG.name)
    return Object(api_version="mesh.istio.io/v1alpha1", kind=MESH_CONFIG.kind, meta=meta, spec=config)


def now(db: Database) -> str:
    """Read the time of looking, RFC 3339 in UTC; empty when nobody said it."""
    found: str | None = db.read(NOW)
    return found or ""


def mesh_networks(db: Database) -> MeshNetworks:
    """Read the mesh's networks; none when nobody wrote any."""
    found = get(db, MESH_NETWORKS)
    return _NO_NETWORKS if found is None else found.spec


def mesh_networks_object(networks: MeshNetworks) -> Object[MeshNetworks]:
    """Wrap networks as the object that `put` takes."""
    meta = Meta(name=MESH_NETWORKS.name)
    return Object(api_version="mesh.istio.io/v1alpha1", kind=MESH_NETWORKS.kind, meta=meta, spec=networks)
