"""ServerTLSSettings of gateways and of Sidecar ingress (validation.go validateTLSOptions, and the CRD's schema)."""

import re

from lateen.api.check.primitives.ciphers import CURVES, usable
from lateen.api.check.report import Report
from lateen.api.gateway import ServerTLSSettings, TLSCertificate

MOST_CERTIFICATES = 2
SPKI = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")
HASH = re.compile(r"[0-9a-fA-F]{64}|(?:[0-9a-fA-F]{2}:){31}[0-9a-fA-F]{2}")
TERMINATING = ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL")
VERIFYING = ("MUTUAL", "OPTIONAL_MUTUAL")
PASSING = ("PASSTHROUGH", "AUTO_PASSTHROUGH")


def server_tls(report: Report, path: str, given: ServerTLSSettings | None) -> None:
    """Check TLS of a server."""
    if given is None:
        return
    _versions(report, path, given)
    mode = given.mode or "PASSTHROUGH"
    sources = _sources(given)
    if mode == "ISTIO_MUTUAL":
        for field in (*sources, *(("caCertificates",) if given.ca_certificates else ())):
            report.error(
                f"{path}.{field}", f"ISTIO_MUTUAL uses the mesh's certificates, so {field} has no place in it"
            )
        return
    if mode in PASSING and (sources or given.ca_certificates or given.ca_crl):
        report.warning(
            path,
            f"{mode} passes TLS on, so the certificates are not used",
            "set mode: SIMPLE to end TLS here",
        )
    _one_source(report, path, given)
    if mode == "SIMPLE":
        _unasked(report, path, given)
    if mode in TERMINATING and not (given.credential_name or given.credential_names):
        _files(report, path, given, mode)
    elif mode in TERMINATING and given.ca_crl:
        report.warning(
            f"{path}.caCrl", "with a credential, caCrl is not read", "put the list into the Secret: ca.crl"
        )
        return
    _revoked(report, path, given, mode)


def _unasked(report: Report, path: str, given: ServerTLSSettings) -> None:
    """Warn about conditions on a certificate that no client is asked for."""
    if given.subject_alt_names:
        message = "SIMPLE asks clients for no certificate, so the names are not compared"
        report.warning(f"{path}.subjectAltNames", message, "set mode: MUTUAL")


def _sources(given: ServerTLSSettings) -> tuple[str, ...]:
    """List the fields that name certificates."""
    fields = {
        "serverCertificate": given.server_certificate,
        "privateKey": given.private_key,
        "tlsCertificates": given.tls_certificates,
        "credentialName": given.credential_name,
        "credentialNames": given.credential_names,
    }
    return tuple(field for field, value in fields.items() if value)


def _one_source(report: Report, path: str, given: ServerTLSSettings) -> None:
    named: list[str] = [
        field
        for field in ("credentialName", "credentialNames", "tlsCertificates")
        if field in _sources(given)
    ]
    if given.server_certificate and given.private_key:
        named.insert(0, "serverCertificate")
    if len(named) > 1:
        report.error(f"{path}.{named[1]}", f"{' and '.join(named)} exclude each other", "keep one of them")
    for field, count in (
        ("credentialNames", given.credential_names),
        ("tlsCertificates", given.tls_certificates),
    ):
        if len(count) > MOST_CERTIFICATES:
            report.error(
                f"{path}.{field}",
                f"{len(count)} certificates are too many; at most {MOST_CERTIFICATES} can be served",
            )


def _files(report: Report, path: str, given: ServerTLSSettings, mode: str) -> None:
    if mode in VERIFYING and not given.ca_certificates:
        report.error(
            f"{path}.caCertificates", f"{mode} needs caCertificates to check clients by, or a credentialName"
        )
    if given.tls_certificates:
        for place, pair in enumerate(given.tls_certificates):
            _pair(report, f"{path}.tlsCertificates[{place}]", pair, mode)
    else:
        _pair(report, path, given, mode)


def _pair(report: Report, path: str, pair: ServerTLSSettings | TLSCertificate, mode: str) -> None:
    for field, text in (("serverCertificate", pair.server_certificate), ("privateKey", pair.private_key)):
        if not text:
            report.error(f"{path}.{field}", f"{mode} needs {field}, or a credentialName")


def _revoked(report: Report, path: str, given: ServerTLSSettings, mode: str) -> None:
    if not given.ca_crl:
        return
    if given.credential_name:
        report.error(
            f"{path}.caCrl",
            "caCrl and credentialName exclude each other",
            "put the list into the Secret: ca.crl",
        )
    if mode == "SIMPLE":
        report.error(
            f"{path}.caCrl", "SIMPLE asks for no client certificate, so there is none to revoke", "use MUTUAL"
        )


def _versions(report: Report, path: str, given: ServerTLSSettings) -> None:
    if given.min_protocol_version in ("TLSV1_0", "TLSV1_1") and not given.cipher_suites:
        message = (
            f"{given.min_protocol_version} needs cipherSuites: the default ones are for TLS 1.2 and later"
        )
        report.warning(f"{path}.minProtocolVersion", message)
    _ciphers(report, f"{path}.cipherSuites", given.cipher_suites)
    curves(report, f"{path}.ecdhCurves", given.ecdh_curves)
    _pins(report, path, given)


def curves(report: Report, path: str, given: tuple[str, ...]) -> None:
    """Check key exchange groups: Envoy refuses one that it does not know, and one that is there twice."""
    for place, name in enumerate(given):
        if name not in CURVES:
            report.envoy(
                f"{path}[{place}]", f"{name!r} is not known to Envoy; it has {', '.join(sorted(CURVES))}"
            )
        elif name in given[:place]:
            report.envoy(f"{path}[{place}]", f"{name!r} is there twice")


def _pins(report: Report, path: str, given: ServerTLSSettings) -> None:
    for place, pin in enumerate(given.verify_certificate_spki):
        if not SPKI.fullmatch(pin):
            report.envoy(
                f"{path}.verifyCertificateSpki[{place}]", f"{pin!r} is not a SHA-256 digest in base64"
            )
    for place, pin in enumerate(given.verify_certificate_hash):
        if not HASH.fullmatch(pin):
            report.envoy(
                f"{path}.verifyCertificateHash[{place}]", f"{pin!r} is not a SHA-256 digest in hexadecimal"
            )


def _ciphers(report: Report, path: str, given: tuple[str, ...]) -> None:
    """Warn about ciphers that are not known, which are left out, and about those that are there twice."""
    kept = usable(given)
    for place, name in enumerate(given):
        if name and name not in kept:
            report.warning(f"{path}[{place}]", f"{name!r} is not known and is left out")
        elif name in given[:place]:
            report.warning(f"{path}[{place}]", f"{name!r} is there twice")
