"""Names inside Kubernetes' objects: ports, keys of Secrets, environment variables."""

import re
from collections.abc import Iterable

from lateen.api.check.report import Report

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
SERVICE = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
PORT = re.compile(r"(?=[-a-z0-9]{0,14}[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?", re.ASCII)
KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}", re.ASCII)
VARIABLE = re.compile(r"[^=\x00-\x1f\x7f]+", re.ASCII)
TRANSPORTS = ("TCP", "UDP", "SCTP")


def port_name(text: str) -> str:
    """Say what is wrong with the name of a container's port, or a target port that is a name."""
    if PORT.fullmatch(text):
        return ""
    return f"{text!r} is not the name of a port: lower-case letters, digits and '-', one letter, at most 15 characters"


def keys(report: Report, path: str, given: Iterable[str]) -> None:
    """Check the keys of a Secret or ConfigMap."""
    for name in given:
        if not KEY.fullmatch(name) or name in (".", "..") or name.startswith(".."):
            report.error(
                f"{path}[{name}]",
                f"{name!r} is not a key: letters, digits, '-', '_' and '.', at most 253 characters",
            )


def one_of(report: Report, path: str, given: str | None, allowed: tuple[str, ...]) -> None:
    """Check a text that is one of a few."""
    if given and given not in allowed:
        report.error(path, f"{given!r} is not one of {', '.join(allowed)}")
