"""The short names that a namespace's own services have there and nowhere else, added to what anyone's sidecar knows."""

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Protocol

from lateen.model.routing_domains import of_service
from lateen.model.service import Resolution, Service
from lateen.model.view import View


class Named(Protocol):
    """A virtual host, as far as its names go."""

    @property
    def host(self) -> str:
        """The service's, or the VirtualService's."""

    @property
    def domains(self) -> tuple[str, ...]:
        """What it answers for."""


def candidates(services: Sequence[Service], namespace: str) -> Iterator[Service]:
    """Yield the services whose names may depend on who asks: those with a host in the namespace, or in none."""
    marks = (f".{namespace}.svc.", "..svc.")
    for service in services:
        if any(mark in host for host in (service.host, *service.aliases) for mark in marks):
            yield service


def of(
    services: Sequence[Service], base: Sequence[Named], taken: Container[str], views: tuple[View, View]
) -> Mapping[str, tuple[str, ...]] | None:
    """Return the domains of the services, by host, that a proxy knows under more names than anyone.

    Args:
        services: those of a listener with one port.
        base: anyone's virtual hosts.
        taken: their domains, in lower case.
        views: the proxy's and anyone's.

    Returns:
        None when a name is not free, so that the virtual hosts have to be found by the proxy's own names.
    """
    own = tuple(candidates(services, views[0].namespace))
    held = {one.host: one.domains for one in base} if own else {}
    found: dict[str, tuple[str, ...]] = {}
    new: set[str] = set()
    for service in own:
        mine, theirs = (of_service(service, view, None).all for view in views)
        added = set(mine).difference(theirs)
        if service.host not in held:
            if _may_answer(service):
                return None
            continue
        is_free = new.isdisjoint(added) and not any(name.lower() in taken for name in added)
        if not (is_free and set(mine).issuperset(theirs)):
            return None
        kept = added.union(held[service.host])
        found[service.host] = tuple(name for name in dict.fromkeys(mine) if name in kept)
        new |= added
    return found


def _may_answer(service: Service) -> bool:
    """Tell whether a service without virtual host would have one if its names were free."""
    return service.resolution is not Resolution.ALIAS and any(
        port.protocol.is_http or port.protocol.is_sniffed for port in service.ports
    )
