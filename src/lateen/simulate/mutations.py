"""Header operations of routes, virtual hosts and route configurations, and the values they are given."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from envoy.config.core.v3.base_pb2 import HeaderValueOption

from lateen.simulate.fields import Fields
from lateen.simulate.substitutions import formatted


class RequestOperations(Protocol):
    """A route, virtual host, weighted cluster or route configuration."""

    @property
    def request_headers_to_add(self) -> Sequence[HeaderValueOption]:
        """Headers to add."""

    @property
    def request_headers_to_remove(self) -> Sequence[str]:
        """Headers to remove."""


class ResponseOperations(Protocol):
    """A route, virtual host, weighted cluster or route configuration."""

    @property
    def response_headers_to_add(self) -> Sequence[HeaderValueOption]:
        """Headers to add."""

    @property
    def response_headers_to_remove(self) -> Sequence[str]:
        """Headers to remove."""


def change_request(levels: Iterable[RequestOperations], fields: Fields, known: Mapping[str, str]) -> None:
    """Apply the request operations, the most specific level first; `known` is what values may quote."""
    for level in levels:
        _remove(fields, level.request_headers_to_remove)
        _add(fields, level.request_headers_to_add, fields.copy(), known)


def change_response(
    levels: Iterable[ResponseOperations], response: Fields, request: Fields, known: Mapping[str, str]
) -> tuple[str, ...]:
    """Apply the response operations; return the names that were removed and not added again.

    `request` is the request as it went upstream: values may quote it.
    """
    removed: list[str] = []
    for level in levels:
        _remove(response, level.response_headers_to_remove)
        removed += level.response_headers_to_remove
        _add(response, level.response_headers_to_add, request, known)
    return tuple(dict.fromkeys(name.lower() for name in removed if response.get(name) is None))


def _remove(fields: Fields, names: Iterable[str]) -> None:
    for name in names:
        fields.remove(name)


def _add(
    fields: Fields, options: Iterable[HeaderValueOption], request: Fields, known: Mapping[str, str]
) -> None:
    """Apply one level's additions: each looks at what was there before the level; overwriting comes first."""
    before = fields.copy()
    added: list[tuple[str, str]] = []
    for option in options:
        name, value = option.header.key, formatted(option.header.value, request, known)
        present = before.get(name) is not None
        if not value and not option.keep_empty_value:
            continue
        if _overwrites(option):
            if present or option.append_action != HeaderValueOption.OVERWRITE_IF_EXISTS:
                fields.set(name, value)
        elif option.append_action != HeaderValueOption.ADD_IF_ABSENT or not present:
            added.append((name, value))
    for name, value in added:
        fields.add(name, value)


def _overwrites(option: HeaderValueOption) -> bool:
    if option.HasField("append"):  # the deprecated form, which wins when it is set
        return not option.append.value
    return option.append_action in (
        HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
        HeaderValueOption.OVERWRITE_IF_EXISTS,
    )
