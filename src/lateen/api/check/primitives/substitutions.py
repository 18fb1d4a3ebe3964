r"""Values of headers with Envoy's substitution commands, such as `%REQ(x-id)%`.

Sources: pkg/config/validation/header_value_validator.go for what Istio refuses; Envoy's substitution formatter for
the grammar `%COMMAND(PARAMETERS):LENGTH%` and the commands, tried one by one on the release that Lateen installs.
"""

import re
from difflib import get_close_matches
from functools import lru_cache

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_TEXT = r'(?:\\.|[^\\)"])*'
_ARRAY = rf'{_TEXT}(?:" *, *"{_TEXT})*(?:\)|" *\] *\)) *'
ISTIO = re.compile(rf'(?:[^%]|%%|%[^%(]+(?:%|\( *(?:\[ *"|[^\[ ]){_ARRAY}%))*', re.DOTALL)
"""What Istio lets pass: the parameters are one text or a list of texts in quotes, and nothing follows them."""
PART = re.compile(r"%(?:%|([A-Z0-9_]+)(?:\((.*?)\))?(?::([0-9]+))?%)|[^%]+", re.DOTALL)
HEADER = re.compile(r"[!#$&'*+\-.^_`|~A-Za-z0-9:%]*(?:\?[!#$&'*+\-.^_`|~A-Za-z0-9:%]*)?")
ANY = re.compile(r".+", re.DOTALL)
PERHAPS = re.compile(r".*", re.DOTALL)
FILTER_STATE = re.compile(r"[^:]+(?::(?:PLAIN|TYPED|FIELD:.+))?")
METADATA = re.compile(
    r"(?:CLUSTER|DYNAMIC|ROUTE|UPSTREAM_HOST|LISTENER|LISTENER_FILTER_CHAIN|VIRTUAL_HOST)(?::.*)?"
)
PATH = re.compile(r"(?:WQ|NQ)?(?::.*)?")
SERVER_NAME = re.compile(r"(?:(?:SNI_ONLY|SNI_FIRST|HOST_FIRST)(?::ORIG)?)?")
GRPC = re.compile(r"(?:CAMEL_STRING|SNAKE_STRING|NUMBER)?")

