"""Messages that several kinds share."""

from __future__ import annotations

from lateen.api.duration import Duration
from lateen.api.message import Message, OneOf, UInt32

__all__ = [
    "Destination",
    "Duration",
    "LabelSelector",
    "LabelSelectorRequirement",
    "MatchLabels",
    "Percent",
    "PolicyTargetReference",
    "PortSelector",
    "StringMatch",
    "WorkloadSelector",
]


class StringMatch(OneOf, frozen=True):
    """A condition on a text; at most one of the three. All unset asks only for presence (headers, query parameters)."""

    oneofs = (("exact", "prefix", "regex"),)

    exact: str | None = None
    """The whole text, case-sensitive. Envoy: `exact`."""
    prefix: str | None = None
    """How the text begins; plain text, not path segments. Envoy: `prefix`."""
    regex: str | None = None
    """RE2 expression over the whole text. Envoy: `safe_regex`."""


class PortSelector(Message, frozen=True):
    """A service port."""

    number: UInt32 = 0
    """The port number; required."""


class Percent(Message, frozen=True):
    """A share of requests."""

    value: float | None = None
    """0 to 100; unset is 0. Envoy: a fraction with denominator one million."""


class Destination(Message, frozen=True):
    """A service to send requests to."""

    host: str = ""
    """Service name; required. A short name belongs to the namespace of the object that says it. Envoy: in the cluster name."""
    subset: str | None = None
    """A subset of the host's DestinationRule; unset is all endpoints. Envoy: in the cluster name."""
    port: PortSelector | None = None
    """The service's port; may be left out when the service has one. Envoy: in the cluster name."""


class WorkloadSelector(Message, frozen=True):
    """Workloads by their labels, in the object's own namespace (Sidecar, ServiceEntry, EnvoyFilter)."""

    labels: dict[str, str] = {}
    """Labels a workload must all carry; empty selects every workload."""


class MatchLabels(Message, frozen=True):
    """Workloads by their labels, as DestinationRule and ProxyConfig spell it (`istio.type.v1beta1.WorkloadSelector`)."""

    match_labels: dict[str, str] = {}
    """Labels a workload must all carry."""


class PolicyTargetReference(Message, frozen=True):
    """An object that a policy attaches to."""

    group: str | None = None
    """API group of the target; unset is the core group."""
    kind: str = ""
    """Kind of the target; required."""
    name: str = ""
    """Name of the target; required."""
    namespace: str | None = None
    """Namespace of the target; only the object's own is supported."""


class LabelSelectorRequirement(Message, frozen=True):
    """One condition on labels."""

    key: str = ""
    """The label; required."""
    operator: str = ""
    """In, NotIn, Exists or DoesNotExist; required."""
    values: tuple[str, ...] = ()
    """For In and NotIn."""


class LabelSelector(Message, frozen=True):
    """Kubernetes' label selector: all conditions must hold; an empty one selects everything."""

    match_labels: dict[str, str] = {}
    """Exact values."""
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()
    """Conditions on sets of values."""
