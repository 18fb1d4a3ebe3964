"""Which outbound listeners a sidecar has, and which services share each, before anything is read of their routes.

The order of services decides who wins an address: the first one; HTTP and opaque services on one address are told
apart by their first bytes. Ports have nothing to do with each other, and a service's new port changes that port's
listeners alone. Source: pilot/pkg/networking/core/listener.go (buildSidecarOutboundListeners and
buildSidecarOutboundListener).
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from lateen.api.meta import Ref
from lateen.engine import Database, entry_of, query
from lateen.model import host as hosts
from lateen.model import mesh, scope
from lateen.model.endpoints import endpoints
from lateen.model.families import V4, WILDCARDS, also, also_own_host, loopback, speaks, wildcard
from lateen.model.protocol import Protocol, parse
from lateen.model.scope import Listener, Scope
from lateen.model.service import Port, Registry, Resolution, Service
from lateen.model.view import View

UNIX = "unix://"
SERVER_FIRST = (Protocol.MONGO, Protocol.MYSQL)


class Capture(msgspec.Struct, frozen=True):
    """What of a view decides about its outbound listeners; shared by all proxies that differ in nothing else."""

    scope: Scope
    """The one that stands for all that see the same services."""
    interception: str
    dns_capture: bool
    unprivileged: bool
    address: str
    families: str = V4


class Form(StrEnum):
    """How a service is present on a listener."""

    HTTP = "http"
    TCP = "tcp"
    DETECTED = "detected"
    """Both, told apart by the first bytes."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One service on one listener."""

    egress: int
    """The egress listener, by its place, whose VirtualServices count."""
    host: str
    origin: Ref
    """What declares the service; a host may have several ServiceEntries."""
    form: Form
    port: Port
    """The listener's port: the service's own, or the one that a Sidecar's egress listener names."""
    address: str
    """The service's address that it is here for."""
    cidr: str = ""
    """That address, when it is a range that the chain is chosen by."""


class Entry(msgspec.Struct, frozen=True):
    """A listener: its address and the services on it, the first one first."""

    bind: str
    port: int
    bound: bool
    """It opens its port; else connections are handed to it by their original destination."""
    members: tuple[Member, ...]
    also: tuple[str, ...] = ()
    """Further addresses, of a proxy with both families."""


@query
def capture_of(db: Database, view: View) -> Capture:
    """Reduce a view to what decides about its outbound listeners."""
    return Capture(
        scope.scope_of(db, view).seen,
        view.interception,
        view.dns_capture,
        mesh.is_privileged(view, 1),
        view.address,
        view.families,
    )


@query
def ports(db: Database, capture: Capture) -> tuple[int, ...]:
    """Return the ports that outbound listeners may have, sorted; a UNIX socket has 0."""
    found: set[int] = set()
    for place, listener in enumerate(scope.listeners(db, capture.scope)):
        own = listener is not None and listener.port is not None
        found.update((scope.port_of(listener),) if own else scope.ports(db, capture.scope, place))
    return tuple(sorted(found))


@query
def entries(db: Database, capture: Capture, number: int) -> dict[str, Entry]:
    """Return the outbound listeners on one port of the proxies with this capture, by address."""
    plan = _Plan(db, capture, number)
    for place, listener in enumerate(scope.listeners(db, capture.scope)):
        plan.add_listener(place, listener)
    return plan.result()


@entry_of(entries)
def _entry(db: Database, capture: Capture, number: int, bind: str) -> Entry | None:
    return entries(db, capture, number).get(bind)


def entry(db: Database, capture: Capture, bind: str, port: int) -> Entry | None:
    """Return one listener."""
    return _entry(db, capture, port, bind)


@query
def addresses(db: Database, capture: Capture) -> tuple[tuple[str, int], ...]:
    """Return the address and port of every outbound listener, sorted; equal when only services on them change."""
    return tuple(
        sorted((bind, number) for number in ports(db, capture) for bind in entries(db, capture, number))
    )


def service_addresses(service: Service, families: str, *, dns_capture: bool) -> tuple[str, ...]:
    """Return where clients find a service: its addresses, one allotted to it, or the wildcard."""
    if service.registry is Registry.KUBERNETES:
        first = next((address for address in service.addresses if speaks(families, address)), None)
        return (first or next(iter(service.addresses), wildcard(families)),)
    if service.addresses:
        return service.addresses
    allotted = dns_capture and service.auto_address and speaks(families, service.auto_address)
    return (service.auto_address if allotted else wildcard(families),)


@query
def pod_addresses(db: Database, host: str, namespace: str, port: int) -> tuple[str, ...]:
    """Return the IP addresses of a headless service's endpoints; equal while only their health changes."""
    found = (endpoint.address for endpoint in endpoints(db, host, namespace, port))
    return tuple(dict.fromkeys(address for address in found if hosts.is_address(address)))


class _Place(msgspec.Struct, frozen=True):
    """Where one egress listener puts its services."""

    egress: int
    bind: str
    also: tuple[str, ...]
    """The further addresses that come with `bind`; none come with one that the Sidecar names."""
    bound: bool
    has_port: bool
    """It names its port: then all its services are on one address, pods of their own or not."""


class _Open:
    """A listener that is being put together."""

    def __init__(self, place: _Place, bind: str, member: Member) -> None:
        self.place, self.protocol, self.members = place, _protocol_of(member, bind), [member]
        self.locked = False


