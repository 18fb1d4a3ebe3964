"""IST0151, IST0155: operations of EnvoyFilters that depend on an order that nobody gave."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.api import facts
from lateen.api.envoy_filter import EnvoyConfigObjectPatch, EnvoyFilter
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, query

RELATIVE = ("INSERT_BEFORE", "INSERT_AFTER", "REPLACE", "REMOVE")


@query
def operations(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Judge the operation of each patch."""
    one = facts.get(db, ref)
    if one is None or not isinstance(one.spec, EnvoyFilter) or one.spec.priority:
        return ()
    return tuple(
        finding
        for index, patch in enumerate(one.spec.config_patches)
        for finding in _judged(ref, f"spec.configPatches[{index}].patch.operation", patch)
    )


def _judged(ref: Ref, path: str, patch: EnvoyConfigObjectPatch) -> Iterator[Finding]:
    operation = patch.patch.operation if patch.patch else None
    if operation in RELATIVE:
        versioned = bool(patch.match and patch.match.proxy and patch.match.proxy.proxy_version)
        code = Code.RELATIVE_PATCH_BY_VERSION if versioned else Code.RELATIVE_PATCH
        message = f"{operation} finds nothing when the EnvoyFilter that makes its neighbour comes later"
        yield found(code, ref, path, message, "set spec.priority, or use INSERT_FIRST or ADD")
