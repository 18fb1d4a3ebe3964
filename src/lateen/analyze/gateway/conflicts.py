"""IST0145: servers that a gateway proxy leaves out, because they cannot be beside another Gateway's."""

from lateen.analyze.catalogue import Code
from lateen.analyze.gateway.subject import views
from lateen.analyze.report import found
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model import gateway as gateways
from lateen.model.gateway import Conflict
from lateen.model.view import View


@query
def conflicts(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which servers of a Gateway are not opened, and why."""
    told: dict[Finding, None] = {}
    for view in views(db, ref):
        for one in _of_view(db, view):
            if one.gateway == ref:
                message = f"server {one.index + 1} is left out: {one.reason}"
                hint = "give it another port or other hosts, or put both servers into one Gateway"
                told[found(Code.GATEWAY_CONFLICT, ref, f"spec.servers[{one.index}]", message, hint)] = None
    return tuple(told)


@query
def _of_view(db: Database, view: View) -> tuple[Conflict, ...]:
    return gateways.conflicts(db, view)
