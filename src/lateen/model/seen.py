"""A service as one proxy sees it, with the rule for it: what the clusters of its host and their endpoints are made of."""

from collections.abc import Iterable

import msgspec

from lateen.api.destination_rule import Subset
from lateen.engine import Database
from lateen.model import scope
from lateen.model.cluster_discovery import is_dynamic
from lateen.model.destination_rules import Rule, rule_for_service
from lateen.model.protocol import Protocol
from lateen.model.service import Port, Resolution, Service
from lateen.model.view import View

_DYNAMIC = frozenset({Protocol.HTTP, Protocol.TLS, Protocol.GRPC, Protocol.HTTP2})


class Seen(msgspec.Struct, frozen=True):
    """A service that is in a proxy's scope, and the rule that the proxy follows for it."""

    service: Service
    rule: Rule | None = None

    @property
    def ports(self) -> Iterable[Port]:
        """The ports that have clusters."""
        service = self.service
        if service.resolution is Resolution.ALIAS:
            return ()
        allowed = (port for port in service.ports if port.protocol is not Protocol.UDP)
        return (port for port in allowed if port.protocol in _DYNAMIC) if is_dynamic(service) else allowed

    @property
    def subsets(self) -> tuple[Subset, ...]:
        """The subsets that have clusters; none of a wildcard whose names are looked up as they are asked for."""
        if self.rule is None or is_dynamic(self.service):
            return ()
        return tuple(one for one in self.rule.subsets if one.name)

    def subset(self, name: str) -> Subset | None:
        """Return a subset of the rule by its name; None for the whole service, and for one that nobody declares."""
        return self.rule.subset(name) if self.rule and name else None


def seen(db: Database, view: View, host: str) -> Seen | None:
    """Look a host up for a proxy; None when its scope has no such service."""
    place = scope.scope_of(db, view)
    service = scope.service(db, place, host)
    if service is None:
        return None
    return Seen(service, rule_for_service(db, place.namespace, view.labels, service))
