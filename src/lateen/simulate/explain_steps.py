"""The simulator's steps in the words of YAML: each with the object and field that caused it."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from lateen.api import facts
from lateen.api.kubernetes import Service as KubernetesService
from lateen.api.meta import Ref
from lateen.api.service_entry import ServiceEntry
from lateen.engine import Database
from lateen.model.destination_rules import rule_for
from lateen.model.gateway import gateway_listeners
from lateen.model.service import Service, by_host
from lateen.model.view import View
from lateen.simulate import trace as steps
from lateen.simulate.explain_origins import Origin, host_cause, origins_of, virtual_host_of
from lateen.simulate.explain_types import Cause, Step, because
from lateen.translate import names
from lateen.translate.names import parse_cluster

_FIELDS = {"path": "uri", "method": "method", "authority": "authority"}


class Teller(msgspec.Struct, kw_only=True):
    """Tells the steps of one hop; keeps what later steps are about."""

    db: Database
    view: View
    port: int
    service: Service | None = None
    """What the client meant by the name it used."""
    configuration: str = ""
    origins: tuple[Origin, ...] = ()
    taken: list[Origin] = []

    def tell(self, step: steps.AnyStep) -> Iterator[Step]:
        """Yield what there is to say about a step of the trace."""
        yield from _TELL[type(step)](self, step)

    def origin_of(self, route: str, index: int = -1) -> Origin | None:
        """Return the origin of the route that was taken last, or of one by its place."""
        if 0 <= index < len(self.origins):
            return self.origins[index]
        return next(
            (
                one
                for one in reversed(self.taken)
                if not route or one.route is None or one.route.name == route
            ),
            None,
        )


def _listener(self: Teller, step: steps.ListenerChosen) -> Iterator[Step]:
    by = f", handed on by {step.handed_on_by}" if step.handed_on_by else ""
    yield Step(step="listener", subject=step.listener, reason=step.reason + by, cause=_listener_cause(self))


def _listener_cause(self: Teller) -> Cause | None:
    if self.view.is_router:
        for listener in gateway_listeners(self.db, self.view):
            if listener.port == self.port:
                server = listener.servers[0]
                return because(server.gateway, f"spec.servers[{server.index}].port")
        return None
    return port_cause(self.db, self.service, self.port) if self.service else None


def port_cause(db: Database, service: Service, number: int) -> Cause:
    """Name the port of a service in the object that declares it."""
    found = facts.get(db, service.origin)
    spec = found.spec if found is not None else None
    if isinstance(spec, KubernetesService):
        numbers = [port.port for port in spec.ports]
    else:
        numbers = [port.number for port in spec.ports] if isinstance(spec, ServiceEntry) else []
    path = f"spec.ports[{numbers.index(number)}]" if number in numbers else "spec.ports"
    return because(service.origin, path)


def _inspection(self: Teller, step: steps.BytesInspected) -> Iterator[Step]:  # noqa: ARG001  one form for all
    seen = [step.transport_protocol.replace("raw_buffer", "plain text").replace("tls", "TLS")]
    seen += [f"server name {step.server_name}"] if step.server_name else []
    seen += [f"protocol {', '.join(step.application_protocols)}"] if step.application_protocols else []
    if step.filters:
        yield Step(step="inspection", subject=", ".join(seen), reason="what the first bytes say")


def _chain(self: Teller, step: steps.FilterChainChosen) -> Iterator[Step]:
    ends = "; TLS ends here" if step.terminates_tls else ""
    cause = _server_cause(self, step.filter_chain) if self.view.is_router else None
    yield Step(
        step="filter-chain", subject=step.filter_chain or "(only one)", reason=step.reason + ends, cause=cause
    )


def _server_cause(self: Teller, chain: str) -> Cause | None:
    for listener in gateway_listeners(self.db, self.view):
        for server in listener.servers if listener.port == self.port else ():
            if chain and chain == server.route_name:
                return because(server.gateway, f"spec.servers[{server.index}].tls")
    return None


def _protocol(self: Teller, step: steps.NetworkFilterReached) -> Iterator[Step]:
    is_http = step.name == names.HTTP_CONNECTION_MANAGER
    port = self.service.port(self.port) if self.service else None
    declared = f"port {port.number}, named {port.name or 'nothing'}, is {port.protocol}" if port else ""
    cause = port_cause(self.db, self.service, self.port) if self.service and port else None
    subject = "read as HTTP" if is_http else "forwarded as bytes"
    yield Step(step="protocol", subject=subject, reason=declared, cause=cause)


def _normalized(self: Teller, step: steps.RequestNormalized) -> Iterator[Step]:  # noqa: ARG001  one form for all
    yield Step(
        step="normalization", subject=f"{step.authority}{step.path}", reason="as routes see host and path"
    )


def _routes(self: Teller, step: steps.RouteConfigurationChosen) -> Iterator[Step]:
    self.configuration = step.route_configuration
    yield Step(
        step="routes",
        subject=step.route_configuration or "(inline)",
        reason="" if step.found else "not there",
    )


def _virtual_host(self: Teller, step: steps.VirtualHostChosen) -> Iterator[Step]:
    found = virtual_host_of(self.db, self.view, self.configuration, step.virtual_host)
    self.origins = origins_of(self.db, self.view, found) if found else ()
    words = {
        "exact": f"has the domain {step.domain}",
        "suffix": f"has {step.domain}, the longest wildcard that covers the host",
        "prefix": f"has {step.domain}, the longest wildcard that covers the host",
        "any": "takes every host that no other has",
    }
    cause = host_cause(found, self.origins, self.db) if found else None
    yield Step(step="virtual-host", subject=step.virtual_host, reason=words[step.reason], cause=cause)


def _route(self: Teller, step: steps.RouteTried) -> Iterator[Step]:
    origin = self.origin_of("", step.index) if self.origins else None
    if not step.failed and origin is not None:
        self.taken.append(origin)
    share = f" in {step.probability:.0%} of cases" if not step.failed and step.probability < 1 else ""
    yield Step(
        step="route",
        subject=f"{step.index + 1}" + (f" ({step.route})" if step.route else ""),
        reason=step.failed or f"taken{share}",
        taken=not step.failed,
        cause=_condition(origin, step.failed) if origin else None,
    )


def _condition(origin: Origin, failed: str) -> Cause:
    """Name the condition that failed, or the rule that was taken."""
    if not failed:
        return because(origin.ref, origin.match)
    subject, _, rest = failed.partition(":")
    if subject in _FIELDS:
        return because(origin.ref, f"{origin.match}.{_FIELDS[subject]}")
    name = rest.strip().removeprefix("wants ").partition(" ")[0]
    for kind, fields in (("header", ("headers", "withoutHeaders")), ("query", ("queryParams",))):
        if subject == kind:
            field = fields[1] if len(fields) > 1 and " not " in rest else fields[0]
            return because(origin.ref, f"{origin.match}.{field}[{name}]")
    return because(origin.ref, origin.match)


def _filter(self: Teller, step: steps.FilterActed) -> Iterator[Step]:
    field = {names.FAULT: "fault", names.CORS: "corsPolicy"}.get(step.name, "")
    origin = self.origin_of("")
    cause = origin.at(field) if origin and origin.rule and field else None
    yield Step(step="filter", subject=step.name.rpartition(".")[2], reason=step.action, cause=cause)


def _cluster(self: Teller, step: steps.ClusterReached) -> Iterator[Step]:
    reason = step.reason if step.found else f"there is no such cluster{_absence(self, step.cluster)}"
    yield Step(
        step="cluster",
        subject=step.cluster,
        reason=reason,
        taken=step.found,
        cause=_cluster_cause(self, step.cluster),
    )


def _absence(self: Teller, cluster: str) -> str:
    """Say which part of a cluster's name is missing."""
    parsed = parse_cluster(cluster)
    if parsed is None:
        return ""
    _, port, subset, host = parsed
    services = by_host(self.db).get(host, ())
    if not services:
        return f": no service has the host {host}"
    if all(service.port(port) is None for service in services):
        has = ", ".join(str(one.number) for one in services[0].ports)
        return f": {host} has no port {port}, it has {has}"
    return (
        f": no DestinationRule that this proxy follows has a subset {subset}"
        if subset
        else ": it is not imported or exported"
    )


