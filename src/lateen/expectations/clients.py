"""Which proxy a request of an expectation meets first."""

from lateen.expectations.cases import Case
from lateen.expectations.imagined import LABELS, MESH, gateway_ref, virtual_services
from lateen.explained import ADDRESS, GATEWAY, imagined_gateway, imagined_workload
from lateen.mesh import Mesh
from lateen.model import host as hosts
from lateen.model.pod_proxy import is_gateway
from lateen.model.view import Proxy
from lateen.simulate.explain_request import Request, parts_of


class Clients:
    """The proxies of a mesh, found by what expectations call them; imagined where files describe no pods."""

    def __init__(self, mesh: Mesh) -> None:
        """Take the mesh."""
        self._mesh = mesh
        self._pods = mesh.objects("Pod")
        self._proxies: dict[tuple[str, str], Proxy] = {}

    def of(self, case: Case, request: Request) -> Proxy:
        """Return the proxy that a request meets first.

        Raises:
            LookupError: there is none.
        """
        if case.foreign:
            return self._serving(parts_of(request).host)
        if case.client == GATEWAY:
            found = self._gateway(request)
            if found is None:
                raise LookupError("there is no Gateway; say which workload sends with `from`")
            return found
        key = case.client, case.namespace
        if key not in self._proxies:
            self._proxies[key] = self._mesh.proxy(*key) if self._pods else imagined_workload(*key)
        return self._proxies[key]

    def _gateway(self, request: Request) -> Proxy | None:
        real = [one for one in self._pods if is_gateway(one)]
        if real:
            return self._mesh.proxy(real[0].meta.name, real[0].meta.namespace)
        return imagined_gateway(self._mesh.db, request)

    def _serving(self, host: str) -> Proxy:
        """Return a proxy that has the rules for a host: a sidecar, or a gateway where the rules are for gateways alone."""
        found = [
            one
            for one in virtual_services(self._mesh.db)
            if any(hosts.subset_of(host, h) for h in one.spec.hosts)
        ]
        exact = [one for one in found if host in one.spec.hosts]
        for obj in (*exact, *found):
            spec, space = obj.spec, obj.meta.namespace
            if not spec.gateways or MESH in spec.gateways:
                return Proxy(type="sidecar", address=ADDRESS, name="any", namespace=space)
            labels = self._labels(gateway_ref(spec.gateways[0], space))
            return Proxy(type="router", address=ADDRESS, name="any", namespace=space, labels=labels)
        return imagined_workload("any", "default")

    def _labels(self, ref: object) -> tuple[tuple[str, str], ...]:
        found = next((one for one in self._mesh.objects("Gateway") if one.ref == ref), None)
        return tuple(sorted((found.spec.selector if found is not None else LABELS).items()))
