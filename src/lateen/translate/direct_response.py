"""HTTPDirectResponse → DirectResponseAction (route.go, ApplyDirectResponse)."""

from envoy.config.core.v3.base_pb2 import DataSource
from envoy.config.route.v3.route_components_pb2 import DirectResponseAction

from lateen.api.virtual_service import HTTPBody, HTTPDirectResponse

LAST_STATUS = 599  # Istio's check lets 600 pass, with which Envoy would refuse all routes


def direct_response_action(response: HTTPDirectResponse) -> DirectResponseAction:
    """Return the fixed answer."""
    return DirectResponseAction(status=min(response.status, LAST_STATUS), body=_body(response.body))


def _body(body: HTTPBody | None) -> DataSource | None:
    if body is None:
        return None
    if body.string is not None:
        return DataSource(inline_string=body.string)
    return DataSource(inline_bytes=body.bytes) if body.bytes is not None else None
