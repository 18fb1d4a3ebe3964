"""LAT0130: a Gateway that no VirtualService is bound to."""

from lateen.analyze.catalogue import Code
from lateen.analyze.gateway.subject import gateway
from lateen.analyze.report import found
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model.gateway import Kind, servers_of
from lateen.model.virtual_services import by_gateway


@deferred
def routes(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell when a Gateway routes nothing. Servers that redirect or pass on by SNI need no VirtualService."""
    if gateway(db, ref) is None or f"{ref.namespace}/{ref.name}" in by_gateway(db):
        return ()
    idle = [
        one for one in servers_of(db, ref) if not one.https_redirect and one.kind is not Kind.AUTO_PASSTHROUGH
    ]
    if not idle or not facts.refs(db, "VirtualService"):
        return ()
    is_http = any(one.kind in (Kind.HTTP, Kind.HTTPS) for one in idle)
    what = "it answers 404 to everything" if is_http else "its ports are not opened"
    message = f"no VirtualService is bound to the Gateway: {what}"
    return (
        found(
            Code.GATEWAY_WITHOUT_ROUTES,
            ref,
            "spec.servers",
            message,
            f"name it in a VirtualService: gateways: [{ref.name}]",
        ),
    )
