"""Findings that somebody does not want to hear of: by annotation on the object, or by a pattern from outside.

The annotation is Istio's (pkg/config/analysis/analyzer.go, istioctl analyze --suppress).
"""

from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from lateen.api.finding import Finding
from lateen.api.meta import Object

ANNOTATION = "galley.istio.io/analyze-suppress"
"""Codes separated by commas, or `*`."""


class Suppression(Struct, frozen=True):
    """`CODE=Kind name.namespace`, or `namespace/name` as findings are printed; all may have wildcards."""

    code: str
    resource: str = "*"

    def covers(self, finding: Finding) -> bool:
        """Tell whether a finding is not to be told."""
        return fnmatchcase(finding.code, self.code) and any(
            fnmatchcase(name, self.resource) for name in _resource(finding)
        )


def parse(text: str) -> Suppression:
    """Read `IST0102=DestinationRule primary.default` or a code alone.

    Raises:
        ValueError: it is neither.
    """
    code, equals, resource = (part.strip() for part in text.partition("="))
    if not code or (equals and not resource):
        raise ValueError(f"{text!r} is not CODE=KIND NAME.NAMESPACE")
    return Suppression(code, resource or "*")


def suppressed_codes(found: Object[Any] | None) -> frozenset[str]:
    """Return the codes that an object's annotation suppresses."""
    text = found.meta.annotations.get(ANNOTATION, "") if found is not None else ""
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def is_silenced(finding: Finding, found: Object[Any] | None) -> bool:
    """Tell whether the annotation of the object that a finding is about suppresses it."""
    return not suppressed_codes(found).isdisjoint((finding.code, "*"))


def _resource(finding: Finding) -> tuple[str, ...]:
    ref = finding.ref
    if ref is None:
        return ("",)
    return (f"{ref.kind} {ref.name}.{ref.namespace}", str(ref)) if ref.namespace else (str(ref),)
