"""Sends requests one after the other and prints what came back; run inside a workload by `lateen test --engine live`.

`python -I -m lateen.cli.live.sender JSON`: a list of `{address, port, tls, method, path, headers}`; prints a list of
`{status, headers, body}`, status 0 where the connection broke.
"""

import http.client
import json
import ssl
import sys
from typing import Any

TIMEOUT = 20.0
BODY = 65536


def ask(one: dict[str, Any]) -> dict[str, Any]:
    """Send one request."""
    connection = _connection(one)
    try:
        connection.putrequest(one["method"], one["path"], skip_host=True, skip_accept_encoding=True)
        for name, value in one["headers"]:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read(BODY).decode(errors="replace")
        headers = [(name.lower(), value) for name, value in answer.getheaders()]
    except (OSError, http.client.HTTPException) as error:
        return {"status": 0, "headers": [], "body": str(error)}
    finally:
        connection.close()
    return {"status": answer.status, "headers": headers, "body": body}


def _connection(one: dict[str, Any]) -> http.client.HTTPConnection:
    place = one["address"], one["port"]
    if not one["tls"]:
        return http.client.HTTPConnection(*place, timeout=TIMEOUT)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    found = _NamedConnection(*place, timeout=TIMEOUT, context=context)
    found.name = one["tls"]
    return found


class _NamedConnection(http.client.HTTPSConnection):
    """TLS with a server name that is not where it connects to."""

    name = ""

    def connect(self) -> None:
        """Connect, then open TLS."""
        http.client.HTTPConnection.connect(self)
        context: ssl.SSLContext = self._context  # type: ignore[attr-defined]
        self.sock = context.wrap_socket(self.sock, server_hostname=self.name)


if __name__ == "__main__":
    print(json.dumps([ask(one) for one in json.loads(sys.argv[1])]))
