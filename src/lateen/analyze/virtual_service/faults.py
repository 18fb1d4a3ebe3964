"""LAT0109: the fault filter comes before the router, so timeouts and retries of the same route do not see its faults."""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.analyze.virtual_service.walk import rule_name, virtual_service
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database


def faults(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell where a fault and a timeout (or retries) are on one rule."""
    one = virtual_service(db, ref)
    findings = []
    for index, rule in enumerate(one.spec.http if one else ()):
        beside = [name for name in ("timeout", "retries") if getattr(rule, name) is not None]
        if rule.fault is not None and (rule.fault.delay or rule.fault.abort) and beside:
            does = "do" if beside[-1] == "retries" else "does"
            what = f"the fault comes before {joined(beside)}, which {does} not apply to it"
            message = f"{rule_name(index, rule)}: {what}"
            hint = "inject the fault on the way to a service further down, or test the timeout in its caller"
            findings.append(found(Code.FAULT_COMES_FIRST, ref, f"spec.http[{index}].fault", message, hint))
    return tuple(findings)
