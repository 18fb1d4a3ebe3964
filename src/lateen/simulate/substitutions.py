"""What Envoy fills in for `%COMMAND%` in the values of headers (source/common/formatter).

What depends on the machine or the moment (`%START_TIME%`, `%HOSTNAME%` …) stays as it is written.
"""

import re
from collections.abc import Mapping

from lateen.simulate.fields import Fields
from lateen.simulate.request import Connection
from lateen.simulate.routes import Selected

_COMMAND = re.compile(r"%(%|REQ\(([^)?]*)(?:\?([^)]*))?\)(?::(\d+))?|([A-Z_0-9]+)(?:\([^)]*\))?(?::\d+)?)%?")


def values(connection: Connection, selected: Selected, cluster: str) -> Mapping[str, str]:
    """Return what is known of a request, by command.

    Args:
        connection: what the request came on; nobody forwarded it, so its source is the client.
        selected: the route that was taken.
        cluster: where the request is sent; empty when it is answered.
    """
    source, local = connection.source_address, connection.address
    return {
        "PROTOCOL": "HTTP/2" if connection.payload == "http2" else "HTTP/1.1",
        "REQUESTED_SERVER_NAME": connection.tls.sni if connection.tls is not None else "",
        "DOWNSTREAM_REMOTE_ADDRESS": f"{source}:{connection.source_port}",
        "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": source,
        "DOWNSTREAM_DIRECT_REMOTE_ADDRESS": f"{source}:{connection.source_port}",
        "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT": source,
        "DOWNSTREAM_LOCAL_ADDRESS": f"{local}:{connection.port}",
        "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT": local,
        "DOWNSTREAM_LOCAL_PORT": str(connection.port),
        "ROUTE_NAME": selected.route_name,
        "UPSTREAM_CLUSTER": cluster,
        "UPSTREAM_CLUSTER_RAW": cluster,
    }


def formatted(template: str, request: Fields, known: Mapping[str, str]) -> str:
    """Fill in `%REQ(a?b):n%`, `%%` and the commands that are known; what there is nothing for is empty."""

    def filled(found: re.Match[str]) -> str:
        if found[1] == "%":
            return "%"
        if found[2] is None:
            return known.get(found[5], found[0])
        value = request.first(found[2])
        if value is None and found[3]:
            value = request.first(found[3])
        value = value or ""
        return value[: int(found[4])] if found[4] else value

    return _COMMAND.sub(filled, template) if "%" in template else template