class _Plan:
    """The state of the walk over the services of one port."""

    def __init__(self, db: Database, capture: Capture, number: int) -> None:
        self.db, self.capture, self.number = db, capture, number
        self.open: dict[str, _Open] = {}

    def add_listener(self, index: int, listener: Listener) -> None:
        """Add what one egress listener imports; the one without a port leaves earlier addresses alone."""
        bound = self._is_bound(listener)
        families, named = self.capture.families, (listener.bind if listener else None) or ""
        bind = named or (loopback(families) if bound else "")
        further = also_own_host(families) if bound and not named else ()
        has_port = listener is not None and listener.port is not None
        place = _Place(index, bind, further, bound, has_port)
        if listener is not None and listener.port is not None:
            port = Port(listener.port.name or "", self.number, parse(listener.port.protocol or ""))
            here = self.number == scope.port_of(listener)
            for service in scope.imported(self.db, self.capture.scope, index) if here else ():
                self._add(place, service, port)
            return
        for one in self.open.values():
            one.locked = True
        for service in scope.imported_on(self.db, self.capture.scope, index, self.number) or ():
            for port in service.ports:
                self._add(place, service, port)

    def _is_bound(self, listener: Listener) -> bool:
        if self.capture.interception == mesh.NO_INTERCEPTION:
            return True
        return listener is not None and (
            listener.capture_mode == "NONE" or (listener.bind or "").startswith(UNIX)
        )

    def _add(self, place: _Place, service: Service, port: Port) -> None:
        form = _form(port.protocol)
        if form is None or service.resolution is Resolution.ALIAS:
            return
        for own in self._addresses(service):
            is_range = not place.bind and form is not Form.HTTP and hosts.is_cidr(own)
            member = Member(
                egress=place.egress, host=service.host, origin=service.origin, form=form, port=port,
                address=own, cidr=own if is_range else "",
            )  # fmt: skip
            for address in self._binds(place, service, member):
                if self._may_open(address, bound=place.bound):
                    self._join(address, member, place)

    def _binds(self, place: _Place, service: Service, member: Member) -> Iterator[str]:
        """Yield where the port of a service is listened for, for one of its addresses."""
        if place.bind:
            yield place.bind
        elif member.form is Form.HTTP:
            yield wildcard(self.capture.families)
        elif not place.has_port and (pods := self._pods(service, member.port)) is not None:
            yield from (pod for pod in pods if pod != self.capture.address)
        else:
            yield wildcard(self.capture.families) if member.cidr else member.address

    def _addresses(self, service: Service) -> tuple[str, ...]:
        return service_addresses(service, self.capture.families, dns_capture=self.capture.dns_capture)

    def _pods(self, service: Service, port: Port) -> tuple[str, ...] | None:
        """Return the pods of a service without an address; None when it is not one, or nobody can know its pods."""
        if service.resolution is not Resolution.PASSTHROUGH or not WILDCARDS.issuperset(
            self._addresses(service)
        ):
            return None
        pods = pod_addresses(self.db, service.host, service.namespace, port.number)
        is_open = service.registry is not Registry.KUBERNETES and service.selector is None
        return None if is_open and not pods else pods

    def _may_open(self, address: str, *, bound: bool) -> bool:
        if bound and self.capture.unprivileged and 0 < self.number < mesh.FIRST_UNPRIVILEGED_PORT:
            return False
        return address not in WILDCARDS or self.number not in mesh.reserved_ports(self.db)

    def _join(self, bind: str, member: Member, place: _Place) -> None:
        held = self.open.get(bind)
        if held is None:
            self.open[bind] = _Open(place, bind, member)
        elif not held.locked:
            self._merge(bind, held, member, place)

    def _merge(self, bind: str, held: _Open, member: Member, place: _Place) -> None:
        spoken = member.port.protocol
        if spoken is Protocol.HTTP_PROXY or (member.form is Form.DETECTED and held.protocol.is_http):
            self.open[bind] = _Open(place, bind, member)
            return
        if member.form is Form.HTTP and not held.protocol.is_tcp:
            return  # its virtual hosts are in the route configuration already
        if spoken is not held.protocol and {spoken, held.protocol} & set(SERVER_FIRST):
            return  # looking at first bytes would wait for ever: the server speaks first
        if member.form is Form.DETECTED and held.protocol.is_sniffed:
            member = msgspec.structs.replace(member, form=Form.TCP)
        held.members.append(member)
        if member.form is not Form.TCP or held.protocol.is_http:
            held.protocol = Protocol.UNSUPPORTED

    def result(self) -> dict[str, Entry]:
        """Return the listeners by address."""
        return {bind: self._entry(bind, one) for bind, one in self.open.items()}

    def _entry(self, bind: str, one: _Open) -> Entry:
        further = one.place.also if one.place.bind else also(self.capture.families, bind)
        return Entry(bind, self.number, one.place.bound, tuple(one.members), further)


def _form(protocol: Protocol) -> Form | None:
    if protocol.is_http:
        return Form.HTTP
    if protocol.is_tcp:
        return Form.TCP
    return Form.DETECTED if protocol.is_sniffed else None


def _protocol_of(member: Member, bind: str) -> Protocol:
    """A wildcard HTTP listener passes other bytes through, so more services may join it."""
    spoken = member.port.protocol
    if member.form is Form.HTTP and bind in WILDCARDS and spoken is not Protocol.HTTP_PROXY:
        return Protocol.UNSUPPORTED
    return spoken
