"""Which rules the expectations exercised, and which nobody looked at."""

from envoy.config.route.v3.route_components_pb2 import Route
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.simulate.algebra.effects import route_key
from lateen.simulate.algebra.tables import described, origins


class Coverage:
    """Routes of VirtualServices, the same one under several names counted once."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, bytes], str] = {}
        self._done: set[tuple[str, bytes]] = set()
        self._tables: dict[int, RouteConfiguration] = {}
        self._known: set[tuple[int, bytes]] = set()

    def seen(self, table: RouteConfiguration) -> None:
        """Count the routes of a table, those of the same message once."""
        if id(table) in self._tables:
            return
        self._tables[id(table)] = table
        for host in table.virtual_hosts:
            for number, route in enumerate(host.routes, 1):
                content = number, route.SerializeToString(deterministic=True)
                if content in self._known:
                    continue
                self._known.add(content)
                for origin in origins(route.metadata):
                    self._routes.setdefault(_key(origin, route), _called(origin, number, route))

    def exercised(self, route: Route) -> None:
        """Note that a request took a route."""
        self._done |= {_key(origin, route) for origin in origins(route.metadata)}

    @property
    def percent(self) -> float:
        """How many of the routes were exercised; 100 when there are none."""
        return 100 * len(self._done) / len(self._routes) if self._routes else 100.0

    @property
    def counts(self) -> tuple[int, int]:
        """Routes that were exercised, and all."""
        return len(self._done), len(self._routes)

    @property
    def never(self) -> list[str]:
        """Routes that no expectation exercised."""
        return sorted(words for key, words in self._routes.items() if key not in self._done)


def _key(origin: str, route: Route) -> tuple[str, bytes]:
    return origin, route.match.SerializeToString(deterministic=True) + route_key(route)


def _called(origin: str, number: int, route: Route) -> str:
    parts = origin.split("/")
    which = " and ".join(described(route.match)) or "every request"
    name = f" {route.name!r}" if route.name else ""
    return f"VirtualService {parts[5]}/{parts[7]}: route {number}{name} ({which})"
