"""Which request headers a service passes on to the services that it calls.

Proxies can only join the spans of one request, and rules can only match on its user, if applications hand these on.
The list is that of Istio's sample (samples/bookinfo/src/details/details.rb).
"""

from collections.abc import Mapping

FORWARDED = (
    "x-request-id",
    "x-ot-span-context",
    "x-datadog-trace-id",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "traceparent",
    "tracestate",
    "x-cloud-trace-context",
    "grpc-trace-bin",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-flags",
    "sw8",
    "end-user",
    "user-agent",
    "cookie",
    "authorization",
    "jwt",
)
"""Names in lower case: the request's id, trace headers of every kind in use, who asks, and with what right."""


def forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request that belong on the requests it causes."""
    return {name: headers[name] for name in FORWARDED if name in headers}
