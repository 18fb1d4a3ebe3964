"""HTTP headers: names in conditions, names and values in operations, names and methods in CORS.

Source: pkg/config/validation/validation.go ValidateHTTPHeader…, pkg/jwt/routing.go.
"""

import re
from functools import lru_cache

from lateen.api.check.primitives.strings import BREAKS

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~A-Za-z0-9]+", re.ASCII)
PSEUDO = frozenset({":method", ":scheme", ":authority", ":path", ":status"})
CLAIM = "@request.auth.claims"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"})
PROBE = re.compile(r"[-A-Za-z0-9]+", re.ASCII)


@lru_cache(4096)
def condition_name(name: str) -> str:
    """Say what is wrong with the name of a header that a request is asked for; a claim of a token is one, too."""
    if name in PSEUDO or is_claim(name) or TOKEN.fullmatch(name):
        return ""
    if name.lower().startswith(CLAIM):
        return f"{name!r} does not name a claim: write {CLAIM}.name or {CLAIM}[name]"
    return f"{name!r} is not the name of a header" if name else "the name of the header is empty"


def is_claim(name: str) -> bool:
    """Tell whether a "header" is a claim of the caller's token: `@request.auth.claims.a.b` or `…[a][b]`."""
    if not name.lower().startswith(CLAIM):
        return False
    rest = name[len(CLAIM) :]
    return len(rest) > 1 and (rest[0] == "." or (rest[0] == "[" and rest[-1] == "]" and len(rest) > 2))


def is_authority(name: str) -> bool:
    """Tell whether a header names the host."""
    return name.lower() in ("host", ":authority")


def operation_name(name: str, *, authority: bool) -> str:
    """Say what is wrong with the name of a header to set, add or remove; with `authority`, the host may be changed."""
    if not name:
        return "the name of the header is empty"
    if is_authority(name):
        return (
            "" if authority else f"{name!r} cannot be changed here; it can be set and added on requests only"
        )
    if name.startswith(":"):
        return f"{name!r} cannot be changed: it is a pseudo header"
    return ""


def envoy_name(name: str) -> str:
    """Say what Envoy has against the name of a header to change."""
    return "the name of a header cannot have line breaks" if any(one in name for one in BREAKS) else ""


def cors_name(name: str) -> str:
    """Say what is wrong with the name of a header in a CORS policy; names joined by commas are as good as a list."""
    if name == "*" or TOKEN.fullmatch(name.replace(",", "")):
        return ""
    return f"{name!r} is not the name of a header" if name else "the name of the header is empty"
