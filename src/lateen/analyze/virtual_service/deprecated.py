"""IST0002: fields of VirtualServices that have a successor."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.virtual_service import HTTPRoute
from lateen.engine import Database


def deprecated(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which deprecated fields are set."""
    one = virtual_service(db, ref)
    rules = one.spec.http if one else ()
    return tuple(
        found(
            Code.DEPRECATED,
            ref,
            f"spec.http[{index}].{path}",
            f"{path.rpartition('.')[2]} is deprecated",
            f"use {instead}",
        )
        for index, rule in enumerate(rules)
        for path, instead in _old(rule)
    )


def _old(rule: HTTPRoute) -> Iterator[tuple[str, str]]:
    if rule.fault and rule.fault.delay and rule.fault.delay.percent is not None:
        yield "fault.delay.percent", "percentage: {value: …}"
    if rule.cors_policy and rule.cors_policy.allow_origin:
        yield "corsPolicy.allowOrigin", "allowOrigins: [{exact: …}]"
