"""Gateways: which listeners a gateway proxy has, merged from all Gateway objects that select it.

Sources: pilot/pkg/model/gateway.go mergeGateways, pilot/pkg/networking/core/gateway.go. Gateways are taken oldest
first; on one address and port, plain HTTP servers unite, TLS servers live side by side by SNI, and whatever does not
fit the first one is left out (`conflicts` says which).
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from lateen.api import facts
from lateen.api.gateway import Gateway, Server, ServerTLSSettings
from lateen.api.meta import Ref, age_key
from lateen.engine import Database, query
from lateen.model import mesh
from lateen.model.families import WILDCARD
from lateen.model.inbound import ServiceTarget, service_targets
from lateen.model.protocol import Protocol, parse
from lateen.model.selectors import Pairs, pairs, selects
from lateen.model.view import View

NO_PORT_TRANSLATION = "experimental.istio.io/disable-gateway-port-translation"
UNIX = "unix://"
PASSTHROUGH_MODES = ("PASSTHROUGH", "AUTO_PASSTHROUGH")


class Kind(StrEnum):
    """What a server does with a connection."""

    HTTP = "http"
    """Plain HTTP: all servers of the listener share one route configuration."""
    HTTPS = "https"
    """TLS ended here, then HTTP; a route configuration per server."""
    TCP = "tcp"
    """Bytes by a VirtualService's `tcp` routes."""
    TLS = "tls"
    """TLS ended here, then bytes by `tcp` routes."""
    PASSTHROUGH = "passthrough"
    """TLS not ended: by SNI, from a VirtualService's `tls` routes."""
    AUTO_PASSTHROUGH = "auto-passthrough"
    """TLS not ended: the SNI names the cluster."""


class ServerHost(msgspec.Struct, frozen=True):
    """One of a server's `hosts`."""

    namespace: str
    """The only namespace that VirtualServices may come from; empty for any."""
    host: str
    text: str
    """As it stands in the object: what `httpsRedirect` makes its domain of."""


class GatewayServer(msgspec.Struct, frozen=True, kw_only=True):
    """One server of one Gateway, on a port of this proxy."""

    gateway: Ref
    index: int
    """Its place in `spec.servers`."""
    kind: Kind
    hosts: tuple[ServerHost, ...]
    port: int
    """As declared, that is the Service's number: what a VirtualService's `match.port` is compared with."""
    port_name: str
    protocol: Protocol
    name: str = ""
    bind: str = ""
    https_redirect: bool = False
    route_name: str = ""
    """The RDS name of an HTTP or HTTPS server."""
    tls: ServerTLSSettings | None = None

    @property
    def gateway_name(self) -> str:
        """`namespace/name`, as VirtualServices write it."""
        return f"{self.gateway.namespace}/{self.gateway.name}"

    @property
    def sni(self) -> tuple[str, ...]:
        """The server names of its filter chain, sorted; `*` stands for any."""
        return tuple(sorted({one.host for one in self.hosts}))


class GatewayListener(msgspec.Struct, frozen=True):
    """One address and port of a gateway proxy, with the servers on it, oldest first."""

    bind: str
    port: int
    """The port that is opened: the Service's `targetPort`."""
    kind: Kind
    """Of the first server: HTTP, TCP, or one of those that share a port by SNI."""
    servers: tuple[GatewayServer, ...]

    @property
    def route_name(self) -> str:
        """The RDS name of a plain HTTP listener; empty for others, where each server has its own."""
        return self.servers[0].route_name if self.kind is Kind.HTTP else ""


class GatewayRoutes(msgspec.Struct, frozen=True):
    """The servers whose routes one RDS name holds, oldest first."""

    name: str
    servers: tuple[GatewayServer, ...]


class Conflict(msgspec.Struct, frozen=True):
    """A server that is left out, and why."""

    gateway: Ref
    index: int
    reason: str


class Merged(msgspec.Struct, frozen=True):
    """All listeners of a gateway proxy, and what did not fit."""

    listeners: tuple[GatewayListener, ...]
    conflicts: tuple[Conflict, ...]


@query
def gateway_listeners(db: Database, view: View) -> tuple[GatewayListener, ...]:
    """Return a gateway proxy's listeners by address and port; none for a sidecar."""
    return merged(db, view).listeners if view.is_router else ()


@query
def gateway_listener(db: Database, view: View, bind: str, port: int) -> GatewayListener | None:
    """Return one listener; a firewall in front of the others."""
    found = gateway_listeners(db, view)
    return next((one for one in found if (one.bind, one.port) == (bind, port)), None)


@query
def gateway_routes(db: Database, view: View, route_config_name: str) -> GatewayRoutes | None:
    """Return the servers that feed an RDS name; None when no listener has it."""
    for listener in gateway_listeners(db, view):
        if listener.kind is Kind.HTTP and listener.route_name == route_config_name:
            return GatewayRoutes(route_config_name, listener.servers)
        feeding = tuple(one for one in listener.servers if one.route_name == route_config_name)
        if feeding:
            return GatewayRoutes(route_config_name, feeding)
    return None


@query
def conflicts(db: Database, view: View) -> tuple[Conflict, ...]:
    """Return the servers that a gateway proxy leaves out, and why."""
    return merged(db, view).conflicts if view.is_router else ()


@query
def gateways_of(db: Database, view: View) -> tuple[Ref, ...]:
    """Return the Gateways that select a proxy, in any namespace, oldest first."""
    labels = view.labels
    return tuple(ref for ref, selector in _selectors(db) if selects(selector, labels))


@query
def _selectors(db: Database) -> tuple[tuple[Ref, Pairs], ...]:
    found = [facts.get(db, ref) for ref in facts.refs(db, "Gateway")]
    ordered = sorted((one for one in found if one is not None), key=age_key)
    return tuple((one.ref, pairs(one.spec.selector)) for one in ordered if isinstance(one.spec, Gateway))


