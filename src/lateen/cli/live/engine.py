"""Expectations, asked of the running mesh: real requests from the workloads and to the gateway that they name."""

import json
import os
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lateen.cli.attach import captured
from lateen.cli.client import Client
from lateen.cli.errors import Failure
from lateen.cli.explain_log import NOTHING, fields_of, lines_of
from lateen.cli.live import sender
from lateen.cli.resolving import pick
from lateen.expectations.engine import Parts, Question, Unjudged
from lateen.twin.live import Logged, Received, judge, times

PATIENCE = 2.0  # seconds until a proxy has written its log; it flushes four times a second
FLUSH = 0.6  # seconds in which every proxy has written what it had to say
AGENT = "lateen-test/"
_INBOUND = "inbound|"
Row = dict[str, Any]


class LiveEngine:
    """Sends real requests."""

    name = "live"

    def __init__(self, mesh: str) -> None:
        """Take the name of the running mesh.

        Raises:
            Failure: it does not run.
        """
        self._client = Client(mesh)
        self._rows: list[Row] = self._client.get("/v1/workloads")

    def judge(self, question: Question) -> Parts:
        """Send a request as often as it takes, read what the proxies say of it, and compare.

        Raises:
            LookupError: it cannot be sent from there.
        """
        if question.sent.request is None:
            return {word: [Unjudged(f"{word}: a connection without HTTP")] for word in question.case.expect}
        ids = [str(uuid.uuid4()) for _ in range(times(question))]
        row = self._sender(question)
        plans = [self._plan(question, one) for one in ids]
        answers = [sender.ask(one) for one in plans] if row is None else self._inside(row, plans)
        logs = self._logs(row, ids)
        received = [
            Received(one["status"], tuple(map(tuple, one["headers"])), one["body"], logs.get(name))
            for name, one in zip(ids, answers, strict=True)
        ]
        return judge(question, received)

    def _sender(self, question: Question) -> Row | None:
        """Return the workload that sends; None for this machine, outside the mesh."""
        if question.proxy.type == "router":
            return None
        try:
            return pick(self._rows, question.case.client, question.case.namespace)
        except Failure as failure:
            raise LookupError(str(failure.message)) from failure

    def _plan(self, question: Question, name: str) -> dict[str, Any]:
        request, connection = question.sent.request, question.sent.connection
        assert request is not None
        address, port = self._place(question)
        given = [pair for pair in request.headers if pair[0] != "x-request-id"]
        if not any(key == "user-agent" for key, _ in given):
            given.append(("user-agent", f"{AGENT}{name}"))  # a gateway gives requests ids of its own
        return {
            "address": address,
            "port": port,
            "tls": connection.tls.sni if connection.tls is not None else "",
            "method": request.method,
            "path": request.path,
            "headers": [("host", request.authority), *given, ("x-request-id", name), ("connection", "close")],
        }

    def _place(self, question: Question) -> tuple[str, int]:
        connection = question.sent.connection
        if question.proxy.type != "router":
            return connection.address, connection.port
        for one in self._client.get("/v1/mesh")["host_ports"]:
            if one["pod"] in question.proxy.name and one["mesh_port"] in self._ports(question):
                return one["address"], one["port"]
        raise LookupError(f"no port of this machine leads to port {connection.port} of the gateway")

    def _ports(self, question: Question) -> set[int]:
        """Return the port that the request names and the one behind it that the gateway listens on."""
        from lateen.simulate.explain_request import parts_of  # noqa: PLC0415

        return {question.sent.connection.port, parts_of(question.asked).port}

    def _inside(self, row: Row, plans: list[dict[str, Any]]) -> list[dict[str, Any]]:
        argv = [sys.executable, "-I", "-m", sender.__name__, json.dumps(plans)]
        request = {
            "op": "exec", "workload": row["pod"], "namespace": row["namespace"], "argv": argv,
            "env": dict(os.environ), "cwd": "/",
        }  # fmt: skip
        code, printed = captured(self._client.state, request)
        if code:
            raise LookupError(f"the client in {row['pod']} ended with {code}")
        found: list[dict[str, Any]] = json.loads(printed)
        return found

    def _logs(self, row: Row | None, ids: list[str]) -> dict[str, Logged]:
        """Return what the logs say, by request id; wait until they have every request."""
        senders = [row] if row is not None else [one for one in self._rows if one["type"] == "router"]
        deadline, told = time.monotonic() + PATIENCE, False
        found = self._read(senders, ids)
        while not _complete(found, ids) and time.monotonic() < deadline:
            if len(found) == len(ids) and not told:  # what stands before the upstream may keep no log
                deadline, told = min(deadline, time.monotonic() + FLUSH), True
            time.sleep(0.05)  # files have no event that says they are complete
            found = self._read(senders, ids)
        return found

    def _read(self, senders: list[Row], ids: list[str]) -> dict[str, Logged]:
        wanted = frozenset(ids)
        sent = {key: one for key, one in self._entries(senders, wanted) if not _is_inbound(one)}
        arrived = {
            (key, one.get("downstream_local_address")): one  # a program may hand the id on to others
            for key, one in self._entries(self._rows, wanted)
            if _is_inbound(one)
        }
        return {key: _logged(one, arrived.get((key, one.get("upstream_host")))) for key, one in sent.items()}

    def _entries(self, rows: list[Row], wanted: frozenset[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        for row in rows:
            for line in lines_of(self._client, row):
                found = fields_of(line.strip())
                if found is not None and (name := wanted & {*_marks(found)}):
                    yield next(iter(name)), found


def _complete(found: dict[str, Logged], ids: list[str]) -> bool:
    return len(found) == len(ids) and all(one.seen_path or not one.cluster for one in found.values())


def _marks(fields: dict[str, Any]) -> tuple[str, str]:
    return str(fields.get("request_id")), str(fields.get("user_agent")).removeprefix(AGENT)


def _is_inbound(fields: dict[str, Any]) -> bool:
    return str(fields.get("upstream_cluster")).startswith(_INBOUND)


def _logged(sent: dict[str, Any], arrived: dict[str, Any] | None) -> Logged:
    reached = sent.get("upstream_host") not in NOTHING
    return Logged(
        cluster=str(sent["upstream_cluster"]).rstrip(";") if reached else "",
        flags=str(sent.get("response_flags") or "-"),
        seen_path=str(arrived["path"]) if arrived else "",
        seen_authority=str(arrived["authority"]) if arrived else "",
    )


@contextmanager
def starting(mesh: str) -> Iterator[LiveEngine]:
    """Ask the running mesh while expectations are tried."""
    yield LiveEngine(mesh)
