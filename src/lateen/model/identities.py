"""Who a service's endpoints may say they are: what TLS expects where a rule names nobody.

Source: pilot/pkg/model/push_context.go addServiceAccounts.
"""

from collections.abc import Iterator

from lateen.api import facts
from lateen.engine import Database, query
from lateen.model.endpoints import endpoints
from lateen.model.service import of_host

TRUST_DOMAIN = "cluster.local"
_SCHEME = "spiffe://"


@query
def identities(db: Database, host: str, namespace: str) -> tuple[str, ...]:
    """Return the names that a service's entries accept and the identities of its endpoints, sorted.

    An identity of the mesh counts in every one of the mesh's trust domains.
    """
    found = {*_accepted(db, host, namespace), *_of_endpoints(db, host, namespace)}
    aliases = facts.mesh_config(db).trust_domain_aliases
    return tuple(sorted(found | {other for name in found for other in _elsewhere(name, aliases)}))


def _accepted(db: Database, host: str, namespace: str) -> Iterator[str]:
    for service in of_host(db, host) or ():
        if service.namespace == namespace:
            yield from service.subject_alt_names


def _of_endpoints(db: Database, host: str, namespace: str) -> Iterator[str]:
    domain = facts.mesh_config(db).trust_domain or TRUST_DOMAIN
    services = (one for one in of_host(db, host) or () if one.namespace == namespace)
    for number in dict.fromkeys(port.number for one in services for port in one.ports):
        for endpoint in endpoints(db, host, namespace, number):
            if endpoint.service_account:
                yield f"{_SCHEME}{domain}/ns/{endpoint.namespace}/sa/{endpoint.service_account}"


def _elsewhere(name: str, aliases: tuple[str, ...]) -> Iterator[str]:
    domain, _, path = name.removeprefix(_SCHEME).partition("/")
    if name.startswith(_SCHEME) and domain and path.startswith("ns/"):
        yield from (f"{_SCHEME}{alias}/{path}" for alias in aliases)
