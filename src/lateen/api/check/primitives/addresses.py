"""IP addresses, ranges, and paths of UNIX sockets.

Source: pkg/config/validation/agent/validation.go ValidateIPSubnet, pkg/config/validation/validation.go ValidateUnixAddress.
"""

import ipaddress
from functools import lru_cache

UNIX = "unix://"
KNOWN = 4096
LONGEST_PATH = 106
"""Linux has 108 bytes for it; Envoy keeps one for the end and one in reserve."""


@lru_cache(KNOWN)
def is_ip(text: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def ip(text: str) -> str:
    """Say what is wrong with an address."""
    return "" if is_ip(text) else f"{text!r} is not an IP address"


@lru_cache(KNOWN)
def subnet(text: str) -> str:
    """Say what is wrong with an address or a range of them, such as `10.0.0.0/8`."""
    if text.count("/") != 1:
        return ip(text)
    address, _, length = text.partition("/")
    if not (length.isascii() and length.isdecimal()) or (length.startswith("0") and length != "0"):
        return f"{text!r} is not a range of IP addresses such as 10.0.0.0/8"
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return f"{text!r} is not a range of IP addresses such as 10.0.0.0/8"
    return f"{text!r} names an interface" if "%" in address else ""


def unix_path(text: str) -> str:
    """Say what is wrong with the path of a UNIX socket, given with its `unix://`."""
    path = text.removeprefix(UNIX)
    if len(path.encode(errors="replace")) > LONGEST_PATH:
        return f"the path of the UNIX socket is longer than {LONGEST_PATH} characters"
    if not path:
        return "the path of the UNIX socket is missing"
    if path.startswith("@"):
        return ""
    if not path.startswith("/") or path.endswith("/"):
        return f"{path!r} is not an absolute path of a file"
    return ""
