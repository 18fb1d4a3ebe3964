"""LAT0120: a DestinationRule that no client of its host follows, and why.

A client takes the rules of the first namespace that has one for the host: its own, the service's, the root's
(pilot/pkg/model/push_context.go destinationRule).
"""

from lateen.analyze.catalogue import Code
from lateen.analyze.destination_rule.subject import destination_rule, services
from lateen.analyze.report import found, joined
from lateen.analyze.selection import INGRESS_NAMESPACE
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model import visibility
from lateen.model.destination_rules import head, rule_for
from lateen.model.root import root_namespace
from lateen.model.service import Service
from lateen.model.view import View


def invisible(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell when no workload in any namespace would follow the rule."""
    one, hosts = destination_rule(db, ref), services(db, ref)
    if one is None or not hosts or _is_near(db, ref, hosts):
        return ()
    clients = client_namespaces(db)
    if not clients or any(_follows(db, space, service, ref) for space in clients for service in hosts):
        return ()
    owner = hosts[0].namespace
    message = f"no client of {one.spec.host} follows the rule: {_why(db, ref, owner)}"
    hint = f"put it into namespace {owner}, where the service is, or into the namespaces of the clients"
    return (found(Code.RULE_INVISIBLE, ref, "metadata.namespace", message, hint),)


@deferred
def client_namespaces(db: Database) -> tuple[str, ...]:
    """Return the namespaces that have workloads; the ingress gateway is in its own even if no file says so."""
    kinds = ("Pod", "WorkloadEntry")
    named = {ref.namespace for kind in kinds for ref in facts.refs(db, kind)}
    return tuple(sorted(named | {INGRESS_NAMESPACE})) if named else ()


def _is_near(db: Database, ref: Ref, hosts: tuple[Service, ...]) -> bool:
    """Spare the common case: the rule is beside the service and for everybody, so only another rule could hide it."""
    one = head(db, ref)
    if one is None or one.selector is not None:
        return True
    public = not one.export_to or visibility.PUBLIC in one.export_to
    return public and any(service.namespace == ref.namespace for service in hosts)


def _follows(db: Database, space: str, service: Service, ref: Ref) -> bool:
    rule = rule_for(db, View(type="sidecar", namespace=space), service.host)
    return rule is not None and ref in rule.refs


def _why(db: Database, ref: Ref, owner: str) -> str:
    one = head(db, ref)
    exported = one is None or not one.export_to or visibility.PUBLIC in one.export_to
    if ref.namespace in (owner, root_namespace(db)):
        if not exported:
            return f"exportTo keeps it in {ref.namespace}, where no workload is"
        return "another rule for the host comes first everywhere"
    if ref.namespace not in client_namespaces(db):
        places = joined(
            f"in {place}" for place in dict.fromkeys(("their own namespace", owner, root_namespace(db)))
        )
        return f"it is in namespace {ref.namespace}, which has no workloads, and clients elsewhere look only {places}"
    return f"another rule for the host comes first in namespace {ref.namespace}"
