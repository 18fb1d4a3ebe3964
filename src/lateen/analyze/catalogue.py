"""The codes of findings with their level and title, in one place; docs/reference/findings/ has a page for each.

`IST…` where the meaning is Istio's (pkg/config/analysis/msg/messages.yaml), `LAT01…` for what Istio does not look at.
`LAT00…` are those of reading objects (api/codes.py).
"""

from enum import StrEnum

from msgspec import Struct

from lateen.api import codes
from lateen.api.finding import Level


class Code(StrEnum):
    """What a finding is about."""

    DEPRECATED = "IST0002"
    REFERENCE = "IST0101"
    NOT_INJECTED = "IST0102"
    WITHOUT_PROXY = "IST0103"
    SCHEMA = codes.SCHEMA
    MISPLACED_ANNOTATION = "IST0107"
    UNKNOWN_ANNOTATION = "IST0108"
    MESH_HOST_CONFLICT = "IST0109"
    SIDECAR_CONFLICT = "IST0110"
    SIDECAR_WITHOUT_SELECTOR = "IST0111"
    PORT_REQUIRED = "IST0112"
    PORT_OF_TWO_PROTOCOLS = "IST0116"
    PORT_NAME = "IST0118"
    NAMESPACE_LABELS = "IST0123"
    INVALID_ANNOTATION = "IST0125"
    UNKNOWN_REGISTRY = "IST0126"
    NO_WORKLOADS = "IST0127"
    UNVERIFIED_SERVER = "IST0128"
    UNVERIFIED_SERVER_ON_PORT = "IST0129"
    UNREACHABLE_RULE = "IST0130"
    INEFFECTIVE_MATCH = "IST0131"
    HOST_NOT_IN_GATEWAY = "IST0132"
    SCHEMA_WARNING = codes.SCHEMA_WARNING
    ADDRESSES_REQUIRED = "IST0134"
    DEPRECATED_ANNOTATION = "IST0135"
    TARGET_PORT_CONFLICT = "IST0137"
    DUPLICATE_CERTIFICATE = "IST0138"
    WEBHOOK = "IST0139"
    INGRESS_IGNORES_SUBSETS = "IST0140"
    PROXY_USER = "IST0144"
    GATEWAY_CONFLICT = "IST0145"
    UNFILLED = "IST0146"
    UNFILLED_POD = "IST0147"
    INJECTED_BY_DEFAULT = "IST0148"
    CLAIMS_UNREAD = "IST0149"
    EXTERNAL_NAME_PORT = "IST0150"
    RELATIVE_PATCH = "IST0151"
    WRONG_REPLACE = "IST0152"
    WRONG_ADD = "IST0153"
    WRONG_REMOVE = "IST0154"
    RELATIVE_PATCH_BY_VERSION = "IST0155"
    NO_PROVIDER = "IST0157"
    OLD_PROXIES = "IST0158"
    TELEMETRY_CONFLICT = "IST0159"
    TELEMETRY_WITHOUT_SELECTOR = "IST0160"
    BAD_CREDENTIAL = "IST0161"
    GATEWAY_PORT = "IST0162"
    CONTROL_PLANE = "IST0163"
    CONTROL_PLANE_ADDRESS = "IST0164"
    INTERNAL_GATEWAY = "IST0165"
    INEFFECTIVE_SELECTOR = "IST0166"
    INEFFECTIVE_POLICY = "IST0167"
    NEGATIVE_CONDITION = "IST0171"
    EMPTY_SUBSET = "IST0173"
    UNKNOWN_HOST = "IST0174"
    KEYS_FROM_ANYWHERE = "IST0175"
    OLD_DEFINITION = "IST0176"
    SERVICE_ENTRY_CONFLICT = "IST0177"
    PORT_KEPT = "LAT0101"
    HTTP_RULES_IGNORED = "LAT0102"
    NEVER_HOLDS = "LAT0103"
    PREFIX_TAKES_MORE = "LAT0104"
    SHADOWED_RULE = "LAT0105"
    WHOLE_TEXT = "LAT0106"
    RETRIES_DO_NOT_FIT = "LAT0107"
    RETRIES_REPEAT_EFFECTS = "LAT0108"
    FAULT_COMES_FIRST = "LAT0109"
    GATEWAY_ROUTES_OVERLAP = "LAT0110"
    DELEGATE_IGNORED = "LAT0111"
    SERVER_NAME_TAKEN = "LAT0112"
    TCP_RULE_SHADOWED = "LAT0113"
    SECTION_IGNORED = "LAT0114"
    RULE_INVISIBLE = "LAT0120"
    POLICY_LOST = "LAT0121"
    FAILOVER_TURNED_ON = "LAT0122"
    FAILOVER_WITHOUT_EJECTION = "LAT0123"
    POLICY_PORT = "LAT0124"
    GATEWAY_WITHOUT_ROUTES = "LAT0130"
    SERVICE_WITHOUT_WORKLOADS = "LAT0140"
    TARGET_PORT = "LAT0141"
    IMPORTS_NOTHING = "LAT0142"
    PATCH_SKIPPED = "LAT0150"
    PATCH_VALUE = "LAT0151"
    PATCH_WITHOUT_EFFECT = "LAT0152"
    NO_IMAGE = "LAT0160"