PLAIN = frozenset(
    [
        "ACCESS_LOG_TYPE",
        "BYTES_RECEIVED",
        "BYTES_RETRANSMITTED",
        "BYTES_SENT",
        "CONNECTION_ID",
        "CONNECTION_TERMINATION_DETAILS",
        "CUSTOM_FLAGS",
        "DOWNSTREAM_CX_RTT",
        "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED",
        "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT",
        "DOWNSTREAM_DETECTED_CLOSE_TYPE",
        "DOWNSTREAM_DIRECT_LOCAL_ADDRESS",
        "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID",
        "DOWNSTREAM_DIRECT_LOCAL_PORT",
        "DOWNSTREAM_DIRECT_REMOTE_ADDRESS",
        "DOWNSTREAM_DIRECT_REMOTE_PORT",
        "DOWNSTREAM_HANDSHAKE_DURATION",
        "DOWNSTREAM_HEADER_BYTES_RECEIVED",
        "DOWNSTREAM_HEADER_BYTES_SENT",
        "DOWNSTREAM_LOCAL_ADDRESS",
        "DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID",
        "DOWNSTREAM_LOCAL_CLOSE_REASON",
        "DOWNSTREAM_LOCAL_DNS_SAN",
        "DOWNSTREAM_LOCAL_EMAIL_SAN",
        "DOWNSTREAM_LOCAL_IP_SAN",
        "DOWNSTREAM_LOCAL_OTHERNAME_SAN",
        "DOWNSTREAM_LOCAL_PORT",
        "DOWNSTREAM_LOCAL_SUBJECT",
        "DOWNSTREAM_LOCAL_URI_SAN",
        "DOWNSTREAM_PEER_CERT",
        "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1",
        "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256",
        "DOWNSTREAM_PEER_CHAIN_SERIALS",
        "DOWNSTREAM_PEER_DNS_SAN",
        "DOWNSTREAM_PEER_EMAIL_SAN",
        "DOWNSTREAM_PEER_FINGERPRINT_1",
        "DOWNSTREAM_PEER_FINGERPRINT_256",
        "DOWNSTREAM_PEER_IP_SAN",
        "DOWNSTREAM_PEER_ISSUER",
        "DOWNSTREAM_PEER_ISSUER_FINGERPRINT_256",
        "DOWNSTREAM_PEER_ISSUER_SERIAL",
        "DOWNSTREAM_PEER_OTHERNAME_SAN",
        "DOWNSTREAM_PEER_SERIAL",
        "DOWNSTREAM_PEER_SUBJECT",
        "DOWNSTREAM_PEER_URI_SAN",
        "DOWNSTREAM_REMOTE_ADDRESS",
        "DOWNSTREAM_REMOTE_PORT",
        "DOWNSTREAM_TLS_CIPHER",
        "DOWNSTREAM_TLS_GROUP",
        "DOWNSTREAM_TLS_SESSION_ID",
        "DOWNSTREAM_TLS_VERSION",
        "DOWNSTREAM_TRANSPORT_FAILURE_REASON",
        "DOWNSTREAM_WIRE_BYTES_RECEIVED",
        "DOWNSTREAM_WIRE_BYTES_SENT",
        "DURATION",
        "FILTER_CHAIN_NAME",
        "GRPC_STATUS_NUMBER",
        "HOSTNAME",
        "LISTENER_NAME",
        "LOCAL_REPLY_BODY",
        "PACKETS_RETRANSMITTED",
        "PROTOCOL",
        "REQUEST_DURATION",
        "REQUEST_HEADERS_BYTES",
        "REQUEST_TX_DURATION",
        "RESPONSE_CODE",
        "RESPONSE_DURATION",
        "RESPONSE_FLAGS",
        "RESPONSE_FLAGS_LONG",
        "RESPONSE_HEADERS_BYTES",
        "RESPONSE_TRAILERS_BYTES",
        "RESPONSE_TX_DURATION",
        "ROUNDTRIP_DURATION",
        "ROUTE_NAME",
        "ROUTE_RESOLUTION_COUNT",
        "ROUTE_RESOLUTION_TIME_US",
        "SPAN_ID",
        "STREAM_ID",
        "TLS_JA3_FINGERPRINT",
        "TLS_JA4_FINGERPRINT",
        "TRACE_ID",
        "UNIQUE_ID",
        "UPSTREAM_CLUSTER",
        "UPSTREAM_CLUSTER_RAW",
        "UPSTREAM_CONNECTION_ID",
        "UPSTREAM_CONNECTION_IDS_ATTEMPTED",
        "UPSTREAM_CONNECTION_POOL_READY_DURATION",
        "UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED",
        "UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT",
        "UPSTREAM_DETECTED_CLOSE_TYPE",
        "UPSTREAM_HEADER_BYTES_RECEIVED",
        "UPSTREAM_HEADER_BYTES_SENT",
        "UPSTREAM_HOST",
        "UPSTREAM_HOSTS_ATTEMPTED",
        "UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT",
        "UPSTREAM_HOST_NAME",
        "UPSTREAM_HOST_NAMES_ATTEMPTED",
        "UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT",
        "UPSTREAM_HOST_NAME_WITHOUT_PORT",
        "UPSTREAM_LOCAL_ADDRESS",
        "UPSTREAM_LOCAL_CLOSE_REASON",
        "UPSTREAM_LOCAL_DNS_SAN",
        "UPSTREAM_LOCAL_IP_SAN",
        "UPSTREAM_LOCAL_PORT",
        "UPSTREAM_LOCAL_URI_SAN",
        "UPSTREAM_PEER_CERT",
        "UPSTREAM_PEER_DNS_SAN",
        "UPSTREAM_PEER_IP_SAN",
        "UPSTREAM_PEER_ISSUER",
        "UPSTREAM_PEER_SUBJECT",
        "UPSTREAM_PEER_URI_SAN",
        "UPSTREAM_PROTOCOL",
        "UPSTREAM_REMOTE_ADDRESS",
        "UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID",
        "UPSTREAM_REMOTE_PORT",
        "UPSTREAM_REQUEST_ATTEMPT_COUNT",
        "UPSTREAM_SERVER_NAME",
        "UPSTREAM_TLS_CIPHER",
        "UPSTREAM_TLS_GROUP",
        "UPSTREAM_TLS_SESSION_ID",
        "UPSTREAM_TLS_VERSION",
        "UPSTREAM_TRANSPORT_FAILURE_REASON",
        "UPSTREAM_WIRE_BYTES_RECEIVED",
        "UPSTREAM_WIRE_BYTES_SENT",
        "VIRTUAL_CLUSTER_NAME",
    ]
)
"""Commands without parameters and length."""

