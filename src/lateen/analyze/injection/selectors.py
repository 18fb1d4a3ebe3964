"""Label selectors of Kubernetes, as they are written in objects that are not decoded."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from lateen.api import foreign
from lateen.api.check.primitives.conditions import WITH_VALUES, WITHOUT_VALUES, selects


class _Condition(NamedTuple):
    key: str
    operator: str
    values: tuple[Any, ...]


class _Selector(NamedTuple):
    match_labels: dict[str, str]
    match_expressions: tuple[_Condition, ...]


def selector_matches(selector: Any, labels: Mapping[str, str]) -> bool:
    """Tell whether a selector takes labels; one that is not written takes all, one with an unknown operator none."""
    conditions = tuple(
        _Condition(
            foreign.text(one, "key"), foreign.text(one, "operator"), tuple(foreign.listing(one, "values"))
        )
        for one in foreign.listing(selector, "matchExpressions")
    )
    if any(one.operator not in (*WITH_VALUES, *WITHOUT_VALUES) for one in conditions):
        return False
    return selects(_Selector(foreign.labels(selector, "matchLabels"), conditions), labels)
