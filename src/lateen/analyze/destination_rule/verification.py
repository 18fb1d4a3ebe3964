"""IST0128, IST0129: TLS towards a server whose certificate is not verified."""

from lateen.analyze.catalogue import Code
from lateen.analyze.destination_rule.subject import destination_rule
from lateen.analyze.report import found
from lateen.api.destination_rule import ClientTLSSettings
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database


def verification(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell where `caCertificates` is missing. A sidecar reads `credentialName` only with a workloadSelector."""
    one = destination_rule(db, ref)
    policy = one.spec.traffic_policy if one else None
    if one is None or policy is None:
        return ()
    by_secret = one.spec.workload_selector is not None
    findings = []
    if _unverified(policy.tls, by_secret=by_secret):
        findings.append(
            _finding(ref, Code.UNVERIFIED_SERVER, "spec.trafficPolicy.tls", one.spec.host, policy.tls)
        )
    for index, port in enumerate(policy.port_level_settings):
        if _unverified(port.tls, by_secret=by_secret):
            path = f"spec.trafficPolicy.portLevelSettings[{index}].tls"
            where = f"{one.spec.host}:{port.port.number if port.port else 0}"
            findings.append(_finding(ref, Code.UNVERIFIED_SERVER_ON_PORT, path, where, port.tls))
    return tuple(findings)


def _unverified(tls: ClientTLSSettings | None, *, by_secret: bool) -> bool:
    if tls is None or tls.mode not in ("SIMPLE", "MUTUAL"):
        return False
    return not tls.ca_certificates and not (tls.credential_name and by_secret)


def _finding(ref: Ref, code: Code, path: str, where: str, tls: ClientTLSSettings | None) -> Finding:
    mode = tls.mode if tls else ""
    message = f"TLS mode {mode} for {where} without caCertificates: any server's certificate is accepted"
    return found(
        code, ref, path, message, "set caCertificates: system for public servers, or the path of a CA"
    )
