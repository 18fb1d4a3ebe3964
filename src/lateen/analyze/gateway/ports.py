"""IST0162: ports of a Gateway that no Service of the gateway's pods leads to."""

from lateen.analyze.catalogue import Code
from lateen.analyze.gateway.subject import gateway, views
from lateen.analyze.report import found, joined
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model.inbound import service_targets


@query
def ports(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which servers cannot be reached through a Service; nothing is told when the pods have none."""
    one = gateway(db, ref)
    targets = [target for view in views(db, ref) for target in service_targets(db, view)]
    if one is None or not targets:
        return ()
    open_ = {target.port.number for target in targets} | {target.target_port for target in targets}
    has = joined(sorted({target.port.number for target in targets}))
    return tuple(
        found(
            Code.GATEWAY_PORT,
            ref,
            f"spec.servers[{index}].port.number",
            f"no Service of the gateway's workloads has port {server.port.number}: it is not reached from outside",
            f"the Service has {has}",
        )
        for index, server in enumerate(one.spec.servers)
        if server.port is not None and server.port.number and server.port.number not in open_
    )
