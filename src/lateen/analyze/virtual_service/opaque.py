"""The `tcp` and `tls` rules that are asked before those of a VirtualService, on gateways and by sidecars."""

from collections.abc import Iterator

from msgspec import Struct

from lateen.analyze.gateway.subject import views
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import L4MatchAttributes, TLSMatchAttributes, VirtualService
from lateen.engine import Database, deferred
from lateen.model import gateway_claims, tcp_routing, visibility
from lateen.model import host as hosts
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.gateway import gateway_listeners
from lateen.model.gateway_claims import Claim
from lateen.model.virtual_services import Binding, binding, by_gateway, gateway_name

Match = L4MatchAttributes | TLSMatchAttributes


class Place(Struct, frozen=True):
    """A match of a rule, or a rule without any."""

    ref: Ref
    rule: str
    """`spec.tcp[0]`."""
    path: str
    """`spec.tcp[0].match[0]`, or the rule."""
    match: Match


def claims_on_gateways(db: Database, one: Object[VirtualService]) -> dict[str, list[Claim]]:
    """Return by the path of a rule or match what becomes of it at every server of the object's Gateways."""
    found: dict[str, list[Claim]] = {}
    for name in dict.fromkeys(gateway_name(name, one.meta.namespace) for name in one.spec.gateways):
        namespace, slash, rest = name.partition("/")
        for claim in _claims_of(db, Ref("Gateway", namespace, rest), one.ref) if slash else ():
            found.setdefault(claim.route.path, []).append(claim)
    return found


@deferred
def _claims(db: Database, gateway: Ref) -> dict[Ref, tuple[Claim, ...]]:
    """Index the claims on the servers of one Gateway, for every proxy that serves it, by VirtualService."""
    index: dict[Ref, list[Claim]] = {}
    for view in views(db, gateway):
        for listener in gateway_listeners(db, view):
            for server, claims in gateway_claims.by_server(db, view, listener):
                for claim in claims:
                    if server.gateway == gateway:
                        index.setdefault(claim.route.ref, []).append(claim)
    return {ref: tuple(found) for ref, found in index.items()}


@deferred
def _claims_of(db: Database, gateway: Ref, ref: Ref) -> tuple[Claim, ...]:
    return _claims(db, gateway).get(ref, ())


def places(db: Database, ref: Ref, section: str) -> Iterator[Place]:
    """Yield the matches of a VirtualService's `tcp` or `tls` rules that are for sidecars."""
    one = virtual_service(db, ref)
    for index, rule in enumerate(getattr(one.spec, section) if one else ()):
        path = f"spec.{section}[{index}]"
        if not rule.match and rule.route:
            yield Place(ref, path, path, L4MatchAttributes())
        for number, match in enumerate(rule.match if rule.route else ()):
            if not match.gateways or MESH_GATEWAY in match.gateways:
                yield Place(ref, path, f"{path}.match[{number}]", match)


def before(db: Database, ref: Ref, section: str) -> list[Place]:
    """Return what every sidecar asks before the rules of a VirtualService, for all of its hosts; first asked first."""
    own = binding(db, ref)
    if own is None:
        return []
    near = {rival for wide in hosts.covering(own.hosts[0]) for rival in _of_host(db, wide)}
    rivals = (rival for rival in near if _comes_first(rival, own) and _has_hosts_of(rival, own))
    ordered = sorted(rivals, key=lambda rival: rival.age)
    return [place for rival in ordered for place in places(db, rival.ref, section)]


@deferred
def _by_host(db: Database) -> dict[str, tuple[Binding, ...]]:
    """Index the VirtualServices with such rules for sidecars by host."""
    index: dict[str, tuple[Binding, ...]] = {}
    for one in by_gateway(db).get(MESH_GATEWAY, ()):
        for host in one.hosts if tcp_routing.has_l4_routes(db, one.ref) else ():
            index[host] = (*index.get(host, ()), one)
    return index


@deferred
def _of_host(db: Database, host: str) -> tuple[Binding, ...]:
    return _by_host(db).get(host, ())


def _has_hosts_of(rival: Binding, own: Binding) -> bool:
    return all(any(hosts.subset_of(host, wide) for wide in rival.hosts) for host in own.hosts)


def _comes_first(rival: Binding, own: Binding) -> bool:
    """Tell whether all who see the object see the other one before it (`virtual_services.for_gateway`)."""
    if rival.ref == own.ref or visibility.is_public(rival.export_to) != visibility.is_public(own.export_to):
        return False
    if visibility.is_public(own.export_to):
        return rival.age < own.age
    return bool(own.export_to) and all(
        space in rival.export_to
        and (rival.ref.namespace != space, rival.age) < (own.ref.namespace != space, own.age)
        for space in own.export_to
    )


def always_holds(outer: Match, inner: Match) -> bool:
    """Tell whether a match holds wherever another does, by all that is known before a connection comes."""
    return (
        (not outer.port or outer.port == inner.port)
        and outer.source_labels.items() <= inner.source_labels.items()
        and (not outer.source_namespace or outer.source_namespace == inner.source_namespace)
    )


def is_for_gateways(one: Object[VirtualService], match: Match) -> bool:
    """Tell whether a match is for other proxies than sidecars, too."""
    return any(name != MESH_GATEWAY for name in match.gateways or one.spec.gateways)


def called(path: str) -> str:
    """Call a rule or match by its place, counted from 1: `match 2 of tls rule 1` for `spec.tls[0].match[1]`."""
    rule, _, match = path.partition(".match[")
    section, _, index = rule.removeprefix("spec.").rstrip("]").partition("[")
    name = f"{section} rule {int(index) + 1}"
    return f"match {int(match.rstrip(']')) + 1} of {name}" if match else name


def whose(ref: Ref, path: str, own: Ref) -> str:
    """Name a rule or match that comes before: with its VirtualService, when that is another one."""
    where = "" if ref == own else f" of VirtualService {ref.namespace}/{ref.name}"
    return f"{path}{where}, which comes before it"
