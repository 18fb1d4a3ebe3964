"""The `hosts` of a Sidecar's egress listener: which services and VirtualServices they import.

Source: pilot/pkg/model/sidecar.go.
"""

from collections.abc import Iterable

import msgspec

from lateen.model import host as hosts
from lateen.model.service import Service
from lateen.model.virtual_services import Binding

EVERYTHING = ("*/*",)


class Patterns:
    """The `hosts` of an egress listener, by namespace."""

    def __init__(self, entries: Iterable[str], own_namespace: str) -> None:
        self.everything = tuple(entries) == EVERYTHING
        self.imported: dict[str, list[str]] = {}
        self.excluded: dict[str, list[str]] = {}
        for entry in entries:
            namespace, _, host = entry.partition("/")
            target = self.imported
            if namespace.startswith("~"):
                target, namespace = self.excluded, namespace[1:] or "*"
            namespace = own_namespace if namespace == "." else namespace
            target.setdefault(namespace, []).append(host.lower())

    @property
    def named(self) -> tuple[tuple[str, str], ...] | None:
        """The (namespace, host) pairs, when none of the patterns is a wildcard."""
        pairs = tuple((namespace, host) for namespace, found in self.imported.items() for host in found)
        is_exact = all(namespace != "*" and not hosts.is_wildcard(host) for namespace, host in pairs)
        return tuple(dict.fromkeys(pairs)) if is_exact else None

    @property
    def namespaces(self) -> tuple[str, ...] | None:
        """The namespaces that the patterns import from; None when that is any."""
        return None if "*" in self.imported else tuple(self.imported)

    def imported_service(self, service: Service) -> Service | None:
        """Import a service when a pattern covers its host, one way, unlike a VirtualService; None otherwise.

        Of its aliases come those that the same patterns cover: its namespace's, else those of every namespace.
        """
        if self.everything:
            return service
        if self._in(service.host, service.namespace, self.excluded):
            return None
        for namespace in (service.namespace, "*"):
            patterns = self.imported.get(namespace, ())
            if _covered(service.host, patterns):
                aliases = tuple(alias for alias in service.aliases if _covered(alias, patterns))
                return msgspec.structs.replace(service, aliases=aliases) if service.aliases else service
        return None

    def import_binding(self, binding: Binding) -> bool:
        """A VirtualService is imported when one of its hosts overlaps a pattern, in either direction."""
        if self.everything:
            return True
        namespace = binding.ref.namespace
        return any(
            self._overlaps(host, namespace) and not self._in(host, namespace, self.excluded)
            for host in binding.hosts
        )

    def _in(self, host: str, namespace: str, patterns: dict[str, list[str]]) -> bool:
        return _covered(host, (*patterns.get(namespace, ()), *patterns.get("*", ())))

    def _overlaps(self, host: str, namespace: str) -> bool:
        candidates = (*self.imported.get(namespace, ()), *self.imported.get("*", ()))
        return any(hosts.matches(host, pattern) for pattern in candidates)


def _covered(host: str, patterns: Iterable[str]) -> bool:
    return any(hosts.subset_of(host, pattern) for pattern in patterns)
