"""Istio's annotations: which kinds they are for, and which are deprecated (istio/api annotation/annotations.yaml)."""

from collections.abc import Mapping

from lateen.analyze.suppression import ANNOTATION

POD = ("Pod",)
ANY: tuple[str, ...] = ()
_GATEWAY, _SERVICES = ("Gateway",), ("Service", "ServiceEntry", "Namespace")
_SIDECAR = (
    "agentLogLevel", "bootstrapOverride", "componentLogLevel", "discoveryAddress", "extraStatTags", "inject",
    "interceptionMode", "logLevel", "nativeSidecar", "proxyCPU", "proxyCPULimit", "proxyImage", "proxyImageType",
    "proxyMemory", "proxyMemoryLimit", "rewriteAppHTTPProbers", "statsCompression", "statsEvictionInterval",
    "statsFlushInterval", "statsHistogramBins", "statsHistogramBuckets", "statsInclusionPrefixes",
    "statsInclusionRegexps", "statsInclusionSuffixes", "status", "userVolume", "userVolumeMount",
)  # fmt: skip
_TRAFFIC = (
    "excludeInboundPorts", "excludeInterfaces", "excludeOutboundIPRanges", "excludeOutboundPorts", "includeInboundPorts",
    "includeOutboundIPRanges", "includeOutboundPorts", "kubevirtInterfaces",
)  # fmt: skip
_READINESS = ("applicationPorts", "failureThreshold", "initialDelaySeconds", "periodSeconds")
_AMBIENT = ("bypass-inbound-capture", "dns-capture", "redirection")

KNOWN: Mapping[str, tuple[str, ...]] = {
    **{f"sidecar.istio.io/{name}": POD for name in _SIDECAR},
    **{f"traffic.sidecar.istio.io/{name}": POD for name in _TRAFFIC},
    **{f"readiness.status.sidecar.istio.io/{name}": POD for name in _READINESS},
    **{f"ambient.istio.io/{name}": POD for name in _AMBIENT},
    "ambient.istio.io/waypoint-inbound-binding": ("GatewayClass", *_GATEWAY),
    "istio.io/reroute-virtual-interfaces": POD,
    "istio.io/rev": POD,
    "inject.istio.io/templates": POD,
    "proxy.istio.io/config": POD,
    "proxy.istio.io/overrides": POD,
    "status.sidecar.istio.io/port": POD,
    "prometheus.istio.io/merge-metrics": POD,
    "kubernetes.io/ingress.class": ("Ingress",),
    "networking.istio.io/exportTo": ("Service",),
    "traffic.istio.io/nodeSelector": ("Service",),
    "networking.istio.io/traffic-distribution": _SERVICES,
    "istio.io/use-waypoint-canary-weight": _SERVICES,
    "networking.istio.io/service-type": _GATEWAY,
    "gateway.istio.io/name-override": _GATEWAY,
    "gateway.istio.io/service-account": _GATEWAY,
    "gateway.istio.io/controller-version": ANY,
    "alpha.istio.io/kubernetes-serviceaccounts": ("Service",),
    "alpha.istio.io/canonical-serviceaccounts": ("Service",),
    "topology.istio.io/controlPlaneClusters": ("Namespace",),
    "experimental.istio.io/disable-gateway-port-translation": ("Service",),
    "istio.io/dry-run": ("AuthorizationPolicy",),
    "istio.io/connect-strategy": ("ServiceEntry",),
    "istio.io/autoRegistrationGroup": ("WorkloadEntry",),
    "istio.io/workloadController": ("WorkloadEntry",),
    "istio.io/connectedAt": ("WorkloadEntry",),
    "istio.io/disconnectedAt": ("WorkloadEntry",),
    ANNOTATION: ANY,
}
"""Kinds by annotation; empty is any."""

DEPRECATED: Mapping[str, str] = {
    "sidecar.istio.io/inject": "use the label of the same name",
    "sidecar.istio.io/discoveryAddress": "use proxy.istio.io/config: discoveryAddress",
    "sidecar.istio.io/extraStatTags": "use proxy.istio.io/config: extraStatTags",
    "sidecar.istio.io/statsCompression": "use proxy.istio.io/config: statsCompression",
    "sidecar.istio.io/statsInclusionPrefixes": "use proxy.istio.io/config: proxyStatsMatcher",
    "sidecar.istio.io/statsInclusionRegexps": "use proxy.istio.io/config: proxyStatsMatcher",
    "sidecar.istio.io/statsInclusionSuffixes": "use proxy.istio.io/config: proxyStatsMatcher",
    "traffic.sidecar.istio.io/kubevirtInterfaces": "use istio.io/reroute-virtual-interfaces",
    "alpha.istio.io/kubernetes-serviceaccounts": "",
    "alpha.istio.io/canonical-serviceaccounts": "",
}
"""What to use instead."""

BY_CONTROLLERS = ("sidecar.istio.io/status", "gateway.istio.io/controller-version", "istio.io/rev")
"""Istio sets them itself, wherever it likes."""

FOREIGN = ("lateen.istio.io/", "operator.istio.io/", "install.operator.istio.io/", "internal.istio.io/")
"""Prefixes of names that are nobody's business here."""


def is_istio(name: str) -> bool:
    """Tell whether an annotation is one of Istio's."""
    return name == "kubernetes.io/ingress.class" or (
        "/" in name and name.partition("/")[0].endswith("istio.io")
    )
