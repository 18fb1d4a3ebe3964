"""Lines of a proxy's access log, in Istio's text format or as JSON, turned back into the requests that they are of."""

import json
import re
from pathlib import Path
from typing import Any

from msgspec import Struct

from lateen.cli.client import Client
from lateen.cli.errors import Exit, Failure
from lateen.cli.resolving import workload

_LINE = re.compile(
    r'\[(?P<start>[^\]]*)\] "(?P<method>\S+) (?P<path>\S+) (?P<protocol>\S+)" (?P<response_code>\d+|-) '
    r'(?P<response_flags>\S+) .*"(?P<user_agent>[^"]*)" "(?P<request_id>[^"]*)" "(?P<authority>[^"]*)" '
    r'"(?P<upstream_host>[^"]*)" (?P<upstream_cluster>\S+) (?P<upstream_local>\S+) (?P<downstream_local_address>\S+) '
    r"(?P<downstream_remote_address>\S+) (?P<requested_server_name>\S+)(?: (?P<route_name>.*))?"
)
NOTHING = ("-", "", None)


class Logged(Struct, frozen=True, kw_only=True):
    """A request as a log tells it: without most of its headers."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    sni: str = ""
    status: int = 0
    flags: str = ""
    cluster: str = ""
    upstream: str = ""


def parsed(line: str) -> Logged:
    """Read one line.

    Raises:
        Failure: it is not a line of an access log, or not of a request.
    """
    fields = fields_of(line.strip())
    if fields is None:
        raise Failure(
            "--log-line: this is not a line of an access log in Istio's format, nor JSON", Exit.MISUSE
        )
    method, path, authority = (_said(fields, key) for key in ("method", "path", "authority"))
    local = _said(fields, "downstream_local_address")
    port = local.rpartition(":")[2]
    if not method or not path:
        scheme = "tls" if _said(fields, "requested_server_name") else "tcp"
        return Logged(
            method="GET",
            url=f"{scheme}://{local}",
            sni=_said(fields, "requested_server_name"),
            **_outcome(fields),
        )
    bare = re.sub(r":\d+$", "", authority) or local.rpartition(":")[0]
    names = (("user-agent", "user_agent"), ("x-request-id", "request_id"))
    headers = tuple((name, value) for name, key in names if (value := _said(fields, key)))
    return Logged(
        method=method,
        url=f"http://{bare}{f':{port}' if port.isdigit() else ''}{path}",
        headers=(("host", authority), *headers) if authority else headers,
        **_outcome(fields),
    )


def fields_of(line: str) -> dict[str, Any] | None:
    """Return the fields of a line by their names in Istio's JSON format; None when it is not of an access log."""
    if line.startswith("{"):
        try:
            found = json.loads(line)
        except ValueError:
            return None
        return found if isinstance(found, dict) and "upstream_cluster" in found else None
    match = _LINE.match(line)
    return match.groupdict() if match else None


def _said(fields: dict[str, Any], key: str) -> str:
    value = fields.get(key)
    return "" if value in NOTHING else str(value)


def _outcome(fields: dict[str, Any]) -> dict[str, Any]:
    code = _said(fields, "response_code")
    return {
        "status": int(code) if code.isdigit() else 0,
        "flags": _said(fields, "response_flags"),
        "cluster": _said(fields, "upstream_cluster").rstrip(";"),
        "upstream": _said(fields, "upstream_host"),
    }


def found(mesh: str, request_id: str, source: str) -> tuple[Logged, str]:
    """Find a request in the logs of the proxies of a running mesh; returns it and who sent it.

    Raises:
        Failure: no such mesh runs, or no log has the id.
    """
    client = Client(mesh)
    rows = [workload(client, source)] if source and source != "gateway" else client.get("/v1/workloads")
    for row in sorted(
        rows, key=lambda one: one["type"] != "router"
    ):  # a request from outside begins at the gateway
        for line in lines_of(client, row):
            if request_id in line and _is_outbound(line):
                return parsed(line), f"{row['pod']}.{row['namespace']}"
    raise Failure(
        f"no access log of mesh {mesh!r} has the request id {request_id}; is accessLogFile: /dev/stdout set?"
    )


def lines_of(client: Client, row: dict[str, Any]) -> list[str]:
    """Return the log of a workload's proxy; empty when there is none."""
    directory = Path(row["directory"]) if row.get("directory") else client.state.workload(row["pod"])
    try:
        return (directory / "proxy.log").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _is_outbound(line: str) -> bool:
    fields = fields_of(line.strip())
    return fields is not None and not _said(fields, "upstream_cluster").startswith("inbound|")
