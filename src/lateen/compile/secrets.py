"""Secrets as resources, by name; one that does not exist has no resource, and costs only the chain that wants it."""

from lateen.compile.resource import Resource, resource
from lateen.engine import Database, query
from lateen.model.secrets import material
from lateen.model.view import View
from lateen.translate import secret as write


@query
def secret(db: Database, view: View, name: str) -> Resource | None:
    """Return one secret for a proxy, or None."""
    found = material(db, view, name)
    return resource(name, write.secret(name, found)) if found is not None else None
