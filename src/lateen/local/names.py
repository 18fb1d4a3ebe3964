"""What the mesh's name server answers from: the name table of what the asking workload's Sidecar lets in."""

from collections.abc import Callable

from lateen.engine import Database
from lateen.local.dns import Names
from lateen.local.etc_files import search_domains
from lateen.model import name_table
from lateen.model.defaults import CLUSTER_DOMAIN
from lateen.model.scope import Scope


def names(db: Database, scope_at: Callable[[str], Scope]) -> Names:
    """Answer each client from its own scope; `scope_at` finds it by the client's address."""

    def lookup(name: str, _type: int, client: str) -> tuple[str, ...] | None:
        scope = scope_at(client)
        table = name_table.name_table(db, scope, CLUSTER_DOMAIN)
        return name_table.lookup(table, name, search_domains(scope.namespace))

    return Names(lookup, search=lambda client: search_domains(scope_at(client).namespace))
