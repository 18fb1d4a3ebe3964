"""IST0151 to IST0155: operations of EnvoyFilters that depend on an order that nobody gave, or are ignored.

Source: analyzers/envoyfilter/envoyfilter.go. Istio documents that ADD and REMOVE are ignored for a ROUTE_CONFIGURATION and an
HTTP_ROUTE; that it carries them out on routes all the same is nothing to build on.
"""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.api import facts
from lateen.api.envoy_filter import EnvoyConfigObjectPatch, EnvoyFilter
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred

RELATIVE = ("INSERT_BEFORE", "INSERT_AFTER", "REPLACE", "REMOVE")
ROUTES = ("ROUTE_CONFIGURATION", "HTTP_ROUTE")
REPLACEABLE = ("NETWORK_FILTER", "HTTP_FILTER", "VIRTUAL_HOST")
IGNORED = {"ADD": Code.WRONG_ADD, "REMOVE": Code.WRONG_REMOVE}


@deferred
def operations(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Judge the operation of each patch."""
    one = facts.get(db, ref)
    if one is None or not isinstance(one.spec, EnvoyFilter):
        return ()
    return tuple(
        finding
        for index, patch in enumerate(one.spec.config_patches)
        for finding in _judged(db, ref, index, patch, ordered=bool(one.spec.priority))
    )


def is_told(operation: str, apply_to: str) -> bool:
    """Tell whether Istio knows that an operation does nothing to a target of this kind."""
    return (operation in IGNORED and apply_to in ROUTES) or (
        operation == "REPLACE" and apply_to not in REPLACEABLE
    )


def _judged(
    db: Database, ref: Ref, index: int, patch: EnvoyConfigObjectPatch, *, ordered: bool
) -> Iterator[Finding]:
    path = f"spec.configPatches[{index}].patch.operation"
    operation = (patch.patch.operation if patch.patch else None) or ""
    if operation in IGNORED and patch.apply_to in ROUTES:
        message = f"{operation} is ignored for applyTo {patch.apply_to}"
        if patch.apply_to == "HTTP_ROUTE":
            message = f"{operation} is documented to be ignored for applyTo HTTP_ROUTE; it works by chance"
        yield found(IGNORED[operation], ref, path, message, "merge into the route, or patch its VIRTUAL_HOST")
    elif operation == "REPLACE" and patch.apply_to not in REPLACEABLE:
        message = f"REPLACE does nothing to a {patch.apply_to}; it is for {', '.join(REPLACEABLE)}"
        yield found(Code.WRONG_REPLACE, ref, path, message, "use MERGE")
    elif operation in RELATIVE and not ordered:
        code = Code.RELATIVE_PATCH_BY_VERSION if _is_versioned(db, ref, index) else Code.RELATIVE_PATCH
        message = f"{operation} finds nothing when the EnvoyFilter that makes its neighbour comes later"
        yield found(code, ref, path, message, "set spec.priority, or use INSERT_FIRST or ADD")


def _is_versioned(db: Database, ref: Ref, index: int) -> bool:
    """Tell whether a patch before this one, for the same filter, is for some versions of the proxy only."""
    places = [(*_place(one), name) for one, name in _versioned(db)]
    own = next((name for one, name in _names(db, ref) if one == index), "")
    return any(name == own and (kind, place) < (str(ref), index) for kind, place, name in places)


def _place(one: tuple[Ref, int]) -> tuple[str, int]:
    return str(one[0]), one[1]


@deferred
def _versioned(db: Database) -> tuple[tuple[tuple[Ref, int], str], ...]:
    """List the patches that are for some versions of the proxy, with the names of what they are for."""
    return tuple(
        ((ref, index), name)
        for ref in facts.refs(db, "EnvoyFilter")
        for index, name in _names(db, ref, versioned=True)
    )


def _names(db: Database, ref: Ref, *, versioned: bool = False) -> Iterator[tuple[int, str]]:
    one = facts.get(db, ref)
    patches = one.spec.config_patches if one is not None and isinstance(one.spec, EnvoyFilter) else ()
    for index, patch in enumerate(patches):
        proxy = patch.match.proxy if patch.match else None
        if not versioned or (proxy is not None and proxy.proxy_version):
            yield index, _name(patch)


def _name(patch: EnvoyConfigObjectPatch) -> str:
    """Return the name that a patch gives to what it makes, else that of the filter that it is matched by."""
    value = (patch.patch.value if patch.patch else None) or {}
    if value.get("name"):
        return str(value["name"])
    listener = patch.match.listener if patch.match else None
    chain = listener.filter_chain if listener else None
    return (chain.filter.name or "") if value and chain and chain.filter else ""
