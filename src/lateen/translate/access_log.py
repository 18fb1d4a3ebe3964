"""The mesh's access log → Envoy's file access log, with the fields that Istio's users know.

Sources: pilot/pkg/model/telemetry_logging.go (formats), pilot/pkg/networking/core/accesslog.go (where and when).
"""

from typing import Any

import msgspec
from envoy.config.accesslog.v3.accesslog_pb2 import AccessLog as AccessLogMessage
from envoy.config.accesslog.v3.accesslog_pb2 import AccessLogFilter, ResponseFlagFilter
from envoy.config.core.v3.base_pb2 import DataSource
from envoy.config.core.v3.substitution_format_string_pb2 import SubstitutionFormatString
from envoy.extensions.access_loggers.file.v3.file_pb2 import FileAccessLog
from google.protobuf.struct_pb2 import Struct

from lateen.model.mesh import AccessLog
from lateen.translate import message

NAME = "envoy.access_loggers.file"
NO_CHAIN = "NR"
"""Envoy's flag for a connection that no filter chain takes."""
TEXT = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% '
    "%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "
    '"%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% '
    '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" '
    '"%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% '
    "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n"
)
JSON = {
    "authority": "%REQ(:AUTHORITY)%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "duration": "%DURATION%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "response_code": "%RESPONSE_CODE%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "response_flags": "%RESPONSE_FLAGS%",
    "route_name": "%ROUTE_NAME%",
    "start_time": "%START_TIME%",
    "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%",
    "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "user_agent": "%REQ(USER-AGENT)%",
    "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
}


def access_logs(log: AccessLog | None) -> list[AccessLogMessage]:
    """Return the log of a connection manager or TCP proxy; empty when it is off."""
    if log is None:
        return []
    return [AccessLogMessage(name=NAME, typed_config=message.any_of(_file(log)))]


def listener_access_logs(log: AccessLog | None) -> list[AccessLogMessage]:
    """Return the log of a listener: only what no filter chain takes, for the rest is logged by its filters."""
    unmatched = AccessLogFilter(response_flag_filter=ResponseFlagFilter(flags=[NO_CHAIN]))
    for one in (found := access_logs(log)):
        one.filter.CopyFrom(unmatched)
    return found


def _file(log: AccessLog) -> FileAccessLog:
    if log.is_json:
        fields = Struct()
        fields.update(_json_fields(log.format))
        return FileAccessLog(path=log.path, log_format=SubstitutionFormatString(json_format=fields))
    source = DataSource(inline_string=_terminated(log.format or TEXT))
    return FileAccessLog(path=log.path, log_format=SubstitutionFormatString(text_format_source=source))


def _json_fields(text: str) -> dict[str, Any]:
    """Read the configured JSON object of fields; Istio's own when there is none or it cannot be read."""
    try:
        configured = msgspec.json.decode(text) if text else None
    except msgspec.DecodeError:
        configured = None
    return configured if isinstance(configured, dict) and configured else dict(JSON)


def _terminated(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
