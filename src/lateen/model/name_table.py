"""What names a workload can look up, and the addresses it gets: Istio's name table (pkg/dns/server/name_table.go).

Only services that the proxy's scope imports have names. A headless service's name stands for its ready pods, and each pod
with a host name for itself. Short forms are made for Kubernetes services, in the proxy's own namespace also the bare name.
"""

from collections.abc import Iterable

from lateen.engine import Database, query
from lateen.model import scope as scopes
from lateen.model.endpoint import Endpoint
from lateen.model.endpoints import endpoints
from lateen.model.host import is_cidr
from lateen.model.scope import Scope
from lateen.model.service import Registry, Resolution, Service, of_host
from lateen.model.workload import Health

Addresses = tuple[str, ...]


@query
def name_table(db: Database, scope: Scope, domain: str) -> dict[str, Addresses]:
    """Return every name that workloads of a scope know, lower case and without a trailing dot."""
    ordered = reversed(scopes.services(db, scope))  # so that the first imported wins a name
    return {
        name: addresses
        for service in ordered
        for name, addresses in names_of(db, service, scope.namespace, domain)
    }


def lookup(table: dict[str, Addresses], name: str, search: Iterable[str] = ()) -> Addresses | None:
    """Find a name, or the wildcard that covers it most closely; None when the mesh does not know it.

    A name that is known without one of the client's search domains is not taken by a wildcard over that domain: it is
    None, for the client means the shorter name (Istio's agent puts such names into its table beforehand).
    """
    name = name.lower().rstrip(".")
    if name in table:
        return table[name]
    if any(name.endswith(f".{domain}") and name.removesuffix(f".{domain}") in table for domain in search):
        return None
    rest = name
    while "." in rest:
        rest = rest.partition(".")[2]
        if (found := table.get(f"*.{rest}")) is not None:
            return found
    return None


def names_of(db: Database, service: Service, namespace: str, domain: str) -> list[tuple[str, Addresses]]:
    """Return the names of one service as seen from a namespace."""
    if service.resolution is Resolution.ALIAS:
        return _forms(service, service.host, _alias_addresses(db, service), namespace, domain)
    addresses = _addresses(db, service)
    if not addresses:
        return []
    named = [
        form
        for host in (service.host, *service.aliases)
        for form in _forms(service, host, addresses, namespace, domain)
    ]
    return named + _pod_names(db, service, namespace, domain)


def _forms(
    service: Service, host: str, addresses: Addresses, namespace: str, domain: str
) -> list[tuple[str, Addresses]]:
    names = [host]
    if service.registry is Registry.KUBERNETES and host.endswith(f".svc.{domain}"):
        short, own = host.split(".", maxsplit=1)[0], host.split(".")[1]
        names += [f"{short}.{own}", f"{short}.{own}.svc"] + ([short] if own == namespace else [])
    return [(name, addresses) for name in names]


def _addresses(db: Database, service: Service) -> Addresses:
    if service.headless:
        return tuple(sorted({endpoint.address for endpoint in _ready(db, service)}))
    plain = tuple(address for address in service.addresses if not is_cidr(address))
    return plain or ((service.auto_address,) if service.auto_address else ())


def _ready(db: Database, service: Service) -> list[Endpoint]:
    """Return an endpoint for each ready address; not every port has all of them, as a pod may lack a named one."""
    found = (
        endpoint
        for port in service.ports
        for endpoint in endpoints(db, service.host, service.namespace, port.number)
        if endpoint.health in (Health.HEALTHY, Health.UNKNOWN)
    )
    return list({one.address: one for one in found}.values())


def _pod_names(db: Database, service: Service, namespace: str, domain: str) -> list[tuple[str, Addresses]]:
    if not service.headless:
        return []
    found: list[tuple[str, Addresses]] = []
    for endpoint in _ready(db, service):
        if endpoint.subdomain:
            suffix = f"{endpoint.subdomain}.{service.namespace}"
            names = [f"{endpoint.hostname}.{suffix}", f"{endpoint.hostname}.{suffix}.svc"]
            names += [f"{endpoint.hostname}.{endpoint.subdomain}"] if namespace == service.namespace else []
            found += [
                (name, (endpoint.address,)) for name in (*names, f"{endpoint.hostname}.{suffix}.svc.{domain}")
            ]
    return found


def _alias_addresses(db: Database, service: Service) -> Addresses:
    """An ExternalName stands for the addresses of the service it points to, where that is in the mesh."""
    target = next(iter(of_host(db, service.external_name.lower()) or ()), None)
    return _addresses(db, target) if target is not None and target.resolution is not Resolution.ALIAS else ()
