"""Which VirtualServices apply where, in the order that decides which one wins.

A VirtualService with hosts is a *root*; one without is a delegate and applies nowhere by itself. The order for a
namespace and a gateway name (`mesh` for sidecars) is Istio's: private to the namespace, exported to it, public; in each
group oldest first (pilot/pkg/model/push_context.go initVirtualServices). Names are resolved in the namespace of the
VirtualService, never of the client.
"""

from typing import Any

import msgspec

from lateen.api import facts
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database, query
from lateen.model import blocks, visibility
from lateen.model import host as hosts
from lateen.model.defaults import MESH_GATEWAY


class Binding(msgspec.Struct, frozen=True):
    """What a root VirtualService is bound to; stays equal when only its routes change."""

    ref: Ref
    hosts: tuple[str, ...]
    """Fully qualified, lower case, in the object's order."""
    gateways: tuple[str, ...]
    """`mesh` and `namespace/name`."""
    export_to: tuple[str, ...]
    created: str

    @property
    def age(self) -> tuple[str, str, str]:
        """Sort key, oldest first (creation time, then name, then namespace)."""
        return self.created, self.ref.name, self.ref.namespace


def gateway_name(name: str, namespace: str) -> str:
    """Resolve a `gateways` entry: `mesh`, `namespace/name`, or a name in the object's own namespace."""
    if name == MESH_GATEWAY or "/" in name:
        own, _, rest = name.partition("/")
        return f"{namespace}/{rest}" if own == "." else name
    return f"{namespace}/{name}"


def binding(db: Database, ref: Ref) -> Binding | None:
    """Return what one VirtualService is bound to; None for a delegate."""
    found = facts.get(db, ref)
    return _binding(db, ref, found) if found is not None else None


def _binding(db: Database, ref: Ref, found: Object[Any]) -> Binding | None:
    spec, meta = found.spec, found.meta
    if not isinstance(spec, VirtualService) or not spec.hosts:
        return None
    default = facts.mesh_config(db).default_virtual_service_export_to
    return Binding(
        ref=ref,
        hosts=tuple(hosts.canonical(host, meta.namespace) for host in spec.hosts),
        gateways=_gateways(spec, meta.namespace),
        export_to=visibility.effective(spec.export_to, meta.namespace, default),
        created=meta.creation_timestamp,
    )


def _gateways(spec: VirtualService, namespace: str) -> tuple[str, ...]:
    """Return the gateways that the object is bound to; what only a match names does not bind it (getGatewayNames)."""
    names = spec.gateways or (MESH_GATEWAY,)
    return tuple(dict.fromkeys(gateway_name(name, namespace) for name in names))


@query
def _bindings_of(db: Database, number: int) -> tuple[Binding, ...]:
    """Return what a block of VirtualServices is bound to; stays equal when only routes change."""
    found = (_binding(db, ref, one) for ref, one in blocks.by_ref(db, "VirtualService", number))
    return tuple(one for one in found if one is not None)


@query
def bindings(db: Database) -> tuple[Binding, ...]:
    """Return all bindings, oldest first."""
    numbers = blocks.refs_by_block(db, "VirtualService")
    found = (one for number in numbers for one in _bindings_of(db, number))
    return tuple(sorted(found, key=lambda one: one.age))


@query
def by_gateway(db: Database) -> dict[str, tuple[Binding, ...]]:
    """Index the bindings by gateway name, oldest first in each."""
    index: dict[str, list[Binding]] = {}
    for one in bindings(db):
        for gateway in one.gateways:
            index.setdefault(gateway, []).append(one)
    return {gateway: tuple(found) for gateway, found in index.items()}


@query
def for_gateway(db: Database, gateway: str, namespace: str) -> tuple[Binding, ...]:
    """Return the VirtualServices bound to a gateway name that a namespace sees, in order of precedence."""
    private: list[Binding] = []
    exported: list[Binding] = []
    public: list[Binding] = []
    for one in by_gateway(db).get(gateway, ()):
        if visibility.is_public(one.export_to):
            public.append(one)
        elif visibility.visible_to(one.export_to, namespace):
            (private if one.ref.namespace == namespace else exported).append(one)
    return (*private, *exported, *public)
