"""How widely ServiceEntries are seen at most: MeshConfig's `serviceEntryVisibility`, with `applyToSidecars`.

Source: pilot/pkg/model/serviceentry_visibility.go, push_context.go serviceExportTo.
"""

from lateen.api import facts
from lateen.api.check.primitives.conditions import selects, wrong_parts
from lateen.api.mesh_config import ServiceEntryVisibility, VisibilityMatchRule, VisibilityPolicy
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model.defaults import NAMESPACE_NAME

PUBLIC = "PUBLIC"


@query
def widest(db: Database, namespace: str) -> str:
    """Return PUBLIC, NAMESPACE or NONE for the ServiceEntries of a namespace: the first policy that takes it says it."""
    setting = _setting(db)
    if setting is None:
        return PUBLIC
    own = facts.get(db, Ref("Namespace", "", namespace))
    labels = {**(own.meta.labels if own else {}), NAMESPACE_NAME: namespace}
    for policy in setting.policies:
        if _takes(policy, labels):
            return _visibility(policy.visibility)
    return _visibility(setting.default_visibility)


@query
def _setting(db: Database) -> ServiceEntryVisibility | None:
    found = facts.mesh_config(db).service_entry_visibility
    return found if found is not None and found.apply_to_sidecars else None


def _takes(policy: VisibilityPolicy, labels: dict[str, str]) -> bool:
    """Tell whether all rules hold; none at all take everything."""
    return all(_holds(rule, labels) for rule in policy.matching_rules)


def _holds(rule: VisibilityMatchRule, labels: dict[str, str]) -> bool:
    selector = rule.namespace_selector
    return selector is not None and not any(wrong_parts(selector)) and selects(selector, labels)


def _visibility(said: str | None) -> str:
    return PUBLIC if said in (None, "VISIBILITY_UNSPECIFIED") else str(said)
