"""What is read from objects and not carried out: refused, warned about, or without meaning here. Never ignored in silence.

A path is written as in YAML with `[]` for the entries of a list or map, `*` for a whole kind; `=VALUE` and `!=VALUE` after
it restrict it to some values. `tools/support_table.py` makes docs/reference/support.md of it.
"""

NEEDS_CA = "it needs the certificate authority of the mesh, which is planned next"
NOT_RUN = "a workload is a process of this machine, not a container"
NO_TRACES = "no traces, metrics or remote logs are made yet"
BOOTSTRAP = "proxies are started with settings of their own"
ONE_CLUSTER = "there is one cluster only"
NO_INGRESS = "Ingress objects are not read"
AMBIENT = "it is for ambient mode only"
OF_POD = "Istio reads that of the Pod"
OF_SERVICE = "the Service says it"
OF_KUBERNETES = "it is between Kubernetes and its nodes"

Table = dict[str, dict[str, str]]


def _below(prefixes: tuple[str, ...], reasons: dict[str, str]) -> dict[str, str]:
    """Write reasons for a block that occurs in several places."""
    return {f"{prefix}.{path}": reason for prefix in prefixes for path, reason in reasons.items()}


_POLICIES = (
    "spec.trafficPolicy",
    "spec.trafficPolicy.portLevelSettings[]",
    "spec.subsets[].trafficPolicy",
    "spec.subsets[].trafficPolicy.portLevelSettings[]",
)
_NO_GRPC_PROBE = "only httpGet, tcpSocket and exec are probed; such a probe always succeeds"

UNSUPPORTED: Table = {
    "DestinationRule": _below(_POLICIES, {"tls.mode=ISTIO_MUTUAL": NEEDS_CA}),
    "Gateway": {"spec.servers[].tls.mode=ISTIO_MUTUAL": NEEDS_CA},
    "EnvoyFilter": {
        "spec.configPatches[].match.context=WAYPOINT": AMBIENT,
        "spec.configPatches[].match.waypoint": AMBIENT,
    },
    "MeshConfig": {
        "outboundTrafficPolicy.tls.mode=ISTIO_MUTUAL": NEEDS_CA,
    },
}
"""Refused: valid in Istio, and not carried out yet."""

_WORKLOAD: dict[str, str] = {
    "initContainers": NOT_RUN,
    "hostNetwork": "every workload has a network of its own",
    "restartPolicy=Never": "a process that ends is started again",
    "restartPolicy=OnFailure": "a process that ends is started again",
    "securityContext": "processes run as the user who runs the mesh",
    "volumes[].configMap": NOT_RUN,
    "volumes[].secret": NOT_RUN,
    "volumes[].hostPath": NOT_RUN,
    "containers[].livenessProbe": "only readiness is probed; a process that ends is started again",
    "containers[].startupProbe": "only readiness is probed",
    "containers[].restartPolicy=Never": "a process that ends is started again",
    "containers[].restartPolicy=OnFailure": "a process that ends is started again",
    "containers[].securityContext": "processes run as the user who runs the mesh",
    "containers[].readinessProbe.grpc": _NO_GRPC_PROBE,
    "containers[].readinessProbe.httpGet.httpHeaders": "probes send no headers of their own",
    "containers[].env[].valueFrom.resourceFieldRef": "processes have no limits",
}

