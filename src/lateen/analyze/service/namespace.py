"""IST0123: a Namespace with more than one kind of injection label (injection/injection.go)."""

from lateen.analyze.catalogue import Code
from lateen.analyze.injection.labels import DATAPLANE, ENABLED, INJECTION, REVISION
from lateen.analyze.report import found, joined
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model.defaults import ROOT_NAMESPACE


@deferred
def namespace(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell when a Namespace says twice who takes its traffic; with injection disabled the others are of no account."""
    one = facts.get(db, ref)
    if one is None or ref.name == ROOT_NAMESPACE:
        return ()
    labels = one.meta.labels
    if labels.get(INJECTION, ENABLED) != ENABLED:
        return ()
    own = [label for label in (INJECTION, REVISION, DATAPLANE) if label in labels]
    if len(own) < 2:
        return ()
    effect = f"; Istio reads {INJECTION} and ignores {REVISION}" if own[:2] == [INJECTION, REVISION] else ""
    message = (
        f"the labels {joined(own)} are all set{effect}"
        if len(own) > 2
        else f"the labels {joined(own)} are both set{effect}"
    )
    return (found(Code.NAMESPACE_LABELS, ref, f"metadata.labels[{own[1]}]", message, "keep one of them"),)