class Entry(Struct, frozen=True):
    """What the catalogue says about a code."""

    level: Level
    name: str
    """A word for it, Istio's where the code is Istio's."""
    title: str
    """One line."""


_E, _W, _I = Level.ERROR, Level.WARNING, Level.INFO

CATALOGUE: dict[str, Entry] = {
    Code.DEPRECATED: Entry(_W, "Deprecated", "A field is deprecated, or has no effect any more."),
    Code.REFERENCE: Entry(_E, "ReferencedResourceNotFound", "Something that is named does not exist."),
    Code.SCHEMA: Entry(_E, "SchemaValidationError", "An object alone is wrong; it is not in force."),
    Code.MISPLACED_ANNOTATION: Entry(_W, "MisplacedAnnotation", "An annotation is on a kind that it does nothing for."),
    Code.UNKNOWN_ANNOTATION: Entry(_W, "UnknownAnnotation", "There is no such annotation of Istio's."),
    Code.MESH_HOST_CONFLICT: Entry(
        _E,
        "ConflictingMeshGatewayVirtualServiceHosts",
        "Two VirtualServices claim one host for sidecars; only one of them is used.",
    ),
    Code.SIDECAR_CONFLICT: Entry(_E, "ConflictingSidecarWorkloadSelectors", "Two Sidecars select the same pod."),
    Code.SIDECAR_WITHOUT_SELECTOR: Entry(
        _E, "MultipleSidecarsWithoutWorkloadSelectors", "A namespace has two Sidecars for everybody."
    ),
    Code.PORT_REQUIRED: Entry(
        _E, "VirtualServiceDestinationPortSelectorRequired", "A destination has several ports and the route names none."
    ),
    Code.PORT_OF_TWO_PROTOCOLS: Entry(
        _W, "DeploymentAssociatedToMultipleServices", "Services of one Deployment use a port for two transport protocols."
    ),
    Code.PORT_NAME: Entry(
        _I, "PortNameIsNotUnderNamingConvention", "A port's name says no protocol, so the proxy has to detect it."
    ),
    Code.NAMESPACE_LABELS: Entry(_W, "NamespaceMultipleInjectionLabels", "A namespace has two kinds of injection labels."),
    Code.NO_WORKLOADS: Entry(_W, "NoMatchingWorkloadsFound", "A workload selector selects nothing."),
    Code.UNVERIFIED_SERVER: Entry(
        _W, "NoServerCertificateVerificationDestinationLevel", "TLS to a server whose certificate nobody checks."
    ),
    Code.UNVERIFIED_SERVER_ON_PORT: Entry(
        _W, "NoServerCertificateVerificationPortLevel", "TLS on a port to a server whose certificate nobody checks."
    ),
    Code.UNREACHABLE_RULE: Entry(_W, "VirtualServiceUnreachableRule", "A rule is never used: earlier ones take its requests."),
    Code.INEFFECTIVE_MATCH: Entry(
        _I, "VirtualServiceIneffectiveMatch", "One match of a rule is never used: earlier ones take its requests."
    ),
    Code.HOST_NOT_IN_GATEWAY: Entry(
        _W, "VirtualServiceHostNotFoundInGateway", "A VirtualService has a host that its Gateway does not serve."
    ),
    Code.ADDRESSES_REQUIRED: Entry(
        _W, "ServiceEntryAddressesRequired", "A TCP port of a ServiceEntry without addresses takes every connection."
    ),
    Code.TARGET_PORT_CONFLICT: Entry(
        _W, "DeploymentConflictingPorts", "Two Services lead to one port of a Deployment under different numbers."
    ),
    Code.DUPLICATE_CERTIFICATE: Entry(
        _W, "GatewayDuplicateCertificate", "Two Gateways use one certificate: reused HTTP/2 connections are answered 404."
    ),
    Code.INGRESS_IGNORES_SUBSETS: Entry(
        _W, "IngressRouteRulesNotAffected", "A gateway sends to a host whose subset rules are for sidecars only."
    ),
    Code.GATEWAY_CONFLICT: Entry(_E, "ConflictingGateways", "A Gateway's server cannot be beside another one; it is left out."),
    Code.EXTERNAL_NAME_PORT: Entry(
        _W, "ExternalNameServiceTypeInvalidPortName", "A port of an ExternalName Service says no protocol."
    ),
    Code.RELATIVE_PATCH: Entry(
        _W, "EnvoyFilterUsesRelativeOperation", "A patch relative to others, without a priority among the EnvoyFilters."
    ),
    Code.WRONG_REPLACE: Entry(_E, "EnvoyFilterUsesReplaceOperationIncorrectly", "REPLACE where it is not possible."),
    Code.WRONG_ADD: Entry(_E, "EnvoyFilterUsesAddOperationIncorrectly", "ADD where it is ignored."),
    Code.WRONG_REMOVE: Entry(_E, "EnvoyFilterUsesRemoveOperationIncorrectly", "REMOVE where it is ignored."),
    Code.RELATIVE_PATCH_BY_VERSION: Entry(
        _W, "EnvoyFilterUsesRelativeOperationWithProxyVersion", "A relative patch for one proxy version, without a priority."
    ),
    Code.BAD_CREDENTIAL: Entry(_E, "InvalidGatewayCredential", "A Gateway's Secret holds no usable certificate."),
    Code.GATEWAY_PORT: Entry(_W, "GatewayPortNotDefinedOnService", "The Service of a gateway does not lead to a port of the Gateway."),
    Code.INTERNAL_GATEWAY: Entry(_W, "ReferencedInternalGateway", "A VirtualService names a Gateway that Istio made for itself."),
    Code.EMPTY_SUBSET: Entry(_E, "DestinationRuleSubsetNotSelectPods", "A subset has no endpoints: its requests are answered 503."),
    Code.UNKNOWN_HOST: Entry(_W, "UnknownDestinationRuleHost", "A DestinationRule is for a host that no service has."),
    Code.SERVICE_ENTRY_CONFLICT: Entry(
        _W, "ConflictingServiceEntryProtocol", "ServiceEntries disagree about the protocol of one host and port."
    ),
    Code.NOT_INJECTED: Entry(_I, "NamespaceNotInjected", "No label of a Namespace says whether its pods get a proxy."),
    Code.WITHOUT_PROXY: Entry(_W, "PodMissingProxy", "A pod has no proxy although its namespace is injected."),
    Code.INVALID_ANNOTATION: Entry(_W, "InvalidAnnotation", "The value of one of Istio's annotations is wrong."),
    Code.UNKNOWN_REGISTRY: Entry(_E, "UnknownMeshNetworksServiceRegistry", "A network has endpoints from a registry that nobody knows."),
    Code.SCHEMA_WARNING: Entry(_W, "SchemaWarning", "An object alone is accepted, and probably not what was meant."),
    Code.DEPRECATED_ANNOTATION: Entry(_I, "DeprecatedAnnotation", "An annotation is deprecated."),
    Code.WEBHOOK: Entry(_E, "InvalidWebhook", "An injector overlaps with another one, or its service does not exist."),
    Code.PROXY_USER: Entry(_W, "InvalidApplicationUID", "A container runs as the proxy's own user, 1337."),
    Code.UNFILLED: Entry(_W, "ImageAutoWithoutInjectionWarning", "Pods of a Deployment have the image auto, and no injector replaces it."),
    Code.UNFILLED_POD: Entry(_E, "ImageAutoWithoutInjectionError", "A pod has the image auto, which no injector has replaced."),
    Code.INJECTED_BY_DEFAULT: Entry(_I, "NamespaceInjectionEnabledByDefault", "The pods of a Namespace get a proxy although no label says so."),
    Code.CLAIMS_UNREAD: Entry(_E, "JwtClaimBasedRoutingWithoutRequestAuthN", "A route asks for a claim of a JWT that its gateway does not read."),
    Code.NO_PROVIDER: Entry(_W, "InvalidTelemetryProvider", "A Telemetry has no provider to log to."),
    Code.OLD_PROXIES: Entry(_W, "PodsIstioProxyImageMismatchInNamespace", "Pods have a proxy of another image than they would get now."),
    Code.TELEMETRY_CONFLICT: Entry(_E, "ConflictingTelemetryWorkloadSelectors", "Two Telemetries select the same pod."),
    Code.TELEMETRY_WITHOUT_SELECTOR: Entry(_E, "MultipleTelemetriesWithoutWorkloadSelectors", "A namespace has two Telemetries for everybody."),
    Code.CONTROL_PLANE: Entry(_W, "InvalidExternalControlPlaneConfig", "A webhook of an external control plane has no usable address."),
    Code.CONTROL_PLANE_ADDRESS: Entry(_I, "ExternalControlPlaneAddressIsNotAHostname", "A webhook reaches an external control plane by an IP address."),
    Code.INEFFECTIVE_SELECTOR: Entry(_W, "IneffectiveSelector", "A policy selects pods of a Kubernetes Gateway, which heed no selector."),
    Code.INEFFECTIVE_POLICY: Entry(_W, "IneffectivePolicy", "A Sidecar is for workloads in ambient mode, which have none."),
    Code.NEGATIVE_CONDITION: Entry(_W, "NegativeConditionStatus", "A controller has refused an object, or a part of it."),
    Code.KEYS_FROM_ANYWHERE: Entry(_W, "JwksUriFetchUnrestricted", "istiod fetches keys from any address that a RequestAuthentication names."),
    Code.OLD_DEFINITION: Entry(_W, "GatewayAPICRDVersionBelowMinimum", "A definition of the Gateway API is too old for Istio."),
    Code.PORT_KEPT: Entry(_E, "DestinationPortKept", "A destination lacks the port that requests come in on, and the route names none."),
    Code.HTTP_RULES_IGNORED: Entry(_W, "HttpRulesIgnored", "HTTP rules for a port that the proxy does not read as HTTP."),
    Code.NEVER_HOLDS: Entry(_W, "MatchNeverHolds", "No request meets a condition."),
    Code.PREFIX_TAKES_MORE: Entry(_I, "PrefixTakesMore", "The prefix /foo also takes /foobar."),
    Code.SHADOWED_RULE: Entry(_W, "RuleShadowed", "A rule is never used: wider matches of earlier rules take its requests."),
    Code.WHOLE_TEXT: Entry(_W, "RegexMatchesWholeText", "An expression is written as if it searched; it must match the whole text."),
    Code.RETRIES_DO_NOT_FIT: Entry(_W, "RetriesDoNotFit", "The timeout ends before the last retry begins."),
    Code.RETRIES_REPEAT_EFFECTS: Entry(_W, "RetriesRepeatEffects", "Requests that are not idempotent are sent again."),
    Code.FAULT_COMES_FIRST: Entry(_W, "FaultComesFirst", "A fault on a route with timeout or retries, which do not see it."),
    Code.GATEWAY_ROUTES_OVERLAP: Entry(
        _W, "GatewayRoutesOverlap", "A rule is never used on a gateway: another VirtualService takes its requests."
    ),
    Code.DELEGATE_IGNORED: Entry(_W, "DelegateIgnored", "A delegate exists, but its routes are not used."),
    Code.SERVER_NAME_TAKEN: Entry(_W, "ServerNameTaken", "A tls match or server has server names that an earlier one takes."),
    Code.TCP_RULE_SHADOWED: Entry(_W, "TcpRuleShadowed", "A tcp rule is never used: an earlier one takes its connections."),
    Code.SECTION_IGNORED: Entry(_W, "SectionIgnored", "The http, tls or tcp rules of a VirtualService are for no port: all carry something else."),
    Code.RULE_INVISIBLE: Entry(_W, "DestinationRuleInvisible", "A DestinationRule that no client of its host follows."),
    Code.POLICY_LOST: Entry(_W, "PolicyLost", "Of two DestinationRules for a host, parts of the younger are lost."),
    Code.FAILOVER_TURNED_ON: Entry(
        _W, "OutlierDetectionTurnsOnFailover", "outlierDetection makes clients prefer endpoints of their own place."
    ),
    Code.FAILOVER_WITHOUT_EJECTION: Entry(
        _W, "FailoverWithoutOutlierDetection", "Failover between places never happens without outlierDetection."
    ),
    Code.POLICY_PORT: Entry(_W, "PolicyPortNotFound", "A policy for a port that the service does not have."),
    Code.GATEWAY_WITHOUT_ROUTES: Entry(_W, "GatewayWithoutRoutes", "Nothing is bound to a Gateway: it answers 404 to everything."),
    Code.SERVICE_WITHOUT_WORKLOADS: Entry(_W, "ServiceWithoutWorkloads", "A Service has no pods: requests are answered 503."),
    Code.TARGET_PORT: Entry(_W, "TargetPortNotFound", "A Service's named targetPort is not a port of its pods."),
    Code.IMPORTS_NOTHING: Entry(_W, "EgressHostImportsNothing", "A Sidecar imports a host that no service has."),
    Code.PATCH_SKIPPED: Entry(_E, "PatchSkipped", "A patch of an EnvoyFilter cannot be carried out; it is skipped."),
    Code.PATCH_VALUE: Entry(_W, "PatchValue", "A patch has something that Envoy does not know, or has given up."),
    Code.PATCH_WITHOUT_EFFECT: Entry(_W, "PatchWithoutEffect", "A patch's operation does nothing where it is applied."),
    Code.NO_IMAGE: Entry(_I, "NoImage", "The image of a proxy, which has none on one machine."),
    codes.SYNTAX: Entry(_E, "NotYaml", "A text is not YAML or JSON, or not an object."),
    codes.UNSUPPORTED: Entry(_E, "UnsupportedKind", "A kind or version that Lateen does not carry out."),
    codes.IGNORED: Entry(_I, "IgnoredKind", "A kind that is not for a service mesh."),
    codes.DUPLICATE: Entry(_E, "DefinedTwice", "The same object is defined twice."),
    codes.MISSPELT: Entry(_W, "ProbablyMisspelt", "A field of a Kubernetes object looks like a misspelling."),
    codes.OWNED: Entry(_E, "OwnedElsewhere", "An object belongs to another source."),
    codes.UNREADABLE: Entry(_E, "Unreadable", "A file cannot be read, or is too large."),
    codes.ADDRESSES: Entry(_E, "NoAddress", "Addresses clash or have run out."),
    codes.NOT_YET: Entry(_E, "NotYet", "A field or value that is valid and that Lateen does not carry out yet."),
    codes.WITHOUT_EFFECT: Entry(_W, "WithoutEffect", "A field that is read and changes nothing."),
    codes.ENVOY: Entry(_E, "RefusedByEnvoy", "Istio would accept it, and Envoy would refuse what comes of it."),
    codes.NOT_SELECTED: Entry(_I, "NamespaceNotSelected", "An object of a namespace that discoverySelectors leave out."),
}  # fmt: skip

PAGES = "docs/reference/findings/"
"""Where the pages are, from the root of the repository and of the documentation's site."""


def page(code: str) -> str:
    """Return the place of a code's page; empty for a code that the catalogue does not have."""
    return f"{PAGES}{code}.md" if code in CATALOGUE else ""