IGNORED: Table = {
    "VirtualService": {"spec.tcp[].match[].sourceSubnet": "Istio never implemented it; it restricts nothing"},
    "DestinationRule": _below(
        _POLICIES, {"loadBalancer.backendUtilization": "Istio does not read it either"}
    ),
    "Gateway": {
        "spec.servers[].defaultEndpoint": "Istio does not read it either; routes come from VirtualServices",
        "spec.servers[].tls.tlsCertificates[].caCertificates": "clients are checked by the server's caCertificates",
    },
    "Sidecar": {"spec.ingress[].tls": "Istio ends TLS here only when a feature flag of istiod says so"},
    "WorkloadGroup": {
        "spec.probe": "a workload that registers itself counts as healthy while its proxy is connected"
    },
    "EndpointSlice": {"addressType=FQDN": "Istio reads addresses only"},
    "EnvoyFilter": {
        "spec.configPatches[].match.listener.filterChain.transportSocket": "Istio does not read it either",
        "spec.configPatches[].match.listener.portName": "Istio does not read it either; name the port's number",
        "spec.configPatches[].patch.filterClass": "Istio does not read it either; the operation says where",
    },
    "Deployment": _below(("spec.template.spec",), _WORKLOAD),
    "Pod": _below(("spec",), _WORKLOAD),
    "MeshConfig": {
        "enableAutoMtls": NEEDS_CA,
        "meshMTLS": NEEDS_CA,
        "trustDomainAliases": NEEDS_CA,
        "ca": NEEDS_CA,
        "caCertificates": NEEDS_CA,
        "defaultConfig.caCertificatesPem": NEEDS_CA,
        "defaultConfig.privateKeyProvider": NEEDS_CA,
        "extensionProviders": NO_TRACES,
        "defaultProviders": NO_TRACES,
        "enableEnvoyAccessLogService": NO_TRACES,
        "defaultConfig.tracing": NO_TRACES,
        "defaultConfig.zipkinAddress": NO_TRACES,
        "defaultConfig.envoyAccessLogService": NO_TRACES,
        "defaultConfig.envoyMetricsService": NO_TRACES,
        "defaultConfig.statsdUdpAddress": NO_TRACES,
        "defaultConfig.proxyStatsMatcher": NO_TRACES,
        "defaultConfig.extraStatTags": NO_TRACES,
        "defaultConfig.customConfigFile": BOOTSTRAP,
        "defaultConfig.terminationDrainDuration": BOOTSTRAP,
        "defaultConfig.proxyAdminPort": BOOTSTRAP,
        "defaultConfig.statNameLength": BOOTSTRAP,
        "defaultConfig.connectionSettings.listenerConnectionLimit": (
            "Istio does not carry it out either; globalDownstreamConnectionLimit bounds all listeners of a proxy together"
        ),
        "defaultConfig.interceptionMode": "proxies of a running mesh are redirected to; those that are compiled for follow it",
        "defaultConfig.readinessProbe": "workloads are probed as their Pods say",
        "configSources": "configuration comes from files and from apply",
        "ingressService": NO_INGRESS,
        "ingressSelector": NO_INGRESS,
        "ingressControllerMode": NO_INGRESS,
        "ingressClass": NO_INGRESS,
    },
}
"""Accepted with a warning: somebody might expect an effect that does not come."""

_METADATA = dict.fromkeys(
    ("generateName", "uid", "resourceVersion", "generation", "deletionTimestamp", "ownerReferences"),
    "Kubernetes sets it",
)
_CONTAINER_WITHOUT_EFFECT: dict[str, str] = {
    "image": "the command is run on this machine",
    "imagePullPolicy": "there are no images",
    "volumeMounts": "there are no volumes; a volume with contents is warned about",
    "ports[].hostPort": "workloads are reached by their own addresses",
    "readinessProbe.terminationGracePeriodSeconds": "readiness ends no process",
    "livenessProbe": "see above",
    "startupProbe": "see above",
}
_POD_WITHOUT_EFFECT: dict[str, str] = {
    "terminationGracePeriodSeconds": "a process that does not stop is ended after a time of our own",
    "volumes": "there are no volumes; those with contents are warned about",
    "initContainers": "see above",
    "nodeName": "its locality counts, where it runs does not",
    **_below(("containers[]",), _CONTAINER_WITHOUT_EFFECT),
}

