"""DestinationRules that apply to nothing."""

import difflib

from lateen.analyze.catalogue import Code
from lateen.api import facts
from lateen.api.destination_rule import DestinationRule
from lateen.api.finding import Finding, Level
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model import host as hosts
from lateen.model.defaults import CLUSTER_DOMAIN
from lateen.model.service import by_host


@query
def references(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Return a finding when no service has the rule's host."""
    found = facts.get(db, ref)
    if found is None or not isinstance(found.spec, DestinationRule):
        return ()
    host = hosts.fqdn(found.spec.host, ref.namespace, CLUSTER_DOMAIN).lower()
    known = by_host(db)
    if any(hosts.subset_of(name, host) for name in known):
        return ()
    near = difflib.get_close_matches(host, known, 1)
    return (
        Finding(
            code=Code.ORPHAN_POLICY,
            level=Level.WARNING,
            ref=ref,
            path="spec.host",
            message=f"no service has the host {found.spec.host}: the rule applies to nothing",
            suggestion=f"did you mean {near[0]}?" if near else "",
        ),
    )
