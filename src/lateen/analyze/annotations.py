"""IST0107, IST0108: annotations of Istio's that nobody knows, or on a kind that they do nothing for.

Source: istio/api annotation/annotations.yaml (names and the kinds they are for).
"""

import difflib

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.analyze.suppression import ANNOTATION
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, query

POD = ("Pod", "Deployment")
SERVICES = ("Service", "ServiceEntry")
ANY: tuple[str, ...] = ()
_SIDECAR = (
    "agentLogLevel", "bootstrapOverride", "componentLogLevel", "controlPlaneAuthPolicy", "discoveryAddress",
    "enableCoreDump", "extraStatTags", "inject", "interceptionMode", "logLevel", "nativeSidecar", "proxyCPU", "proxyCPULimit",
    "proxyImage", "proxyImageType", "proxyMemory", "proxyMemoryLimit", "rewriteAppHTTPProbers", "statsCompression",
    "statsEvictionInterval", "statsFlushInterval", "statsHistogramBins", "statsHistogramBuckets", "statsInclusionPrefixes", "statsInclusionRegexps", "statsInclusionSuffixes", "status",
    "userVolume", "userVolumeMount",
)  # fmt: skip
_TRAFFIC = (
    "excludeInboundPorts", "excludeInterfaces", "excludeOutboundIPRanges", "excludeOutboundPorts", "includeInboundPorts",
    "includeOutboundIPRanges", "includeOutboundPorts", "kubevirtInterfaces",
)  # fmt: skip
KNOWN: dict[str, tuple[str, ...]] = {
    **{f"sidecar.istio.io/{name}": POD for name in _SIDECAR},
    **{f"traffic.sidecar.istio.io/{name}": POD for name in _TRAFFIC},
    "istio.io/reroute-virtual-interfaces": POD,
    "inject.istio.io/templates": POD,
    "proxy.istio.io/config": POD,
    "proxy.istio.io/overrides": POD,
    "readiness.status.sidecar.istio.io/applicationPorts": POD,
    "readiness.status.sidecar.istio.io/failureThreshold": POD,
    "readiness.status.sidecar.istio.io/initialDelaySeconds": POD,
    "readiness.status.sidecar.istio.io/periodSeconds": POD,
    "status.sidecar.istio.io/port": POD,
    "prometheus.istio.io/merge-metrics": POD,
    "ambient.istio.io/redirection": POD,
    "ambient.istio.io/bypass-inbound-capture": POD,
    "ambient.istio.io/dns-capture": POD,
    "ambient.istio.io/waypoint-inbound-binding": ("Gateway",),
    "istio.io/rev": POD,
    "istio.io/use-waypoint-canary-weight": (*SERVICES, "Namespace"),
    "gateway.istio.io/controller-version": ANY,
    "gateway.istio.io/name-override": ("Gateway",),
    "gateway.istio.io/service-account": ("Gateway",),
    "istio.io/connect-strategy": ("ServiceEntry",),
    "traffic.istio.io/nodeSelector": ("Service",),
    "networking.istio.io/exportTo": ("Service",),
    "networking.istio.io/traffic-distribution": (*SERVICES, "Namespace"),
    "networking.istio.io/service-type": ("Gateway",),
    "networking.istio.io/address-type": ("Gateway",),
    "networking.istio.io/service-name": ("Gateway",),
    "experimental.istio.io/disable-gateway-port-translation": ("Service",),
    "alpha.istio.io/kubernetes-serviceaccounts": ("Service",),
    "alpha.istio.io/canonical-serviceaccounts": ("Service",),
    "alpha.istio.io/identity": ("Service",),
    "topology.istio.io/controlPlaneClusters": ("Namespace",),
    "istio.io/dry-run": ANY,
    "istio.io/for": ANY,
    "istio.io/autoRegistrationGroup": ("WorkloadEntry",),
    "istio.io/workloadController": ("WorkloadEntry",),
    "istio.io/connectedAt": ("WorkloadEntry",),
    "istio.io/disconnectedAt": ("WorkloadEntry",),
    "internal.istio.io/parents": ANY,
    ANNOTATION: ANY,
}
FOREIGN = (
    "lateen.istio.io/",
    "operator.istio.io/",
    "install.operator.istio.io/",
    "internal.istio.io/",
    "galley.istio.io/",
)


@query
def annotations(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Judge the annotations of one object."""
    one = facts.get(db, ref)
    if one is None or not one.meta.annotations:
        return ()
    if ref.kind == "Pod" and one.meta.owner_references:
        return ()  # its Deployment's template is written by somebody
    judged = (_judged(ref, key) for key in one.meta.annotations if "istio.io/" in key)
    return tuple(finding for finding in judged if finding is not None)


def _judged(ref: Ref, key: str) -> Finding | None:
    path = f"metadata.annotations[{key}]"
    if key not in KNOWN:
        if key.startswith(FOREIGN):
            return None
        near = difflib.get_close_matches(key, KNOWN, 1, 0.8)
        hint = f"did you mean {near[0]}?" if near else ""
        return found(Code.UNKNOWN_ANNOTATION, ref, path, f"there is no annotation {key}: it is ignored", hint)
    kinds = KNOWN[key]
    if not kinds or ref.kind in kinds:
        if ref.kind == "Deployment" and kinds == POD and key.startswith(("sidecar.", "traffic.", "proxy.")):
            message = f"{key} is on the Deployment, not on its pods: it is ignored"
            return found(
                Code.MISPLACED_ANNOTATION, ref, path, message, "move it to spec.template.metadata.annotations"
            )
        return None
    return found(
        Code.MISPLACED_ANNOTATION,
        ref,
        path,
        f"{key} does nothing on a {ref.kind}",
        f"it is for {joined(kinds)}",
    )
