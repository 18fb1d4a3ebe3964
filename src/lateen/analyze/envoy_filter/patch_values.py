"""LAT0150, LAT0151, LAT0152: patches that cannot be carried out, and values that say more than Envoy understands."""

from collections.abc import Iterator
from typing import Any

from lateen.analyze.catalogue import Code
from lateen.analyze.envoy_filter.former_names import FORMER_NAMES
from lateen.analyze.envoy_filter.operations import is_told
from lateen.analyze.report import found
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model import envoy_filters
from lateen.model.envoy_filters import ConfigPatch
from lateen.model.pod_proxy import proxy_of
from lateen.model.view import View, view_of
from lateen.translate.patch import MERGES

_LISTS = frozenset({"ADD", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST"})
_FILTERS = frozenset({"NETWORK_FILTER", "HTTP_FILTER", "LISTENER_FILTER"})
_FILTER_OPERATIONS = _LISTS | {"MERGE", "REPLACE", "REMOVE"}
_WORKS = {
    "LISTENER": MERGES | {"ADD", "REMOVE"},
    "FILTER_CHAIN": MERGES | {"ADD", "REMOVE"},
    "NETWORK_FILTER": _FILTER_OPERATIONS,
    "HTTP_FILTER": _FILTER_OPERATIONS,
    "LISTENER_FILTER": _FILTER_OPERATIONS,
    "ROUTE_CONFIGURATION": MERGES,
    "VIRTUAL_HOST": MERGES | {"ADD", "REMOVE", "REPLACE"},
    "HTTP_ROUTE": MERGES | _LISTS | {"REMOVE"},
    "CLUSTER": MERGES | {"ADD", "REMOVE"},
    "EXTENSION_CONFIG": frozenset({"ADD"}),
    "BOOTSTRAP": MERGES,
}
"""What each `applyTo` knows; an insertion where there is no order counts as ADD."""


@deferred
def patch_values(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which values cannot be read, and what in the others is not understood."""
    return tuple(one for patch in envoy_filters.config_patches(db, ref) for one in _judged(db, patch))


def _judged(db: Database, patch: ConfigPatch) -> Iterator[Finding]:
    from lateen.compile.patches import value  # noqa: PLC0415  Envoy's messages: most meshes have no patches

    path = _path(patch.index)
    read = value(db, patch.ref, patch.index)
    if read.body is None:
        yield found(Code.PATCH_SKIPPED, patch.ref, f"{path}.value", read.problem)
    for words in read.warnings:
        yield found(Code.PATCH_VALUE, patch.ref, f"{path}.value", words)
    reason = _idle(patch)
    if reason and not is_told(patch.operation, patch.apply_to):
        yield found(Code.PATCH_WITHOUT_EFFECT, patch.ref, f"{path}.operation", reason)


def _idle(patch: ConfigPatch) -> str:
    """Say why a patch can never do anything; empty when it can."""
    for name in _filter_names(patch):
        if name in FORMER_NAMES:
            return f"no filter is called {name} any more: write {FORMER_NAMES[name]}"
    works = _WORKS.get(patch.apply_to, frozenset())
    if patch.operation not in works:
        return f"{patch.operation} does nothing to a {patch.apply_to}; these do: {', '.join(sorted(works))}"
    place = "subFilter" if patch.apply_to == "HTTP_FILTER" else "filter"
    needs = {"REMOVE", "REPLACE"} | ({"MERGE"} if patch.apply_to == "LISTENER_FILTER" else set())
    if patch.apply_to in _FILTERS and patch.operation in needs and not _names_filter(patch):
        what = "listenerFilter" if patch.apply_to == "LISTENER_FILTER" else place
        return f"{patch.operation} does nothing without match.listener naming a {what}"
    return ""


def _filter_names(patch: ConfigPatch) -> Iterator[str]:
    """Yield the names of filters that a patch is matched by."""
    match = patch.match.listener
    if match is None:
        return
    yield match.listener_filter or ""
    named = match.filter_chain.filter if match.filter_chain else None
    if named is not None:
        yield named.name or ""
        yield named.sub_filter.name or "" if named.sub_filter else ""


def _names_filter(patch: ConfigPatch) -> bool:
    match = patch.match.listener
    if match is None:
        return False
    if patch.apply_to == "LISTENER_FILTER":
        return bool(match.listener_filter)
    named = match.filter_chain.filter if match.filter_chain else None
    return named is not None and (patch.apply_to == "NETWORK_FILTER" or named.sub_filter is not None)


@deferred
def patch_failures(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which patches fail on what the selected proxies get: a merge into something of another type."""
    if not any(_may_fail(patch) for patch in envoy_filters.config_patches(db, ref)):
        return ()
    from lateen.compile.patch_failures import failures  # noqa: PLC0415

    failed = (one for view in _views(db, ref) for one in failures(db, view) if one.ref == ref)
    findings = (found(Code.PATCH_SKIPPED, ref, f"{_path(one.index)}.value", one.reason) for one in failed)
    return tuple(dict.fromkeys(findings))


def _may_fail(patch: ConfigPatch) -> bool:
    merges = patch.operation in MERGES and patch.value is not None
    return merges and (patch.apply_to in _FILTERS or bool(_sockets(patch.value or {})))


def _sockets(written: dict[str, Any]) -> set[str]:
    return {"transport_socket", "transportSocket"} & written.keys()


def _views(db: Database, ref: Ref) -> dict[View, None]:
    """Return the views of the pods that an EnvoyFilter selects."""
    pods = (facts.get(db, one) for one in facts.refs(db, "Pod"))
    views = dict.fromkeys(view_of(db, proxy_of(one)) for one in pods if one is not None)
    return {view: None for view in views if ref in envoy_filters.selected(db, view)}


def _path(index: int) -> str:
    return f"spec.configPatches[{index}].patch"
