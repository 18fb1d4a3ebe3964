"""ClientTLSSettings (agent/validation.go ValidateTLS)."""

from lateen.api.check.primitives.dns import LONGEST_NAME
from lateen.api.check.report import Report
from lateen.api.destination_rule import ClientTLSSettings

CONFIG_MAP = "configmap://"


def client_tls(report: Report, path: str, given: ClientTLSSettings | None) -> None:
    """Check TLS towards a service."""
    if given is None:
        return
    name = given.credential_name or ""
    if name.startswith(CONFIG_MAP):
        _config_map(report, f"{path}.credentialName", name)
    if len(given.sni or "") > LONGEST_NAME:
        report.envoy(
            f"{path}.sni",
            f"the name has {len(given.sni or '')} characters, at most {LONGEST_NAME} are allowed",
        )
    if given.insecure_skip_verify:
        _not_verified(report, path, given)
    if given.mode in ("SIMPLE", "MUTUAL") and name:
        _not_with_credential(report, path, given)
    elif given.mode == "MUTUAL":
        for field, text in (
            ("clientCertificate", given.client_certificate),
            ("privateKey", given.private_key),
        ):
            if not text:
                report.error(f"{path}.{field}", f"MUTUAL needs {field}, or credentialName")


def _config_map(report: Report, path: str, name: str) -> None:
    namespace, _, rest = name.removeprefix(CONFIG_MAP).partition("/")
    if not namespace or not rest.partition("/")[0]:
        report.error(path, f"{name!r} is not of the form {CONFIG_MAP}namespace/name")
    elif namespace != report.ref.namespace:
        report.error(
            path,
            f"the ConfigMap must be in the object's own namespace, {report.ref.namespace or 'which it has not'}",
        )


def _not_verified(report: Report, path: str, given: ClientTLSSettings) -> None:
    """Whoever accepts any certificate cannot say which ones; with MUTUAL, the credential holds the client's own, too."""
    said = {"caCertificates": given.ca_certificates, "subjectAltNames": given.subject_alt_names}
    if given.mode == "SIMPLE":
        said["credentialName"] = given.credential_name
    for field, value in said.items() if given.mode in ("SIMPLE", "MUTUAL") else ():
        if value:
            report.error(f"{path}.{field}", f"{field} and insecureSkipVerify exclude each other")


def _not_with_credential(report: Report, path: str, given: ClientTLSSettings) -> None:
    files = {
        "clientCertificate": given.client_certificate,
        "privateKey": given.private_key,
        "caCertificates": given.ca_certificates,
        "caCrl": given.ca_crl,
    }
    for field, text in files.items():
        if text:
            report.error(f"{path}.{field}", f"{field} and credentialName exclude each other")