def _cluster_cause(self: Teller, cluster: str) -> Cause | None:
    parsed = parse_cluster(cluster)
    if parsed is None or parsed[0] != "outbound":
        return None
    _, port, subset, host = parsed
    rule = rule_for(self.db, self.view, host) if subset else None
    for ref in rule.refs if rule else ():
        found = facts.get(self.db, ref)
        for index, one in enumerate(found.spec.subsets if found else ()):
            if one.name == subset:
                return because(ref, f"spec.subsets[{index}]")
    origin = self.origin_of("")
    services = by_host(self.db).get(host, ())
    if origin and origin.rule and (not services or services[0].port(port) is None or subset):
        return origin.at(_destination(origin, host, subset))
    return port_cause(self.db, services[0], port) if services else None


def _destination(origin: Origin, host: str, subset: str) -> str:
    """Return the field of a rule that names a destination."""
    for index, one in enumerate(origin.route.http.route if origin.route else ()):
        named = one.destination
        if named is not None and (named.host, named.subset or "") == (host, subset):
            return f"route[{index}].destination"
    return "route"


def _unsupported(self: Teller, step: steps.Unsupported) -> Iterator[Step]:  # noqa: ARG001  one form for all
    yield note(f"{step.what} is not interpreted; from here on Envoy may do something else")


def note(text: str, ref: Ref | None = None, path: str = "") -> Step:
    """Remark something that decides nothing."""
    return Step(step="note", subject=text, cause=because(ref, path) if ref is not None else None)


_TELL: dict[type, Callable[[Teller, Any], Iterator[Step]]] = {
    steps.ListenerChosen: _listener,
    steps.BytesInspected: _inspection,
    steps.FilterChainChosen: _chain,
    steps.NetworkFilterReached: _protocol,
    steps.RequestNormalized: _normalized,
    steps.RouteConfigurationChosen: _routes,
    steps.VirtualHostChosen: _virtual_host,
    steps.RouteTried: _route,
    steps.FilterActed: _filter,
    steps.ClusterReached: _cluster,
    steps.Unsupported: _unsupported,
}
