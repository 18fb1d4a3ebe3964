"""IST0132: hosts of a VirtualService that its Gateway does not serve."""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model import host as hosts
from lateen.model.defaults import CLUSTER_DOMAIN, MESH_GATEWAY
from lateen.model.gateway import servers_of
from lateen.model.virtual_services import gateway_name


@query
def gateway_hosts(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which hosts have nothing in common with the servers of a Gateway that the object is bound to.

    Hosts may be meant for another of its gateways: only those that none of them serves are told.
    """
    one = virtual_service(db, ref)
    names = [gateway_name(name, ref.namespace) for name in one.spec.gateways] if one else []
    served = {name: servers_of(db, _ref(name)) for name in names if name != MESH_GATEWAY}
    if one is None or not served or MESH_GATEWAY in names or not all(served.values()):
        return ()
    patterns = [
        own.host
        for servers in served.values()
        for server in servers
        for own in server.hosts
        if own.namespace in ("", ref.namespace)
    ]
    return tuple(
        _finding(ref, index, host, tuple(served), patterns)
        for index, host in enumerate(one.spec.hosts)
        if not any(
            hosts.matches(hosts.fqdn(host, ref.namespace, CLUSTER_DOMAIN).lower(), own) for own in patterns
        )
    )


def _ref(name: str) -> Ref:
    space, _, short = name.partition("/")
    return Ref("Gateway", space, short)


def _finding(ref: Ref, index: int, host: str, names: tuple[str, ...], patterns: list[str]) -> Finding:
    which = f"Gateway{'s' if len(names) > 1 else ''} {joined(names)}"
    has = joined(dict.fromkeys(patterns)) or "no host for this namespace"
    return found(
        Code.HOST_NOT_IN_GATEWAY,
        ref,
        f"spec.hosts[{index}]",
        f"host {host} is not served by {which}, so its requests are answered 404",
        f"the servers have {has}; add the host to one of them",
    )
