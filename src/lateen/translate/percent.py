"""Shares of requests as Envoy counts them."""

from envoy.config.core.v3.base_pb2 import RuntimeFractionalPercent
from envoy.type.v3.percent_pb2 import FractionalPercent

from lateen.api.common import Percent

PER_MILLION = 10_000  # of one per cent


def fraction(share: Percent | int) -> FractionalPercent:
    """Return a percentage in millionths, a whole number of per cent in hundredths."""
    if isinstance(share, int):
        return FractionalPercent(numerator=share, denominator=FractionalPercent.HUNDRED)
    return FractionalPercent(
        numerator=int((share.value or 0.0) * PER_MILLION), denominator=FractionalPercent.MILLION
    )


def runtime_fraction(share: Percent | int) -> RuntimeFractionalPercent:
    """Wrap a share where Envoy would let a runtime key replace it; Istio gives none."""
    return RuntimeFractionalPercent(default_value=fraction(share))
