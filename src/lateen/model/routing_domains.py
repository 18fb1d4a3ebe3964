"""The names under which a sidecar's routes answer for a service (pilot/pkg/networking/core/httproute.go)."""

from collections.abc import Iterable
from itertools import takewhile

import msgspec

from lateen.model import host as hosts
from lateen.model.families import speaks
from lateen.model.service import Registry, Service
from lateen.model.view import View

UNSPECIFIED_ADDRESS = "0.0.0.0"  # noqa: S104  never bound: an address that a service must not answer for


class Domains(msgspec.Struct, frozen=True):
    """The domains of a virtual host."""

    all: tuple[str, ...]
    """In the order in which they claim a name."""
    short: frozenset[str] = frozenset()
    """Those that are made by cutting or extending a host; a service of exactly that name has precedence."""


def of_host(host: str) -> Domains:
    """Return the domains of a host that is no service."""
    return Domains((bracketed(host),))


def of_service(service: Service, view: View, port: int | None) -> Domains:
    """Return the domains of a service; with a port, each name also stands with it (an HTTP proxy's routes)."""
    names: list[str] = []
    short: list[str] = []
    for host in (service.host, *service.aliases):
        extra = list(short_forms(host, view, port))
        names += [*_with_port(host, port), *extra]
        short += extra
    if service.headless:
        names += [f"*.{name}" for name in names]  # pods of a StatefulSet by name
    for address in _addresses(service, view):
        names += _with_port(address, port)
    return Domains(tuple(names), frozenset(short))


def bracketed(host: str) -> str:
    """Write an IPv6 address as it stands in a Host header."""
    return f"[{host}]" if ":" in host else host


def _with_port(host: str, port: int | None) -> Iterable[str]:
    yield bracketed(host)
    if port is not None:
        yield f"{bracketed(host)}:{port}"


def short_forms(host: str, view: View, port: int | None = None) -> Iterable[str]:
    """Yield other names of a host: with the dot of the root, and what a search list completes (`name.namespace`)."""
    if not hosts.is_address(host):
        yield f"{host}."
    if port is not None:
        yield f"{bracketed(host + '.')}:{port}"
    for short in _within_cluster(host, view):
        yield from _with_port(short, port)


def _within_cluster(host: str, view: View) -> tuple[str, ...]:
    """Return what a resolver's search list makes of: `name`, `name.namespace.svc`, `name.namespace`."""
    own, is_kubernetes, _ = view.dns_domain.partition(".svc.")
    if view.dns_domain and not is_kubernetes:
        return _beside(host, view.dns_domain)
    name_and_namespace, found, rest = host.partition(".svc.")
    name, dot, namespace = name_and_namespace.partition(".")
    if not (found and dot and name) or rest != view.domain:
        return ()
    if namespace == (own or view.namespace):
        return (name, f"{name_and_namespace}.svc", name_and_namespace)
    return (name_and_namespace, f"{name_and_namespace}.svc")


def _beside(host: str, domain: str) -> tuple[str, ...]:
    """Return a host without the end that it shares with a domain, which is not one of Kubernetes'.

    What is left of two labels also stands with the next one (httproute.go GenerateAltVirtualHosts).
    """
    labels, ends = host.split("."), domain.split(".")
    pairs = zip(reversed(labels), reversed(ends), strict=False)
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    own = labels[: len(labels) - shared]
    if not (shared and own):
        return ()
    names = (".".join(own), ".".join((*own, labels[len(own)])))[: 2 if len(own) == 2 else 1]
    return tuple(name for name in names if name != host)


def _addresses(service: Service, view: View) -> Iterable[str]:
    """Yield virtual addresses, ranges as they are written.

    Of a ServiceEntry's addresses istiod takes one, and not always the same; here all count.
    """
    allotted = (service.auto_address,) if view.dns_capture and service.auto_address else ()
    own = service.addresses
    if service.registry is Registry.KUBERNETES:  # the first that the proxy can reach (httproute.go)
        own = tuple(address for address in own if speaks(view.families, address))[:1]
    for address in (*own, *(one for one in allotted if speaks(view.families, one))):
        if address != UNSPECIFIED_ADDRESS:
            yield address
