"""Who may see an object: `exportTo` and the mesh's defaults for it (pkg/config/visibility/visibility.go)."""

PRIVATE = "."
PUBLIC = "*"
NONE = "~"


def effective(export_to: tuple[str, ...], namespace: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Resolve `.` to the object's namespace and an empty list to the mesh's default; sorted, without repeats."""
    declared = export_to or default or (PUBLIC,)
    resolved = {namespace if entry == PRIVATE else entry for entry in declared}
    if PUBLIC in resolved:
        return (PUBLIC,)
    return tuple(sorted(resolved))


def is_public(effective_export: tuple[str, ...]) -> bool:
    """Tell whether every namespace sees the object."""
    return PUBLIC in effective_export


def visible_to(effective_export: tuple[str, ...], namespace: str) -> bool:
    """Tell whether the namespace sees an object with this effective `exportTo`."""
    return PUBLIC in effective_export or namespace in effective_export


def capped(effective_export: tuple[str, ...], namespace: str, widest: str) -> tuple[str, ...]:
    """Narrow an effective `exportTo` to what the mesh allows at most: PUBLIC, NAMESPACE or NONE; it never widens."""
    if widest == "NONE" or (widest == "NAMESPACE" and not visible_to(effective_export, namespace)):
        return (NONE,)
    return (namespace,) if widest == "NAMESPACE" else effective_export