WITHOUT_EFFECT: Table = {
    "VirtualService": {
        "spec.http[].fault.delay.exponentialDelay": "refused: Istio never implemented it",
        "spec.http[].fault.abort.http2Error": "refused: Istio never implemented it",
    },
    "DestinationRule": _below(
        _POLICIES, {"outlierDetection.consecutiveErrors": "deprecated, and nobody reads it"}
    ),
    "Gateway": {"spec.servers[].port.targetPort": "refused, as by Istio"},
    "Sidecar": {
        "spec.ingress[].port.targetPort": "refused, as by Istio",
        "spec.egress[].port.targetPort": "refused, as by Istio",
    },
    "EnvoyFilter": {"spec.targetRefs[].namespace": "refused, as by Istio"},
    "Service": {
        "spec.ports[].nodePort": OF_KUBERNETES,
        "spec.loadBalancerIP": OF_KUBERNETES,
        "spec.externalTrafficPolicy": OF_KUBERNETES,
        "spec.sessionAffinity": "proxies balance by DestinationRule",
    },
    "Deployment": {
        "spec.selector": "checked against the template; the pods are those that are made from it",
        "spec.minReadySeconds": OF_KUBERNETES,
        "spec.paused": OF_KUBERNETES,
        **_below(("spec.template.metadata",), {**_METADATA, "creationTimestamp": "Kubernetes sets it"}),
        **_below(("spec.template.spec",), _POD_WITHOUT_EFFECT),
    },
    "Pod": _below(("spec",), _POD_WITHOUT_EFFECT),
    "Namespace": {"spec.finalizers": OF_KUBERNETES},
    "Node": {"spec.podCIDR": OF_KUBERNETES},
    "Secret": {"immutable": OF_KUBERNETES},
    "ConfigMap": {"immutable": OF_KUBERNETES, "binaryData": "no proxy and no process asks for it"},
    "EndpointSlice": {
        "addressType": "checked; the addresses say it themselves",
        "endpoints[].hostname": OF_POD,
        "endpoints[].nodeName": OF_POD,
        "endpoints[].zone": OF_POD,
        "endpoints[].targetRef.uid": "Kubernetes sets it",
        "ports[].protocol": OF_SERVICE,
        "ports[].appProtocol": OF_SERVICE,
    },
    "WorkloadEntry": {"spec.serviceAccount": NEEDS_CA},
    "Endpoints": {
        "subsets[].notReadyAddresses": "Istio takes them for ending, and sends them nothing",
        "subsets[].addresses[].hostname": OF_POD,
        "subsets[].addresses[].nodeName": OF_POD,
        "subsets[].addresses[].targetRef.uid": "Kubernetes sets it",
        "subsets[].ports[].protocol": OF_SERVICE,
        "subsets[].ports[].appProtocol": OF_SERVICE,
    },
    "MeshConfig": {
        "hboneIdleTimeout": AMBIENT,
        "defaultTrafficPolicy.outlierDetection.consecutiveErrors": "deprecated, and nobody reads it",
        "serviceSettings": ONE_CLUSTER,
        "serviceScopeConfigs": ONE_CLUSTER,
        "enableTracing": NO_TRACES,
        "trustDomain": NEEDS_CA,
        "certificates": "deprecated, and nobody reads it",
        "verifyCertificateAtClient": "deprecated, and nobody reads it",
        "enablePrometheusMerge": "each proxy serves its own metrics",
        "defaultConfig.configPath": BOOTSTRAP,
        "defaultConfig.binaryPath": BOOTSTRAP,
        "defaultConfig.serviceCluster": BOOTSTRAP,
        "defaultConfig.tracingServiceName": NO_TRACES,
        "defaultConfig.discoveryAddress": "proxies are told where the control plane is when they start",
        "defaultConfig.discoveryRefreshDelay": "deprecated, and nobody reads it",
        "defaultConfig.envoyMetricsServiceAddress": "deprecated, and nobody reads it",
        "defaultConfig.availabilityZone": "deprecated, and nobody reads it",
        "defaultConfig.controlPlaneAuthPolicy": "the control plane is a socket of this machine",
        "defaultConfig.proxyBootstrapTemplatePath": BOOTSTRAP,
        "defaultConfig.sds": "deprecated, and nobody reads it",
        "defaultConfig.statusPort": "there is no agent of its own in a workload",
        "defaultConfig.meshId": "there is one mesh",
        "defaultConfig.holdApplicationUntilProxyStarts": "it is always so",
        "defaultConfig.image": "there are no images",
        "defaultConfig.statsCompression": NO_TRACES,
        "defaultConfig.proxyHeaders.metadataExchangeHeaders": "proxies exchange no metadata",
    },
}
"""Accepted in silence: it could have no effect here, or not in Istio either, or `check` has its own words for it."""
