"""Kubernetes' selectors of labels: exact values, and conditions on sets of values (apimachinery, labels.NewRequirement)."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from lateen.api.check.primitives.labels import key, value


class Condition(Protocol):
    """One condition on labels."""

    @property
    def key(self) -> str:
        """The label."""

    @property
    def operator(self) -> str:
        """In, NotIn, Exists or DoesNotExist."""

    @property
    def values(self) -> tuple[str, ...]:
        """For In and NotIn."""


class Selector(Protocol):
    """All conditions must hold; an empty selector selects everything."""

    @property
    def match_labels(self) -> dict[str, str]:
        """Exact values."""

    @property
    def match_expressions(self) -> tuple[Condition, ...]:
        """Conditions on sets of values."""


WITH_VALUES = ("In", "NotIn")
WITHOUT_VALUES = ("Exists", "DoesNotExist")


def wrong_parts(selector: Selector) -> Iterator[tuple[str, str]]:
    """Yield the path and the fault of everything in a selector that Kubernetes would refuse."""
    for name, text in selector.match_labels.items():
        if problem := key(name) or value(text):
            yield f"matchLabels[{name}]", problem
    for place, one in enumerate(selector.match_expressions):
        yield from ((f"matchExpressions[{place}].{field}", problem) for field, problem in _wrong(one))


def _wrong(one: Condition) -> Iterator[tuple[str, str]]:
    if problem := key(one.key):
        yield "key", problem
    if one.operator not in (*WITH_VALUES, *WITHOUT_VALUES):
        yield "operator", f"{one.operator!r} is not In, NotIn, Exists or DoesNotExist"
    elif bool(one.values) != (one.operator in WITH_VALUES):
        yield "values", f"{one.operator} {'needs values' if one.operator in WITH_VALUES else 'has no values'}"
    for index, text in enumerate(one.values):
        if problem := value(text):
            yield f"values[{index}]", problem


def selects(selector: Selector, own: Mapping[str, str]) -> bool:
    """Tell whether labels meet a selector."""
    return selector.match_labels.items() <= own.items() and all(
        holds(one, own) for one in selector.match_expressions
    )


def holds(one: Condition, own: Mapping[str, str]) -> bool:
    """Tell whether labels meet a condition; NotIn also holds without the label."""
    match one.operator:
        case "In":
            return own.get(one.key) in one.values
        case "NotIn":
            return own.get(one.key) not in one.values
        case "Exists":
            return one.key in own
        case "DoesNotExist":
            return one.key not in own
    return True
