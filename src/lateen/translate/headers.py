"""Header operations of a rule or destination (route.go, TranslateHeadersOperations)."""

from collections.abc import Iterable, Mapping

import msgspec
from envoy.config.core.v3.base_pb2 import HeaderValue, HeaderValueOption
from envoy.config.route.v3.route_components_pb2 import Route, WeightedCluster

from lateen.api.virtual_service import HeaderOperations, Headers

AUTHORITY = frozenset({":authority", "host"})
_NOTHING = HeaderOperations()


class HeaderChanges(msgspec.Struct, frozen=True):
    """Names and values only; `write` makes messages of them."""

    request: HeaderOperations = _NOTHING
    response: HeaderOperations = _NOTHING

    @property
    def authority(self) -> str:
        """The new Host that an operation asks for, or an empty string; `set` before `add`."""
        return _authority(self.request.set) or _authority(self.request.add)


NONE = HeaderChanges()


def changes(headers: Headers | None) -> HeaderChanges:
    """Return the operations in both directions; `NONE` where there are none."""
    if headers is None:
        return NONE
    return HeaderChanges(headers.request or _NOTHING, headers.response or _NOTHING)


def write(made: Route | WeightedCluster.ClusterWeight, found: HeaderChanges) -> None:
    """Add operations to those of a route or destination: `set` before `add`, each in the order of the alphabet."""
    if found is NONE:
        return  # most routes
    made.request_headers_to_add.extend(_written(found.request))
    made.request_headers_to_remove.extend(_removed(found.request))
    made.response_headers_to_add.extend(_written(found.response))
    made.response_headers_to_remove.extend(_removed(found.response))


def _written(operations: HeaderOperations) -> list[HeaderValueOption]:
    replaced = _options(operations.set, HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD)
    appended = _options(operations.add, HeaderValueOption.APPEND_IF_EXISTS_OR_ADD)
    return [*replaced, *appended]


def _removed(operations: HeaderOperations) -> list[str]:
    """Return the headers to remove, without those that Envoy refuses to touch."""
    return [name for name in operations.remove if not _is_internal(name)]


def _options(
    values: Mapping[str, str], action: HeaderValueOption.HeaderAppendAction
) -> Iterable[HeaderValueOption]:
    for name in sorted(values):
        if not _is_internal(name):
            yield HeaderValueOption(header=HeaderValue(key=name, value=values[name]), append_action=action)


def _is_internal(name: str) -> bool:
    return name.startswith(":") or name.lower() == "host"


def _authority(values: Mapping[str, str]) -> str:
    if not values:
        return ""
    return next((values[name] for name in sorted(values) if name.lower() in AUTHORITY), "")