@query
def servers_of(db: Database, ref: Ref) -> tuple[GatewayServer, ...]:
    """Return the servers of one Gateway, their hosts' namespaces resolved; without the listeners' RDS names."""
    found = facts.get(db, ref)
    if found is None or not isinstance(found.spec, Gateway):
        return ()
    return tuple(
        _server(ref, index, server)
        for index, server in enumerate(found.spec.servers)
        if server.port is not None and (server.port.number or (server.bind or "").startswith(UNIX))
    )


@query
def merged(db: Database, view: View) -> Merged:
    """Merge the servers of all Gateways that select a proxy."""
    targets = service_targets(db, view)
    merge = _Merge()
    for ref in gateways_of(db, view):
        for server in servers_of(db, ref):
            port = _pod_port(server.port, targets)
            if not mesh.is_privileged(view, port):
                merge.add(msgspec.structs.replace(server, route_name=_route_name(server, port)), port)
    return merge.result()


class _Merge:
    """The state of a merge: what is already on each address and port."""

    def __init__(self) -> None:
        self.listeners: dict[tuple[int, str], list[GatewayServer]] = {}
        self.tls_hosts: set[tuple[int, str, str]] = set()
        self.conflicts: list[Conflict] = []

    def add(self, server: GatewayServer, port: int) -> None:
        """Add a server to its listener, or note why it cannot be there."""
        bind = server.bind or WILDCARD
        held = self.listeners.get((port, bind), [])
        reason = self._duplicate_hosts(server, port, bind) or _refusal(held, server)
        if reason:
            self.conflicts.append(Conflict(server.gateway, server.index, reason))
        else:
            self.listeners[port, bind] = [*held, server]

    def _duplicate_hosts(self, server: GatewayServer, port: int, bind: str) -> str:
        if server.tls is None:
            return ""
        keys = {(port, bind, f"{one.namespace}/{one.host}") for one in server.hosts}
        repeated = sorted(key[2].removeprefix("/") for key in keys & self.tls_hosts)
        if repeated:
            return f"another server has {', '.join(repeated)} on port {port}"
        self.tls_hosts |= keys
        return ""

    def result(self) -> Merged:
        """Return the listeners by port and address."""
        return Merged(
            tuple(
                GatewayListener(bind, port, servers[0].kind, tuple(servers))
                for (port, bind), servers in sorted(self.listeners.items())
            ),
            tuple(self.conflicts),
        )


def _refusal(held: list[GatewayServer], server: GatewayServer) -> str:
    """Say why a server cannot join others: one without TLS may join those with it, and then only HTTP may join HTTP."""
    plain = next((one for one in held if not _shares_by_sni(one)), None)
    if plain is None:
        names = {one.route_name for one in held if one.route_name}
        is_taken = _shares_by_sni(server) and server.route_name in names
        return f"another server is named {server.port_name}" if is_taken else ""
    if plain.kind is Kind.HTTP and server.kind is Kind.HTTP:
        return ""
    return f"{server.protocol} cannot share a port with {plain.protocol} of {plain.gateway_name}"


def _shares_by_sni(server: GatewayServer) -> bool:
    return server.kind not in (Kind.HTTP, Kind.TCP)


def _pod_port(number: int, targets: Iterable[ServiceTarget]) -> int:
    """Translate a Service's port to the port of the gateway's pods; one that no Service has stays as it is."""
    for target in targets:
        if NO_PORT_TRANSLATION not in dict(target.labels) and target.port.number == number:
            return target.target_port
    return number


def _server(ref: Ref, index: int, server: Server) -> GatewayServer:
    assert server.port is not None
    spoken = parse(server.port.protocol or "")
    return GatewayServer(
        gateway=ref,
        index=index,
        kind=_kind(spoken, server.tls),
        hosts=_hosts(server.hosts, ref.namespace),
        port=server.port.number or 0,
        port_name=server.port.name or "",
        protocol=spoken,
        name=server.name or "",
        bind=server.bind or "",
        https_redirect=bool(server.tls and server.tls.https_redirect),
        tls=server.tls,
    )


def _kind(spoken: Protocol, tls: ServerTLSSettings | None) -> Kind:
    if spoken.is_http:
        return Kind.HTTP
    if tls is None:
        return Kind.TCP
    mode = tls.mode or "PASSTHROUGH"  # the enum's zero
    if mode in PASSTHROUGH_MODES:
        return Kind.AUTO_PASSTHROUGH if mode == "AUTO_PASSTHROUGH" else Kind.PASSTHROUGH
    return Kind.HTTPS if spoken is Protocol.HTTPS else Kind.TLS


def _hosts(hosts: Iterable[str], namespace: str) -> tuple[ServerHost, ...]:
    """Split `namespace/host`; `./` is the Gateway's own namespace and `*/` any; `*/*` stands alone."""
    found = []
    for text in hosts:
        where, slash, host = text.rpartition("/")
        if not slash:
            found.append(ServerHost("", text.lower(), text))
        elif (where, host) == ("*", "*"):
            return (ServerHost("", "*", "*"),)
        else:
            resolved = {"*": "", ".": namespace}.get(where, where)
            found.append(ServerHost(resolved, host.lower(), host if where == "*" else f"{resolved}/{host}"))
    return tuple(found)


def _route_name(server: GatewayServer, port: int) -> str:
    bind = f".{server.bind}" if server.bind else ""
    if server.kind is Kind.HTTP:
        return f"http.{port}{bind}"
    if server.kind is Kind.HTTPS:
        return (
            f"https.{server.port}.{server.port_name}.{server.gateway.name}.{server.gateway.namespace}{bind}"
        )
    return ""
