"""Conditions that http, tls and tcp rules share: the port, and whose traffic it is, by labels of the client or gateways.

Source: pkg/config/validation/virtualservice.go, validation.go validateTLSMatch, validateTCPMatch.
"""

from lateen.api.check import gateway_names
from lateen.api.check.primitives.labels import istio_labels
from lateen.api.check.primitives.numbers import optional_port
from lateen.api.check.report import Report
from lateen.api.virtual_service import HTTPMatchRequest, L4MatchAttributes, TLSMatchAttributes


def match_source(
    report: Report, path: str, match: HTTPMatchRequest | TLSMatchAttributes | L4MatchAttributes
) -> None:
    """Check them, all but `sourceNamespace`: a wrong one is an error in http rules and a warning in others."""
    optional_port(report, f"{path}.port", match.port)
    if match.source_labels:
        istio_labels(report, f"{path}.sourceLabels", match.source_labels)
    if match.gateways:
        gateway_names.gateways(report, f"{path}.gateways", match.gateways)
