"""EnvoyFilter (pkg/config/validation/envoyfilter/envoyfilter.go, and the CRD's schema).

The contents of patches are Envoy's messages; whoever applies them checks them against Envoy's descriptors. What Istio
says as a warning about every EnvoyFilter, whatever is in it, is no more than a note here.
"""

import re

from lateen.api.check.primitives.labels import selector
from lateen.api.check.primitives.regexes import LONGEST, regex
from lateen.api.check.report import Report
from lateen.api.envoy_filter import EnvoyConfigObjectMatch, EnvoyConfigObjectPatch, EnvoyFilter, FilterMatch

LISTENER = frozenset({"LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER"})
ROUTE = frozenset({"ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"})
HTTP_MANAGER = ("envoy.filters.network.http_connection_manager", "envoy.http_connection_manager")
MOST_TARGETS = 16
GROUP = re.compile(r"|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
KIND = re.compile(r"[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?", re.ASCII)
TARGETS = frozenset(
    {
        ("", "Service"),
        ("networking.istio.io", "ServiceEntry"),
        ("gateway.networking.k8s.io", "Gateway"),
        ("gateway.networking.k8s.io", "GatewayClass"),
    }
)


def envoy_filter(report: Report, spec: EnvoyFilter) -> None:
    """Check an EnvoyFilter."""
    message = (
        "an EnvoyFilter depends on the configuration that is generated, which may change with any release"
    )
    report.note("spec", message, "use another kind where one serves")
    if spec.workload_selector is not None:
        path = "spec.workloadSelector.labels"
        selector(
            report, path, spec.workload_selector.labels, "the patches are for every workload in the namespace"
        )
        if spec.target_refs:
            report.error("spec.targetRefs", "targetRefs and workloadSelector exclude each other")
    _targets(report, spec)
    for place, patch in enumerate(spec.config_patches):
        _patch(report, f"spec.configPatches[{place}]", patch)


def _targets(report: Report, spec: EnvoyFilter) -> None:
    if len(spec.target_refs) > MOST_TARGETS:
        report.error("spec.targetRefs", f"at most {MOST_TARGETS} targets are allowed")
    for place, target in enumerate(spec.target_refs):
        path = f"spec.targetRefs[{place}]"
        if not target.name:
            report.error(f"{path}.name", "the name is missing")
        if target.namespace:
            report.error(f"{path}.namespace", "only targets in the own namespace are allowed", "remove it")
        if not (GROUP.fullmatch(target.group or "") and KIND.fullmatch(target.kind)):
            report.error(f"{path}.kind", f"{target.kind!r} of {target.group or 'core'!r} is no kind")
        elif (target.group or "", target.kind) not in TARGETS:
            report.warning(
                f"{path}.kind", f"a policy cannot be for {target.kind!r} of {target.group or 'core'!r}"
            )


def _patch(report: Report, path: str, given: EnvoyConfigObjectPatch) -> None:
    match = given.match
    waypoint = match is not None and match.context == "WAYPOINT"
    if match is not None and waypoint != (match.waypoint is not None):
        report.error(f"{path}.match.waypoint", "waypoint and context: WAYPOINT go together")
    if waypoint:
        return
    if given.apply_to in (None, "INVALID"):
        report.error(f"{path}.applyTo", "applyTo is missing")
    _operation(report, f"{path}.patch", given)
    if match is not None:
        _proxy(report, f"{path}.match.proxy", match)
        _object(report, f"{path}.match", match, given.apply_to or "")


def _operation(report: Report, path: str, given: EnvoyConfigObjectPatch) -> None:
    if given.patch is None:
        report.error(path, "the patch is missing")
    elif given.patch.operation in (None, "INVALID"):
        report.error(f"{path}.operation", "the operation is missing")
    elif given.patch.operation != "REMOVE" and given.patch.value is None:
        report.error(f"{path}.value", f"{given.patch.operation} needs a value")


def _proxy(report: Report, path: str, match: EnvoyConfigObjectMatch) -> None:
    version = match.proxy.proxy_version if match.proxy is not None else None
    if version and len(version) > LONGEST:
        report.warning(
            f"{path}.proxyVersion", f"the expression is longer than {LONGEST} characters and matches nothing"
        )
    elif version:
        report.wrong(f"{path}.proxyVersion", regex(version))


def _object(report: Report, path: str, match: EnvoyConfigObjectMatch, apply_to: str) -> None:
    """Check that the object that is matched is of the kind that is patched."""
    wanted = (
        "listener" if apply_to in LISTENER else "routeConfiguration" if apply_to in ROUTE else
        "cluster" if apply_to == "CLUSTER" else ""
    )  # fmt: skip
    given = {
        "listener": match.listener,
        "routeConfiguration": match.route_configuration,
        "cluster": match.cluster,
    }
    for field, value in given.items():
        if value is not None and wanted and field != wanted:
            report.error(f"{path}.{field}", f"applyTo {apply_to} is matched by {wanted}, not by {field}")
    chain = match.listener.filter_chain if match.listener is not None else None
    if chain is not None and chain.filter is not None and apply_to in LISTENER:
        _filter(report, f"{path}.listener.filterChain.filter", chain.filter, apply_to)


def _filter(report: Report, path: str, given: FilterMatch, apply_to: str) -> None:
    if apply_to in ("LISTENER", "FILTER_CHAIN"):
        report.warning(path, f"a filter is not looked at for applyTo {apply_to}")
    if not given.name:
        report.error(f"{path}.name", "the filter has no name to match")
    elif given.sub_filter is not None:
        if apply_to != "HTTP_FILTER":
            report.error(f"{path}.subFilter", "subFilter is for applyTo HTTP_FILTER")
        elif given.name not in HTTP_MANAGER:
            report.error(
                f"{path}.name", f"subFilter is inside {HTTP_MANAGER[0]}", f"write name: {HTTP_MANAGER[0]}"
            )
        elif not given.sub_filter.name:
            report.error(f"{path}.subFilter.name", "the filter has no name to match")
