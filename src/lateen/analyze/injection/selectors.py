"""Label selectors of Kubernetes, as they are written in objects that are not decoded."""

from collections.abc import Mapping
from typing import Any

from lateen.api import foreign


def selector_matches(selector: Any, labels: Mapping[str, str]) -> bool:
    """Tell whether a selector takes labels; one that is not written takes all."""
    if selector is None:
        return True
    exact = foreign.labels(selector, "matchLabels")
    return all(labels.get(key) == value for key, value in exact.items()) and all(
        _holds(one, labels) for one in foreign.listing(selector, "matchExpressions")
    )


def _holds(requirement: Any, labels: Mapping[str, str]) -> bool:
    key, operator = foreign.text(requirement, "key"), foreign.text(requirement, "operator")
    values = foreign.listing(requirement, "values")
    match operator:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False
