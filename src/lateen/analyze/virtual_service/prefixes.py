"""LAT0104: the prefix /foo also takes /foobar; told where it matters: a sibling rule exists, or the path is rewritten."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.virtual_service import HTTPRoute
from lateen.engine import Database

_BOUNDARIES = ("/", "?", "=", "-", ".", "_")


def prefixes(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which prefixes take more than the path that they name."""
    one = virtual_service(db, ref)
    if one is None:
        return ()
    rules = one.spec.http
    wanted = [(index, path) for index, rule in enumerate(rules) for path in _paths(rule)]
    findings = []
    for index, rule in enumerate(rules):
        for place, condition in enumerate(rule.match):
            prefix = condition.uri.prefix if condition.uri else None
            why = _why(prefix, rule, [path for other, path in wanted if other != index]) if prefix else ""
            if why:
                findings.append(
                    _finding(ref, f"spec.http[{index}].match[{place}].uri.prefix", prefix or "", why)
                )
    return tuple(findings)


def _paths(rule: HTTPRoute) -> Iterator[str]:
    for condition in rule.match:
        if condition.uri is not None:
            yield condition.uri.exact or condition.uri.prefix or ""


def _why(prefix: str, rule: HTTPRoute, others: list[str]) -> str:
    if prefix.endswith(_BOUNDARIES):
        return ""
    sibling = next(
        (path for path in others if path.startswith(prefix) and path[len(prefix) :][:1] not in ("", "/")), ""
    )
    if sibling:
        return f"also {sibling}, which another rule is for"
    rewrite = rule.rewrite.uri if rule.rewrite else None
    if rewrite is not None:
        return f"{prefix}bar too, and turns it into {rewrite}bar"
    return ""


def _finding(ref: Ref, path: str, prefix: str, why: str) -> Finding:
    message = f"the prefix {prefix} is plain text, not a path segment: it takes {why}"
    hint = f"match exact: {prefix} and prefix: {prefix}/ instead"
    return found(Code.PREFIX_TAKES_MORE, ref, path, message, hint)
