"""IST0118, IST0150: ports of Services whose protocol is not said."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.injection.labels import IGNORED_NAMESPACES, is_control_plane, is_managed
from lateen.analyze.report import found
from lateen.analyze.selection import INGRESS_GATEWAY
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.kubernetes import Service
from lateen.api.meta import Ref
from lateen.engine import Database
from lateen.model import protocol


def port_names(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which ports the proxies have to detect the protocol of."""
    one = facts.get(db, ref)
    if one is None or not isinstance(one.spec, Service) or one.spec.selector == INGRESS_GATEWAY:
        return ()  # the gateway's status port is not for the mesh
    if (
        is_control_plane(one.meta.labels)
        or is_managed(one.meta.labels)
        or ref.namespace in IGNORED_NAMESPACES
    ):
        return ()  # nobody here wrote it
    return tuple(_judged(ref, one.spec))


def _judged(ref: Ref, spec: Service) -> Iterator[Finding]:
    for index, port in enumerate(spec.ports):
        spoken = protocol.of_kubernetes_port(
            port.port, port.name or "", port.protocol or "TCP", port.app_protocol
        )
        path, name = f"spec.ports[{index}]", port.name or ""
        if spec.type == "ExternalName" and (spoken.is_sniffed or name == "tcp"):
            message = f"port {port.port} of an ExternalName Service is named {name or 'nothing'}: it may take traffic of others"
            yield found(
                Code.EXTERNAL_NAME_PORT,
                ref,
                path,
                message,
                "name it by its protocol, for example http or tls",
            )
        elif spoken.is_sniffed and (port.protocol or "TCP") == "TCP":
            message = (
                f"the name of port {port.port} ({name or 'none'}) says no protocol: the proxies detect it"
            )
            yield found(
                Code.PORT_NAME,
                ref,
                path,
                message,
                "name it PROTOCOL or PROTOCOL-…, for example http, or set appProtocol",
            )
