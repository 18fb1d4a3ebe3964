"""Which findings are told, when validation and analysis say the same thing about the same place."""

from collections.abc import Iterable

from lateen.analyze.catalogue import Code
from lateen.api.finding import Finding

_WITH_PROOF = (Code.UNREACHABLE_RULE, Code.INEFFECTIVE_MATCH)
"""Codes that validation tells as Istio's webhook does, and analysis with the request that proves it."""


def is_of_istio(finding: Finding) -> bool:
    """Tell whether a finding is one of Istio's, which look at what is written; ours are about what comes of it."""
    return finding.code.startswith("IST")


def told_once(validation: Iterable[Finding], analysis: Iterable[Finding]) -> tuple[Finding, ...]:
    """Join both, validation first; where both know of a rule that is never used, analysis tells."""
    better = tuple(dict.fromkeys(analysis))
    rules = {(one.ref, one.path) for one in better if one.code in _WITH_PROOF}
    kept = (
        one
        for one in validation
        if one.code not in _WITH_PROOF
        or ((one.ref, one.path) not in rules and (one.ref, _rule_of(one.path)) not in rules)
    )
    return tuple(dict.fromkeys((*kept, *better)))


def _rule_of(path: str) -> str:
    """Return the rule that a match belongs to: `spec.http[1]` for `spec.http[1].match[0]`."""
    return path.partition(".match[")[0]
