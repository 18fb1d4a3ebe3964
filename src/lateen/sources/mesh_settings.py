"""The mesh's settings from a file of their own: a MeshConfig, or the ConfigMap `istio` that holds one."""

from typing import Any

from lateen.sources.completion import MESH_MAP
from lateen.sources.load import Load
from lateen.sources.memory import from_text, from_values
from lateen.sources.yaml import parse


def mesh_settings(text: str, file: str) -> Load:
    """Read settings; a bare MeshConfig becomes the ConfigMap that Istio keeps it in, so that there is one way in."""
    value = parse(text).value
    if isinstance(value, dict) and value.get("kind") == "ConfigMap":
        return from_text(text, file)
    return from_values([config_map(text)], file)


def config_map(text: str) -> dict[str, Any]:
    """Return the ConfigMap that holds a MeshConfig."""
    namespace, name = MESH_MAP
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mesh": text}}


def joined(settings: Load, load: Load) -> Load:
    """Add the settings to a load, unless it has its own."""
    known = {entry.ref for entry in load.defaults}
    own = (entry for entry in settings.entries if entry.ref not in known)
    unread = (*settings.findings, *load.unread)
    return Load(load.parts, unread, settings.broken | load.unread_names, (*own, *load.defaults))
