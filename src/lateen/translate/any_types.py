"""Types of Envoy's API by name: what an `@type` names is imported when it is first met, not all six hundred modules.

A package of the API is the Python package of the same name.
"""

import importlib
import pkgutil

from google.protobuf import symbol_database
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message

_ROOTS = frozenset({"envoy", "xds", "udpa", "google", "cel", "opencensus", "opentelemetry"})
"""Where messages are: a name from somebody's YAML must not import anything else."""
_IMPORTED: set[str] = set()


def import_package(name: str) -> bool:
    """Import the modules of a protobuf package, which makes its messages known; tell whether that brought anything."""
    parts = name.split(".")
    if name in _IMPORTED or parts[0] not in _ROOTS or not all(part.isidentifier() for part in parts):
        return False
    _IMPORTED.add(name)
    try:
        package = importlib.import_module(name)
        modules = [one.name for one in pkgutil.iter_modules(package.__path__) if one.name.endswith("_pb2")]
    except (ModuleNotFoundError, AttributeError):
        return False
    for module in modules:
        importlib.import_module(f"{name}.{module}")
    return bool(modules)


def message_type(type_url: str) -> type[Message] | None:
    """Return the class of a type URL, or None when Envoy's API has no such message."""
    name = type_url.rpartition("/")[2]
    package = name.rpartition(".")[0]
    known = symbol_database.Default()
    try:
        return _class_of(known, name)
    except KeyError:
        pass
    while package:  # a message may be nested in another
        import_package(package)
        try:
            return _class_of(known, name)
        except KeyError:
            package = package.rpartition(".")[0]
    return None


def _class_of(known: symbol_database.SymbolDatabase, name: str) -> type[Message]:
    found: type[Message] = known.GetSymbol(name)
    return found


def opened(packed: AnyMessage) -> Message | None:
    """Return the message inside, or None when its type is not known."""
    found = message_type(packed.type_url)
    return found.FromString(packed.value) if found is not None else None
