"""Envoy's admin interface over its UNIX socket, and the parts of its `/config_dump`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from lateen.cli.client import unix_get
from lateen.cli.errors import Failure

Message = dict[str, Any]
_OK = 200
# Where each section of a dump keeps its resources: (list, key of the resource, key of the state between them).
_SECTIONS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "ClustersConfigDump": (("dynamic_active_clusters", "cluster", ""), ("static_clusters", "cluster", "")),
    "ListenersConfigDump": (
        ("dynamic_listeners", "listener", "active_state"),
        ("static_listeners", "listener", ""),
    ),
    "RoutesConfigDump": (
        ("dynamic_route_configs", "route_config", ""),
        ("static_route_configs", "route_config", ""),
    ),
    "EndpointsConfigDump": (
        ("dynamic_endpoint_configs", "endpoint_config", ""),
        ("static_endpoint_configs", "endpoint_config", ""),
    ),
    "SecretsConfigDump": (("dynamic_active_secrets", "secret", ""), ("static_secrets", "secret", "")),
}


class Admin:
    """One Envoy."""

    def __init__(self, socket: Path, name: str) -> None:
        """Name its socket, and what to call it."""
        self._socket = socket
        self._name = name
        self._dump: list[Message] | None = None

    def ask(self, target: str) -> Message:
        """Read one page as JSON.

        Raises:
            Failure: Envoy does not run or does not know the page.
        """
        try:
            status, body = unix_get(str(self._socket), target)
        except OSError as error:
            raise Failure(f"the proxy of {self._name} does not answer: {error.strerror or error}") from error
        if status != _OK:
            raise Failure(
                f"the proxy of {self._name} answered {status} to {target}: {body.decode(errors='replace').strip()}"
            )
        answer: Message = msgspec.json.decode(body)
        return answer

    def dump(self) -> list[Message]:
        """Return the sections of the configuration dump, with endpoints."""
        if self._dump is None:
            self._dump = self.ask("/config_dump?include_eds")["configs"]
        return self._dump

    def section(self, name: str) -> Message:
        """Return one section by the last word of its type; empty when there is none."""
        return next((one for one in self.dump() if one.get("@type", "").endswith(f".{name}")), {})

    def resources(self, name: str) -> list[Message]:
        """Return the resources of a section, dynamic ones first."""
        return list(_resources(self.section(name), name))


def _resources(section: Message, name: str) -> Iterator[Message]:
    for place, key, state in _SECTIONS[name]:
        for entry in section.get(place, ()):
            holder = entry.get(state, {}) if state else entry
            if key in holder:
                yield holder[key]


def origin(metadata: Message | None) -> str:
    """Return `name.namespace` of the object that a route or cluster was made of; empty when none is named."""
    path = (metadata or {}).get("filter_metadata", {}).get("istio", {}).get("config", "")
    pieces = path.split("/")  # /apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME
    return f"{pieces[7]}.{pieces[5]}" if len(pieces) == 8 else ""
