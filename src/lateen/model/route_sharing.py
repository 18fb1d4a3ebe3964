"""Which routes a sidecar gets that anyone gets: those are made once, for a proxy of no namespace.

Most namespaces see the destinations of a VirtualService, and the rules for them, alike, and few conditions ask who calls.
What a proxy sees otherwise (its namespace's own rule, a service that hides another, routes for its labels) is made for it.
"""

from lateen.engine import Database
from lateen.model import scope
from lateen.model.route_reach import reach
from lateen.model.routing import ServiceSource, Source, caller_of
from lateen.model.routing_view import of_anyone, without_names
from lateen.model.seen_alike import alike
from lateen.model.view import View


class Sharing:
    """A sidecar beside anyone; remembers what it compared."""

    def __init__(self, db: Database, view: View) -> None:
        """Take a routing view."""
        self._db, self._view = db, view
        self.anyone = without_names(of_anyone(view))
        self._scopes = (scope.scope_of(db, view), scope.scope_of(db, self.anyone))
        self._sees_alike = self._scopes[0].seen == self._scopes[1].seen
        self._alike = alike(db, view, self.anyone)
        self._known: dict[tuple[str, str], bool] = {}

    def made_for(self, source: Source | ServiceSource) -> View | None:
        """Return the view that the routes of a source are made for; None for the proxy's own."""
        return self.anyone if self._is_alike(source) else None

    def _is_alike(self, source: Source | ServiceSource) -> bool:
        if isinstance(source, ServiceSource):
            return source.host in self._alike
        known = reach(self._db, source.ref)
        callers = (caller_of(view, source) for view in (self._view, self.anyone))
        return known.is_alike(*callers) and all(
            host in self._alike and self._is_known_alike(source.listener, host) for host in known.hosts
        )

    def _is_known_alike(self, listener: str, host: str) -> bool:
        if self._sees_alike:
            return True
        found = self._known.get((listener, host))
        if found is None:
            own, other = (scope.listener_service(self._db, one, listener, host) for one in self._scopes)
            found = self._known[listener, host] = own == other
        return found
