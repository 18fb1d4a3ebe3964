"""The codes of findings: Istio's `IST…` where the meaning is Istio's, `LAT…` for what Istio does not look at.

Source of the IST codes: pkg/config/analysis/msg/messages.yaml.
"""

from enum import StrEnum


class Code(StrEnum):
    """What a finding is about."""

    SCHEMA = "IST0106"  # SchemaValidationError: the object alone is wrong
    REFERENCE = "IST0101"  # ReferencedResourceNotFound
    PORT = "LAT0101"  # a destination names a port that its service does not have
    ORPHAN_POLICY = "LAT0102"  # a DestinationRule for a host that nobody has
    UNBOUND_GATEWAY = "LAT0103"  # a Gateway whose selector takes no workload
