"""IST0174: a DestinationRule for a host that no service has."""

from lateen.analyze.catalogue import Code
from lateen.analyze.destination_rule.subject import destination_rule, services
from lateen.analyze.report import found, nearest
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database
from lateen.model.defaults import CLUSTER_DOMAIN
from lateen.model.service import by_host


def unknown_host(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell when no service has the rule's host."""
    one = destination_rule(db, ref)
    if one is None or services(db, ref):
        return ()
    suffix = f".{ref.namespace}.svc.{CLUSTER_DOMAIN}"
    known = [name if "." in one.spec.host else name.removesuffix(suffix) for name in by_host(db)]
    elsewhere = sorted(name for name in known if name.startswith(f"{one.spec.host}."))
    hint = f"did you mean {elsewhere[0]}?" if elsewhere else nearest(one.spec.host, known, "hosts")
    message = f"no service has the host {one.spec.host}: the rule applies to nothing"
    return (found(Code.UNKNOWN_HOST, ref, "spec.host", message, hint),)
