"""An endpoint: one address at which a port of a service is served, whoever asks.

What a particular proxy does with it (priorities, subsets, networks) is decided in `locality` and `load_assignment`.
"""

import msgspec

from lateen.model.selectors import Pairs
from lateen.model.workload import Health, Workload

DRAINING_LABEL = "istio.io/draining"
"""On a workload: it takes no new sessions."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One address of one port of a service."""

    address: str
    """An IP, a host name (DNS services only), or a path when `port` is 0."""
    port: int
    labels: Pairs = ()
    locality: str = ""
    network: str = ""
    weight: int = 1
    health: Health = Health.UNKNOWN
    service_account: str = ""
    tls_mode: str = ""
    node: str = ""
    workload_name: str = ""
    namespace: str = ""
    hostname: str = ""
    subdomain: str = ""

    @property
    def is_unix(self) -> bool:
        """The address is the path of a UNIX socket."""
        return self.port == 0


def of_workload(one: Workload, address: str, port: int, health: Health) -> Endpoint:
    """Return the endpoint at a workload's port; the address may be another of its own, and is a path at port 0.

    The label that says a workload is draining comes before its health.
    """
    drains = bool(dict(one.labels).get(DRAINING_LABEL))
    return Endpoint(
        address=address,
        port=port,
        labels=one.labels,
        locality=one.locality,
        network=one.network,
        weight=one.weight or 1,
        health=Health.DRAINING if drains else health,
        service_account=one.service_account,
        tls_mode=one.tls_mode,
        node=one.node,
        workload_name=one.workload_name,
        namespace=one.ref.namespace,
        hostname=one.hostname,
        subdomain=one.subdomain,
    )
