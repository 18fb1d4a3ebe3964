"""What a route's destinations are to one proxy: the service and the rule, looked up once for each host of a VirtualService."""

from lateen.api.meta import Ref
from lateen.engine import Database
from lateen.model import scope
from lateen.model import service as services
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.destination_rules import Rule, rule_for
from lateen.model.service import Service
from lateen.model.view import View
from lateen.model.visibility import visible_to


class Lookup:
    """The destinations of the routes that one VirtualService gives to one listener; remembers what it looked up."""

    def __init__(self, db: Database, view: View, ref: Ref, gateway: str, listener: str) -> None:
        """Take the VirtualService, the gateway (`mesh` for sidecars), and the name of a sidecar's routes."""
        self._db, self._view, self._ref = db, view, ref
        self._gateway, self._listener = gateway, listener
        self._services: dict[str, Service | None] = {}
        self._rules: dict[str, Rule | None] = {}

    def service(self, host: str) -> Service | None:
        """Look a destination up as the route's listener knows it.

        Istio's sidecars look destinations up among the services of the listener's port (httproute.go servicesByName),
        so without `destination.port` a request keeps the port that it came in on. An HTTP proxy sees every port.
        """
        if host not in self._services:
            self._services[host] = self._service(host)
        return self._services[host]

    def rule(self, host: str) -> Rule | None:
        """Return the DestinationRule that the proxy follows for a destination."""
        if host not in self._rules:
            self._rules[host] = rule_for(self._db, self._view, host)
        return self._rules[host]

    def _service(self, host: str) -> Service | None:
        if self._gateway != MESH_GATEWAY:
            return gateway_service(self._db, self._view, host, self._ref.namespace)
        place = scope.scope_of(self._db, self._view)
        return scope.listener_service(self._db, place, self._listener, host)


def gateway_service(db: Database, view: View, host: str, namespace: str) -> Service | None:
    """Return the service that a gateway's route means: the VirtualService's own namespace before all others."""
    own = services.service(db, host, namespace)
    if own is not None and visible_to(own.export_to, view.namespace):
        return own
    return scope.service(db, scope.scope_of(db, view), host)
