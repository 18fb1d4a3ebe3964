"""All findings that concern more than one object; each rule is a query, so an edit re-runs only what it touches."""

from collections.abc import Callable

from lateen.analyze import destination_rules, gateways, virtual_services
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, query

RULES: dict[str, tuple[Callable[[Database, Ref], tuple[Finding, ...]], ...]] = {
    "VirtualService": (virtual_services.references,),
    "Gateway": (gateways.references,),
    "DestinationRule": (destination_rules.references,),
}


@query
def findings(db: Database) -> tuple[Finding, ...]:
    """Return the findings of the whole mesh, by kind, namespace and name."""
    return tuple(one for kind in RULES for ref in facts.refs(db, kind) for one in findings_of(db, ref))


@query
def findings_of(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Return the findings about one object."""
    return tuple(one for rule in RULES.get(ref.kind, ()) for one in rule(db, ref))
