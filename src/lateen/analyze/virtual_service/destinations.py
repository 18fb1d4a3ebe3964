"""IST0101: hosts, subsets and ports that routes lead to."""

import difflib
from collections.abc import Iterable, Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, nearest
from lateen.analyze.virtual_service.walk import destinations, virtual_service
from lateen.api import facts
from lateen.api.common import Destination
from lateen.api.destination_rule import DestinationRule
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model import host as hosts
from lateen.model import scope as scopes
from lateen.model import visibility
from lateen.model.defaults import CLUSTER_DOMAIN
from lateen.model.destination_rules import rule_for
from lateen.model.endpoints import instances
from lateen.model.service import Service, of_host
from lateen.model.view import View


def missing_destinations(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Return the destinations of one VirtualService that are not there."""
    one = virtual_service(db, ref)
    if one is None:
        return ()
    public = not one.spec.export_to or visibility.PUBLIC in one.spec.export_to
    seen_in = () if public else visibility.effective(one.spec.export_to, ref.namespace, ())
    return tuple(
        finding
        for path, destination in destinations(one.spec)
        for finding in _missing(db, ref, path, destination, seen_in)
    )


def service_of(db: Database, host: str, namespace: str, seen_in: Iterable[str] = ()) -> Service | None:
    """Return the service that a host of a VirtualService in this namespace means; a wildcard may cover it.

    Args:
        db: the database.
        host: as it is written.
        namespace: of the VirtualService.
        seen_in: namespaces that the VirtualService is exported to, one of which has to see the service; empty is its own.
    """
    full = hosts.fqdn(host, namespace, CLUSTER_DOMAIN).lower()
    for space in tuple(seen_in) or (namespace,):
        place = scopes.without_sidecar(db, space)
        for name in hosts.covering(full):
            if (service := scopes.service(db, place, name)) is not None:
                return service
    return None


def _missing(
    db: Database, ref: Ref, path: str, destination: Destination, seen_in: tuple[str, ...]
) -> Iterator[Finding]:
    service = service_of(db, destination.host, ref.namespace, seen_in)
    if service is None:
        yield _no_host(db, ref, path, destination)
        if destination.subset and not _is_named(db, ref, destination):
            message = f"subset {destination.subset} of {destination.host} is not found"
            yield found(Code.REFERENCE, ref, f"{path}.subset", message, "the host is not found either")
        return
    number = destination.port.number if destination.port else None
    if number and service.port(number) is None and service.ports:
        has = ", ".join(str(port.number) for port in service.ports)
        message = f"{service.host} has no port {number}: requests for it are answered 503"
        yield found(Code.REFERENCE, ref, f"{path}.port.number", message, f"it has {has}")
    if destination.subset:
        yield from _no_subset(db, ref, path, destination, service)


def _is_named(db: Database, ref: Ref, destination: Destination) -> bool:
    """Tell whether a DestinationRule has the subset of a host that there is no service for."""
    full = hosts.fqdn(destination.host, ref.namespace, CLUSTER_DOMAIN).lower()
    return any(destination.subset in names for names in _subsets(db).get(full, ()))


@deferred
def _subsets(db: Database) -> dict[str, tuple[frozenset[str], ...]]:
    """Index the names of subsets by the host of their DestinationRule."""
    index: dict[str, tuple[frozenset[str], ...]] = {}
    for ref in facts.refs(db, "DestinationRule"):
        one = facts.get(db, ref)
        if one is not None and isinstance(one.spec, DestinationRule):
            full = hosts.fqdn(one.spec.host, ref.namespace, CLUSTER_DOMAIN).lower()
            index[full] = (*index.get(full, ()), frozenset(subset.name for subset in one.spec.subsets))
    return index


def _no_host(db: Database, ref: Ref, path: str, destination: Destination) -> Finding:
    full = hosts.fqdn(destination.host, ref.namespace, CLUSTER_DOMAIN).lower()
    if elsewhere := of_host(db, full):
        space = elsewhere[0].namespace
        hint = f"it is in namespace {space}, which does not export it to where the VirtualService applies"
    else:
        hint = _nearest(db, destination.host, ref.namespace)
    return found(Code.REFERENCE, ref, f"{path}.host", f"host {destination.host} is not found", hint)


def _nearest(db: Database, host: str, namespace: str) -> str:
    known = scopes.services_by_host(db, scopes.without_sidecar(db, namespace))
    suffix = f".{namespace}.svc.{CLUSTER_DOMAIN}"
    if "." in host:
        short = host.partition(".")[0]
        same = sorted(name for name in known if name.startswith(f"{short}."))
        return f"did you mean {same[0]}?" if same else nearest(host, known, "hosts")
    elsewhere = sorted(name for name in known if name.startswith(f"{host}.") and not name.endswith(suffix))
    if elsewhere:
        return f"did you mean {elsewhere[0]}? A short name is looked up in namespace {namespace}"
    return nearest(host, (name.removesuffix(suffix) for name in known), "hosts")


def _no_subset(
    db: Database, ref: Ref, path: str, destination: Destination, service: Service
) -> Iterator[Finding]:
    name = destination.subset or ""
    rule = rule_for(db, View(type="sidecar", namespace=ref.namespace), service.host)
    names = tuple(subset.name for subset in rule.subsets) if rule else ()
    if name not in names:
        message = f"subset {name} of {destination.host} is not found: requests for it are answered 503"
        near = difflib.get_close_matches(name, names, 1, 0.8)
        hint = (
            f"did you mean {near[0]}?" if near else _add_subset(db, service, name, has_rule=rule is not None)
        )
        yield found(Code.REFERENCE, ref, f"{path}.subset", message, hint)


def _add_subset(db: Database, service: Service, name: str, *, has_rule: bool) -> str:
    every = (label for one in instances(db, service.origin) for label in one.labels)
    labels = next((f"{key}: {value}" for key, value in every if value == name), f"version: {name}")
    subset = f"- name: {name}, labels: {{{labels}}}"
    if has_rule:
        return f"add to the subsets of its DestinationRule: {subset}"
    return f"add a DestinationRule with host: {service.host} and subsets: {subset}"
