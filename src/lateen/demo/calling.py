"""Asking another service for JSON."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import NamedTuple
from urllib.parse import urlsplit


class Answer(NamedTuple):
    """What came back: `status` 0 and no value when nothing did; `version` is the other side's `x-service-version`."""

    status: int
    value: object = None
    version: str = ""


def get_json(url: str, headers: Mapping[str, str], timeout: float) -> Answer:
    """GET a URL on a connection of its own, waiting at most `timeout` seconds for the next byte; never raises.

    No connection is kept, so that calls spread over the other side's versions with or without a proxy between.
    """
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", parts.path, headers={**headers, "connection": "close"})
        return _answer(connection.getresponse())
    except (OSError, HTTPException):
        return Answer(0)
    finally:
        connection.close()


def _answer(response: HTTPResponse) -> Answer:
    version = response.getheader("x-service-version", "")
    try:
        return Answer(response.status, json.loads(response.read()), version)
    except ValueError:
        return Answer(response.status, None, version)
