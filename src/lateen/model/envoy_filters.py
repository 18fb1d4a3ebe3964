"""Which patches of which EnvoyFilters apply to a proxy, and in what order.

Order: priority, those of the root namespace first, age, name. Whether a patch finds anything to change is decided where
the generated message is at hand (`translate/patch*.py`).

Source: pilot/pkg/model/envoyfilter.go, push_context.go (EnvoyFilters), policyattachment.go.
"""

from enum import StrEnum
from typing import Any

import msgspec
import re2

from lateen.api import facts
from lateen.api.check.primitives.regexes import QUIET
from lateen.api.envoy_filter import (
    ApplyTo,
    EnvoyConfigObjectMatch,
    EnvoyConfigObjectPatch,
    EnvoyFilter,
    Operation,
    ProxyMatch,
)
from lateen.api.meta import Object, Ref
from lateen.engine import Database, query
from lateen.model.root import root_namespace
from lateen.model.selectors import GATEWAY_NAME, pairs, selects
from lateen.model.view import View

MAX_VERSION_PATTERN = 1024
"""Characters; a longer `proxyVersion` matches no proxy."""
KUBERNETES_GATEWAY = ("gateway.networking.k8s.io", "Gateway")

_INSERTS = frozenset({"INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST"})
_ORDERED = frozenset({"HTTP_FILTER", "NETWORK_FILTER", "LISTENER_FILTER", "HTTP_ROUTE"})


class Context(StrEnum):
    """What a generated resource is for."""

    SIDECAR_INBOUND = "SIDECAR_INBOUND"
    SIDECAR_OUTBOUND = "SIDECAR_OUTBOUND"
    GATEWAY = "GATEWAY"


class ConfigPatch(msgspec.Struct, frozen=True, kw_only=True):
    """One patch of one EnvoyFilter."""

    ref: Ref
    index: int
    """Its place in `spec.configPatches`."""
    apply_to: ApplyTo
    operation: Operation
    """As it works: an insertion where there is no order is ADD."""
    match: EnvoyConfigObjectMatch
    value: dict[str, Any] | None


@query
def patches(db: Database, view: View) -> tuple[ConfigPatch, ...]:
    """Return the patches for a proxy in the order in which they apply."""
    found = (one for ref in selected(db, view) for one in config_patches(db, ref))
    return tuple(one for one in found if _matches_proxy(one.match.proxy, view))


@query
def selected(db: Database, view: View) -> tuple[Ref, ...]:
    """Return the EnvoyFilters for a proxy: of the root namespace and of its own, in the order in which they apply."""
    root = root_namespace(db)
    found = []
    for ref in facts.refs(db, "EnvoyFilter"):
        obj = facts.get(db, ref) if ref.namespace in (root, view.namespace) else None
        if obj is not None and isinstance(obj.spec, EnvoyFilter) and _attaches(obj, view):
            found.append((_order(obj, root), ref))
    return tuple(ref for _, ref in sorted(found))


@query
def config_patches(db: Database, ref: Ref) -> tuple[ConfigPatch, ...]:
    """Return the patches of one EnvoyFilter; one that says too little is left out."""
    obj = facts.get(db, ref)
    if obj is None or not isinstance(obj.spec, EnvoyFilter):
        return ()
    found = (_config_patch(ref, index, one) for index, one in enumerate(obj.spec.config_patches))
    return tuple(one for one in found if one is not None)


def _config_patch(ref: Ref, index: int, one: EnvoyConfigObjectPatch) -> ConfigPatch | None:
    operation = one.patch.operation if one.patch else None
    if one.patch is None or not one.apply_to or not operation or "INVALID" in (one.apply_to, operation):
        return None
    if operation in _INSERTS and one.apply_to not in _ORDERED:
        operation = "ADD"
    match = one.match or EnvoyConfigObjectMatch()
    return ConfigPatch(
        ref=ref,
        index=index,
        apply_to=one.apply_to,
        operation=operation,
        match=match,
        value=one.patch.value,
    )


def _order(obj: Object[EnvoyFilter], root: str) -> tuple[int, bool, str, str]:
    meta = obj.meta
    name = f"{meta.name}.{meta.namespace}"
    return obj.spec.priority or 0, meta.namespace != root, meta.creation_timestamp, name


def _attaches(obj: Object[EnvoyFilter], view: View) -> bool:
    """Tell whether an EnvoyFilter is for a workload; `targetRefs` name gateways of Kubernetes' Gateway API only."""
    spec, gateway = obj.spec, dict(view.labels).get(GATEWAY_NAME)
    if not spec.target_refs:
        labels = pairs(spec.workload_selector.labels if spec.workload_selector else None)
        return selects(labels, view.labels)
    if gateway is None or obj.meta.namespace != view.namespace:
        return False
    return any(
        (one.group or "", one.kind) == KUBERNETES_GATEWAY
        and one.name == gateway
        and (one.namespace or view.namespace) == view.namespace
        for one in spec.target_refs
    )


def _matches_proxy(match: ProxyMatch | None, view: View) -> bool:
    """Compare version and metadata; a number, a flag or a mapping in the metadata equals no text, as in Istio."""
    if match is None:
        return True
    if match.proxy_version and not _matches_version(match.proxy_version, view.meta("ISTIO_VERSION")):
        return False
    have = {key: value for key, value in view.metadata if key not in view.structured}
    return all(have.get(key) == value for key, value in match.metadata.items())


def _matches_version(pattern: str, version: str) -> bool:
    """Search the version for an RE2 expression; an unknown version, or a broken expression, does not match."""
    if not version or len(pattern) > MAX_VERSION_PATTERN:
        return False
    try:
        return re2.search(pattern, version, QUIET) is not None  # type: ignore[no-untyped-call]
    except re2.error:
        return False