WITH_PARAMETERS: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(
        ["REQ", "RESP", "TRAILER", "REQUEST_HEADER", "RESPONSE_HEADER", "RESPONSE_TRAILER"], HEADER
    ),
    **dict.fromkeys(
        [
            "DYNAMIC_METADATA",
            "UPSTREAM_METADATA",
            "CLUSTER_METADATA",
            "ENVIRONMENT",
            "QUERY_PARAM",
            "PER_REQUEST_STATE",
        ],
        ANY,
    ),
    **dict.fromkeys(
        [
            "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT",
            "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT",
            "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
            "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
            "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
            "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
            "DOWNSTREAM_PEER_CERT_V_START",
            "DOWNSTREAM_PEER_CERT_V_END",
            "UPSTREAM_PEER_CERT_V_START",
            "UPSTREAM_PEER_CERT_V_END",
            "EMIT_TIME",
            "EMIT_TIME_LOCAL",
            "START_TIME",
            "START_TIME_LOCAL",
            "RESPONSE_CODE_DETAILS",
        ],
        PERHAPS,
    ),
    "FILTER_STATE": FILTER_STATE,
    "UPSTREAM_FILTER_STATE": FILTER_STATE,
    "METADATA": METADATA,
    "PATH": PATH,
    "QUERY_PARAMS": re.compile(r"(?:ORIG)?"),
    "REQUESTED_SERVER_NAME": SERVER_NAME,
    "GRPC_STATUS": GRPC,
    "COMMON_DURATION": re.compile(r"[^:]+:[^:]+(?::(?:ms|us|ns))?"),
}
"""Commands with the form of their parameters."""

WITH_LENGTH = frozenset(
    [
        "REQ",
        "RESP",
        "TRAILER",
        "REQUEST_HEADER",
        "RESPONSE_HEADER",
        "RESPONSE_TRAILER",
        "DYNAMIC_METADATA",
        "ENVIRONMENT",
        "FILTER_STATE",
        "UPSTREAM_FILTER_STATE",
        "QUERY_PARAM",
        "PATH",
        "QUERY_PARAMS",
        "METADATA",
    ]
)
"""Commands whose result may be cut to a length."""

UNREADABLE = frozenset({"CEL", "COALESCE"})
"""Commands whose parameters are a language of their own, which only Envoy can read."""


@lru_cache(4096)
def istio(text: str) -> str:
    """Say what Istio has against a header's value."""
    if CONTROL.search(text):
        return "a header's value cannot have control characters"
    if "%" not in text or ISTIO.fullmatch(text):
        return ""
    return f"{text!r} has a % that is not the begin or end of a command such as %REQ(x-id)%; write %% for a percent sign"


@lru_cache(4096)
def envoy(text: str) -> str:
    """Say what Envoy has against a header's value that Istio accepts."""
    if "%" not in text:
        return ""
    place = 0
    while place < len(text):
        part = PART.match(text, place)
        if part is None:
            rest = text[place : place + 30]
            return f"{rest!r} is not a command such as %HOSTNAME% or %REQ(x-id)%; write %% for a percent sign"
        if part[1] is not None and (wrong := _command(part[1], part[2] or "", cut=part[3] is not None)):
            return wrong
        place = part.end()
    return ""


def _command(name: str, parameters: str, *, cut: bool) -> str:
    if name in UNREADABLE:
        return f"%{name}(…)% is not supported: only Envoy can read its parameters"
    if name not in PLAIN and name not in WITH_PARAMETERS:
        near = get_close_matches(name, sorted(PLAIN | WITH_PARAMETERS.keys()), 1)
        return f"Envoy has no command %{name}%" + (f"; did you mean %{near[0]}%?" if near else "")
    if cut and name not in WITH_LENGTH:
        return f"%{name}% cannot be cut to a length"
    if name in PLAIN:
        return f"%{name}% has no parameters" if parameters else ""
    form = WITH_PARAMETERS[name]
    if form is HEADER and not parameters:
        return f"%{name}% needs the name of a header: %{name}(x-id)%"
    return "" if form.fullmatch(parameters) else f"%{name}({parameters})% has wrong parameters"
