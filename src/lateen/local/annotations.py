"""Istio's annotations on a pod, as far as they mean something on one machine."""

from collections.abc import Mapping

from lateen.local.capture import Capture

INJECT = "sidecar.istio.io/inject"
_PREFIX = "traffic.sidecar.istio.io/"


def capture_of(annotations: Mapping[str, str]) -> Capture:
    """Read which connections are captured (Istio's traffic.sidecar.istio.io/* annotations).

    Raises:
        ValueError: a port is not a number.
    """

    def texts(key: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in annotations.get(_PREFIX + key, "").split(",") if part.strip())

    def numbers(key: str) -> tuple[int, ...]:
        return tuple(int(part) for part in texts(key))

    everything = annotations.get(_PREFIX + "includeInboundPorts", "*").strip() == "*"
    ranges = annotations.get(_PREFIX + "includeOutboundIPRanges", "*").strip()
    return Capture(
        include_outbound_ranges=None if ranges == "*" else texts("includeOutboundIPRanges"),
        exclude_outbound_ranges=texts("excludeOutboundIPRanges"),
        include_outbound_ports=numbers("includeOutboundPorts"),
        exclude_outbound_ports=numbers("excludeOutboundPorts"),
        include_inbound_ports=None if everything else numbers("includeInboundPorts"),
        exclude_inbound_ports=numbers("excludeInboundPorts"),
    )
