"""The one question that xDS asks: which resources of a type does a proxy of this view get?"""

from collections.abc import Callable

from lateen.compile import types
from lateen.compile.blocks import Resources
from lateen.compile.clusters import clusters
from lateen.compile.endpoints import endpoints
from lateen.compile.extensions import extension
from lateen.compile.listeners import listeners
from lateen.compile.resource import Resource
from lateen.compile.routes import route
from lateen.compile.secrets import secret
from lateen.engine import Database, query
from lateen.model.cluster_view import clusters_view
from lateen.model.view import View

Names = tuple[str, ...]
_WHOLE: dict[str, Callable[[Database, View], Resources]] = {
    types.CLUSTER: clusters,
    types.LISTENER: listeners,
}
_NAMED: dict[str, Callable[[Database, View, str], Resource | None]] = {
    types.ROUTE: route,
    types.SECRET: secret,
    types.EXTENSION_CONFIG: extension,
}


def resources(db: Database, type_url: str, view: View, names: Names | None) -> Resources:
    """Return a view's resources of a type, sorted by name.

    Args:
        db: the facts.
        type_url: one of `compile.types`; an unknown one has no resources.
        view: the proxy's view.
        names: those asked for, sorted; None asks for all, which only clusters and listeners have.
    """
    if type_url in _WHOLE:
        return _of_whole(db, type_url, view, names)
    if type_url == types.ENDPOINT and names is not None:
        return endpoints(db, clusters_view(db, view), names)
    if type_url in _NAMED and names is not None:
        return _named(db, type_url, view, names)
    return ()


def _of_whole(db: Database, type_url: str, view: View, names: Names | None) -> Resources:
    everything = _WHOLE[type_url](db, view)
    if names is None:
        return everything
    wanted = frozenset(names)
    return tuple(resource for resource in everything if resource.name in wanted)


@query
def _named(db: Database, type_url: str, view: View, names: Names) -> tuple[Resource, ...]:
    """Join the answers for a set of names; its own cell, so that an unchanged set is one comparison."""
    found = (_NAMED[type_url](db, view, name) for name in names)
    return tuple(resource for resource in found if resource is not None)
