"""IST0123: a Namespace with both kinds of injection labels."""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, query

BY_NAME, BY_REVISION = "istio-injection", "istio.io/rev"


@query
def namespace(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell when a Namespace says twice who injects."""
    one = facts.get(db, ref)
    if one is None or BY_NAME not in one.meta.labels or BY_REVISION not in one.meta.labels:
        return ()
    message = (
        f"the labels {BY_NAME} and {BY_REVISION} are both set; Istio reads {BY_NAME} and ignores the other"
    )
    return (
        found(Code.NAMESPACE_LABELS, ref, f"metadata.labels[{BY_REVISION}]", message, "remove one of them"),
    )
