"""What a VirtualService refers to: gateways, hosts, subsets and ports that must exist for its routes to work."""

import difflib
from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.api import facts
from lateen.api.finding import Finding, Level
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import Destination, VirtualService
from lateen.engine import Database, query
from lateen.model import host as hosts
from lateen.model import scope as scopes
from lateen.model.defaults import CLUSTER_DOMAIN, MESH_GATEWAY
from lateen.model.destination_rules import rule_for
from lateen.model.endpoint import instances
from lateen.model.service import Service
from lateen.model.view import View
from lateen.model.virtual_services import gateway_name


@query
def references(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Return what one VirtualService names that is not there."""
    found = facts.get(db, ref)
    if found is None or not isinstance(found.spec, VirtualService):
        return ()
    return (*_gateways(db, found), *_destinations(db, found))


def _gateways(db: Database, found: Object[VirtualService]) -> Iterator[Finding]:
    known = tuple(f"{ref.namespace}/{ref.name}" for ref in facts.refs(db, "Gateway"))
    namespace = found.meta.namespace
    for path, name in _gateway_names(found.spec):
        full = gateway_name(name, namespace)
        if full not in known and full != MESH_GATEWAY:
            near = difflib.get_close_matches(full, known, 1)
            suggestion = f"did you mean {near[0].removeprefix(namespace + '/')}?" if near else _list_of("gateways", known)
            yield _missing(found.ref, path, f"Gateway {name} is not found", suggestion)


def _gateway_names(spec: VirtualService) -> Iterator[tuple[str, str]]:
    for index, name in enumerate(spec.gateways):
        yield f"spec.gateways[{index}]", name
    for kind, routes in (("http", spec.http), ("tls", spec.tls), ("tcp", spec.tcp)):
        for number, route in enumerate(routes):
            for position, condition in enumerate(route.match):
                for index, name in enumerate(condition.gateways):
                    yield f"spec.{kind}[{number}].match[{position}].gateways[{index}]", name


def _destinations(db: Database, found: Object[VirtualService]) -> Iterator[Finding]:
    view = View(type="sidecar", namespace=found.meta.namespace)
    for path, destination in _named_destinations(found.spec):
        yield from _destination(db, view, found.ref, path, destination)


def _named_destinations(spec: VirtualService) -> Iterator[tuple[str, Destination]]:
    for number, route in enumerate(spec.http):
        base = f"spec.http[{number}]"
        if route.mirror is not None:
            yield f"{base}.mirror", route.mirror
        for index, mirror in enumerate(route.mirrors):
            if mirror.destination is not None:
                yield f"{base}.mirrors[{index}].destination", mirror.destination
    for kind, routes in (("http", spec.http), ("tls", spec.tls), ("tcp", spec.tcp)):
        for number, one in enumerate(routes):
            for index, weighted in enumerate(one.route):
                if weighted.destination is not None:
                    yield f"spec.{kind}[{number}].route[{index}].destination", weighted.destination


def _destination(db: Database, view: View, ref: Ref, path: str, destination: Destination) -> Iterator[Finding]:
    host = hosts.fqdn(destination.host, view.namespace, CLUSTER_DOMAIN).lower()
    known = scopes.services_by_host(db, scopes.Scope(view.namespace))
    service = known.get(host) or _wildcard_service(host, known)
    if service is None:
        near = difflib.get_close_matches(host, known, 1)
        suggestion = f"did you mean {near[0]}?" if near else _list_of("hosts", tuple(sorted(known)))
        yield _missing(ref, f"{path}.host", f"host {destination.host} is not found", suggestion)
        return
    yield from _port(ref, path, destination, service)
    yield from _subset(db, view, ref, path, destination, service)


def _wildcard_service(host: str, known: dict[str, Service]) -> Service | None:
    covering = hosts.most_specific(host, known)
    return known[covering] if covering else None


def _port(ref: Ref, path: str, destination: Destination, service: Service) -> Iterator[Finding]:
    number = destination.port.number if destination.port else None
    if number and service.port(number) is None:
        has = ", ".join(str(port.number) for port in service.ports)
        message = f"{service.host} has no port {number}"
        yield Finding(
            code=Code.PORT, level=Level.ERROR, ref=ref, path=f"{path}.port.number", message=message, suggestion=f"it has {has}"
        )


def _subset(db: Database, view: View, ref: Ref, path: str, destination: Destination, service: Service) -> Iterator[Finding]:
    name = destination.subset
    if not name:
        return
    rule = rule_for(db, view, service.host)
    names = tuple(subset.name for subset in rule.subsets) if rule else ()
    if name in names:
        return
    near = difflib.get_close_matches(name, names, 1)
    suggestion = f"did you mean {near[0]}?" if near else _add_subset(db, service, name, has_rule=rule is not None)
    where = f"subset {name} of {destination.host} is not found: requests for it are answered 503"
    yield _missing(ref, f"{path}.subset", where, suggestion)


def _add_subset(db: Database, service: Service, name: str, *, has_rule: bool) -> str:
    labels = next((f"{key}: {value}" for key, value in _labels(db, service) if value == name), f"version: {name}")
    subset = f"- name: {name}, labels: {{{labels}}}"
    if has_rule:
        return f"add to the subsets of its DestinationRule: {subset}"
    return f"add a DestinationRule with host: {service.host} and subsets: {subset}"


def _labels(db: Database, service: Service) -> tuple[tuple[str, str], ...]:
    return tuple(label for one in instances(db, service.origin) for label in one.labels)


def _missing(ref: Ref, path: str, message: str, suggestion: str) -> Finding:
    return Finding(code=Code.REFERENCE, level=Level.ERROR, ref=ref, path=path, message=message, suggestion=suggestion)


def _list_of(what: str, names: tuple[str, ...], most: int = 5) -> str:
    if not names:
        return f"there are no {what}"
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"known {what}: {', '.join(names[:most])}{more}"
