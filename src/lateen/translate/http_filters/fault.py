"""Faults of a route → the fault filter's configuration for it (route.go, TranslateFault)."""

from envoy.extensions.filters.common.fault.v3.fault_pb2 import FaultDelay
from envoy.extensions.filters.http.fault.v3.fault_pb2 import FaultAbort, HTTPFault

from lateen.api.grpc_status import GRPC_STATUSES
from lateen.api.virtual_service import FaultAbort as Abort
from lateen.api.virtual_service import FaultDelay as Delay
from lateen.api.virtual_service import HTTPFaultInjection
from lateen.translate import message
from lateen.translate.percent import fraction

LAST_STATUS = 599


def fault_of_route(fault: HTTPFaultInjection | None) -> HTTPFault | None:
    """Return the faults; None without one that Envoy knows. Without a percentage a fault never happens."""
    delay = _delay(fault.delay) if fault and fault.delay else None
    abort = _abort(fault.abort) if fault and fault.abort else None
    return HTTPFault(delay=delay, abort=abort) if delay or abort else None


def _delay(delay: Delay) -> FaultDelay | None:
    if not delay.fixed_delay:
        return None
    share = delay.percentage if delay.percentage is not None else delay.percent or 0
    return FaultDelay(fixed_delay=message.duration(delay.fixed_delay), percentage=fraction(share))


def _abort(abort: Abort) -> FaultAbort | None:
    share = fraction(abort.percentage) if abort.percentage else None
    if abort.http_status is not None:
        return FaultAbort(http_status=min(abort.http_status, LAST_STATUS), percentage=share)
    if abort.grpc_status in GRPC_STATUSES:
        return FaultAbort(grpc_status=GRPC_STATUSES.index(abort.grpc_status), percentage=share)
    return None
