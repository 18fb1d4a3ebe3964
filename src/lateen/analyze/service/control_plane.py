"""IST0175: an istiod that fetches keys from any address that a RequestAuthentication names (authn/blockedcidrs.go)."""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.api import facts, foreign
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.workload import Deployment
from lateen.engine import Database, deferred

VARIABLE = "BLOCKED_CIDRS_IN_JWKS_URIS"
SHOWN = 5


@deferred
def control_plane(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell when istiod is not kept from internal addresses while there are RequestAuthentications."""
    one = facts.get(db, ref)
    if one is None or not isinstance(one.spec, Deployment) or one.meta.labels.get("app") != "istiod":
        return ()
    names = [
        f"{own.meta.namespace}/{own.meta.name}" for own in foreign.objects(db, foreign.RequestAuthentication)
    ]
    spec = one.spec.template.spec if one.spec.template else None
    variables = [own for container in (spec.containers if spec else ()) for own in container.env]
    if not names or any(own.name == VARIABLE and own.value for own in variables):
        return ()
    more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
    message = f"{VARIABLE} is not set, and RequestAuthentication {joined([*names[:SHOWN], *more])} makes istiod fetch keys"
    return (
        found(
            Code.KEYS_FROM_ANYWHERE,
            ref,
            "metadata.name",
            message,
            f"set {VARIABLE} to the ranges of internal networks",
        ),
    )
