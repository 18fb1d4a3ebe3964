"""IST0132: hosts of a VirtualService that its Gateway does not serve."""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.analyze.virtual_service.gateways import is_internal, kubernetes_hosts
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database
from lateen.model import host as hosts
from lateen.model.defaults import CLUSTER_DOMAIN, MESH_GATEWAY
from lateen.model.gateway import servers_of
from lateen.model.virtual_services import gateway_name


def gateway_hosts(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which gateways serve none of the object's hosts, as Istio does, and which hosts none of its gateways serves."""
    one = virtual_service(db, ref)
    if one is None:
        return ()
    names = {index: gateway_name(name, ref.namespace) for index, name in enumerate(one.spec.gateways)}
    named = {index: name for index, name in names.items() if name != MESH_GATEWAY and not is_internal(name)}
    served = {index: _patterns(db, name, ref.namespace) for index, name in named.items()}
    own = [hosts.fqdn(host, ref.namespace, CLUSTER_DOMAIN).lower() for host in one.spec.hosts]
    idle = [index for index, patterns in served.items() if not any(_serves(patterns, host) for host in own)]
    findings = [_nothing(ref, index, named[index], one.spec.hosts, served[index]) for index in idle if own]
    if idle or not served or MESH_GATEWAY in names.values():
        return tuple(findings)
    every = tuple(pattern for patterns in served.values() for pattern in patterns)
    lost = [index for index, host in enumerate(own) if not _serves(every, host)]
    return tuple(_finding(ref, index, one.spec.hosts[index], tuple(named.values()), every) for index in lost)


def _patterns(db: Database, name: str, namespace: str) -> tuple[str, ...]:
    """Return the hosts that a gateway serves for a namespace: of Istio's kind, else of the Gateway API's."""
    space, _, short = name.partition("/")
    ref = Ref("Gateway", space, short)
    if facts.get(db, ref) is None:
        return kubernetes_hosts(db, ref) or ()
    served = (own for server in servers_of(db, ref) for own in server.hosts)
    return tuple(own.host for own in served if own.namespace in ("", namespace))


def _serves(patterns: tuple[str, ...], host: str) -> bool:
    return any(hosts.matches(host, pattern) for pattern in patterns)


def _nothing(ref: Ref, index: int, name: str, own: tuple[str, ...], patterns: tuple[str, ...]) -> Finding:
    has = joined(dict.fromkeys(patterns)) or "no host for this namespace"
    message = f"Gateway {name} serves none of the hosts {joined(own)}: their requests are answered 404 there"
    hint = f"it has {has}; add a host to it, or remove it from the gateways"
    return found(Code.HOST_NOT_IN_GATEWAY, ref, f"spec.gateways[{index}]", message, hint)


def _finding(ref: Ref, index: int, host: str, names: tuple[str, ...], patterns: tuple[str, ...]) -> Finding:
    which = f"Gateway{'s' if len(names) > 1 else ''} {joined(names)}"
    has = joined(dict.fromkeys(patterns)) or "no host for this namespace"
    return found(
        Code.HOST_NOT_IN_GATEWAY,
        ref,
        f"spec.hosts[{index}]",
        f"host {host} is not served by {which}, so its requests are answered 404",
        f"the servers have {has}; add the host to one of them",
    )
