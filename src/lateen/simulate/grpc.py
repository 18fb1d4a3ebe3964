"""What gRPC changes: an answer of the proxy itself has status 200, and says in `grpc-status` what is wrong.

Source: source/common/http/utility.cc (sendLocalReply), source/common/grpc/status.cc.
"""

from collections.abc import Iterable

import msgspec

from lateen.simulate.fields import Fields
from lateen.simulate.trace import Outcome

_INTERNAL, _UNIMPLEMENTED, _UNAVAILABLE, _UNKNOWN = 13, 12, 14, 2
_STATUSES = {
    400: _INTERNAL, 401: 16, 403: 7, 404: _UNIMPLEMENTED, 429: _UNAVAILABLE, 502: _UNAVAILABLE, 503: _UNAVAILABLE,
    504: _UNAVAILABLE,
}  # fmt: skip


def is_grpc(fields: Fields) -> bool:
    """Tell whether a request is one of gRPC, by its content type."""
    kind = fields.value("content-type")
    return kind == "application/grpc" or kind.startswith("application/grpc+")


def as_seen(fields: Fields, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return outcomes as the client sees them."""
    if not is_grpc(fields):
        return list(outcomes)
    return [_in_grpc(one) if one.kind in ("response", "redirect") else one for one in outcomes]


def _in_grpc(outcome: Outcome) -> Outcome:
    code = outcome.grpc_status if outcome.grpc_status is not None else _STATUSES.get(outcome.status, _UNKNOWN)
    return msgspec.structs.replace(outcome, kind="response", status=200, grpc_status=code, body="")
