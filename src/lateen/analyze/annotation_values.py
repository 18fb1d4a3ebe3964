"""What is wrong with the values of annotations (pkg/kube/inject/validate.go)."""

import ipaddress
import re
from collections.abc import Callable, Mapping

PORTS = 65535
WORD32 = 2**32
_QUANTITY = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(n|u|m|k|[MGTPE]|[KMGTPE]i|[eE][+-]?\d+)?", re.ASCII)
_INTERFACE = re.compile(r"[^\s/]{1,15}")
_TRUTH = ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False")


def _mode(text: str) -> str:
    return "" if text in ("REDIRECT", "TPROXY", "NONE") else "it is one of REDIRECT, TPROXY, NONE"


def _truth(text: str) -> str:
    return "" if text in _TRUTH else "it is true or false"


def _whole(text: str) -> str:
    is_number = text.isascii() and text.isdecimal() and int(text) < WORD32
    return "" if is_number else "it is a whole number"


def _port(text: str) -> str:
    word = text.strip()
    is_port = word.isascii() and word.isdecimal() and int(word) <= PORTS
    return "" if is_port else f"{word!r} is not a port"


def _ports(text: str) -> str:
    every = text.strip()
    return next((wrong for one in every.split(",") if (wrong := _port(one))), "") if every else ""


def _some_ports(text: str) -> str:
    return "" if text == "*" else _ports(text)


def _ranges(text: str) -> str:
    return (
        next(
            (f"{one!r} is not a range such as 10.0.0.0/8" for one in text.split(",") if not _is_range(one)),
            "",
        )
        if text
        else ""
    )


def _some_ranges(text: str) -> str:
    return "" if text == "*" else _ranges(text)


def _is_range(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def _interfaces(text: str) -> str:
    names = [one.strip() for one in text.split(",")] if text else []
    return next(
        (f"{one!r} is not the name of an interface" for one in names if not _INTERFACE.fullmatch(one)), ""
    )


def _quantity(text: str) -> str:
    return "" if _QUANTITY.fullmatch(text) else "it is a quantity such as 100m or 128Mi"


_TRAFFIC = "traffic.sidecar.istio.io/"
_READINESS = "readiness.status.sidecar.istio.io/"
VALUES: Mapping[str, Callable[[str], str]] = {
    "sidecar.istio.io/interceptionMode": _mode,
    "prometheus.istio.io/merge-metrics": _truth,
    "status.sidecar.istio.io/port": _port,
    f"{_READINESS}initialDelaySeconds": _whole,
    f"{_READINESS}periodSeconds": _whole,
    f"{_READINESS}failureThreshold": _whole,
    f"{_TRAFFIC}includeOutboundIPRanges": _some_ranges,
    f"{_TRAFFIC}excludeOutboundIPRanges": _ranges,
    f"{_TRAFFIC}includeInboundPorts": _some_ports,
    f"{_TRAFFIC}excludeInboundPorts": _ports,
    f"{_TRAFFIC}excludeOutboundPorts": _ports,
    f"{_TRAFFIC}excludeInterfaces": _interfaces,
    f"{_TRAFFIC}kubevirtInterfaces": _interfaces,
    "istio.io/reroute-virtual-interfaces": _interfaces,
    "sidecar.istio.io/proxyCPU": _quantity,
    "sidecar.istio.io/proxyCPULimit": _quantity,
    "sidecar.istio.io/proxyMemory": _quantity,
    "sidecar.istio.io/proxyMemoryLimit": _quantity,
}
"""Says what is wrong with the value of an annotation; `proxy.istio.io/config` is read elsewhere."""
