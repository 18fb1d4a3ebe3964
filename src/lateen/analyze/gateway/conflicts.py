"""IST0145: servers of two Gateways that are for the same workloads, port and hosts, or cannot be side by side at all.

Both Gateways are told of, as in Istio (analyzers/gateway/conflictinggateway.go).
"""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.gateway.subject import gateway, namespaces, views
from lateen.analyze.report import found, joined
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.gateway import Server
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model import gateway as gateways
from lateen.model.gateway import Conflict
from lateen.model.selectors import Pairs, pairs
from lateen.model.view import View

HINT = "give it another port or other hosts, or put both servers into one Gateway"


@deferred
def conflicts(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which servers of a Gateway are not opened, and why, and which share a host with another Gateway's."""
    told: dict[Finding, None] = {}
    for view in views(db, ref):
        for one in _of_view(db, view):
            if one.gateway == ref:
                message = f"server {one.index + 1} is left out: {one.reason}"
                told[found(Code.GATEWAY_CONFLICT, ref, f"spec.servers[{one.index}]", message, HINT)] = None
    lost = {one.path for one in told}
    return (*told, *(one for one in _shared(db, ref) if one.path not in lost))


def _shared(db: Database, ref: Ref) -> Iterator[Finding]:
    """Tell which servers have a port and hosts that another Gateway has for the same workloads."""
    one = gateway(db, ref)
    own = pairs(one.spec.selector) if one else ()
    for index, server in enumerate(one.spec.servers if one else ()):
        claims = {host: _claims(db).get(_key(server, host), ()) for host in server.hosts}
        rivals = {
            host: [other for other, selector in every if other != ref and _meet(db, own, selector)]
            for host, every in claims.items()
        }
        shared = [host for host, others in rivals.items() if others]
        if shared:
            others = sorted({other for found_ in rivals.values() for other in found_})
            names = joined(str(other).partition(" ")[2] for other in others)
            number = server.port.number if server.port else 0
            message = f"Gateway {names} has port {number} with {joined(shared)} for the same workloads, too"
            yield found(Code.GATEWAY_CONFLICT, ref, f"spec.servers[{index}]", message, HINT)


def _key(server: Server, host: str) -> tuple[int, str, str]:
    return (server.port.number or 0) if server.port else 0, server.bind or "", host


@deferred
def _claims(db: Database) -> dict[tuple[int, str, str], tuple[tuple[Ref, Pairs], ...]]:
    """Index the Gateways and their selectors by port, bind and host."""
    index: dict[tuple[int, str, str], tuple[tuple[Ref, Pairs], ...]] = {}
    for ref in facts.refs(db, "Gateway"):
        one = gateway(db, ref)
        for server in one.spec.servers if one else ():
            for host in server.hosts:
                key, claim = _key(server, host), (ref, pairs(one.spec.selector if one else None))
                index[key] = (*(other for other in index.get(key, ()) if other != claim), claim)
    return index


@deferred
def _meet(db: Database, left: Pairs, right: Pairs) -> bool:
    """Tell whether two selectors are one, or take the same workload."""
    both = pairs(dict((*left, *right)))
    if left == right:
        return True
    clash = any(dict(left)[key] != value for key, value in right if key in dict(left))
    return not clash and bool(left and right) and bool(namespaces(db, both))


@deferred
def _of_view(db: Database, view: View) -> tuple[Conflict, ...]:
    return gateways.conflicts(db, view)
