"""`proxy-config secret`: istioctl's columns."""

import base64
from datetime import UTC, datetime

from lateen.cli.envoy.admin import Message
from lateen.cli.output import table

HEADERS = ("RESOURCE NAME", "TYPE", "STATUS", "VALID CERT", "SERIAL NUMBER", "NOT AFTER", "NOT BEFORE")


def summary(section: Message) -> str:
    """Write the table of a `SecretsConfigDump`."""
    places = (
        ("dynamic_active_secrets", "ACTIVE"),
        ("dynamic_warming_secrets", "WARMING"),
        ("static_secrets", "ACTIVE"),
    )
    return table(
        HEADERS, [_line(entry, state) for place, state in places for entry in section.get(place, ())]
    )


def _line(entry: Message, state: str) -> tuple[str, ...]:
    secret = entry.get("secret", {})
    if chain := _inline(secret.get("tls_certificate", {}).get("certificate_chain", {})):
        return entry["name"], "Cert Chain", state, *_certificate(chain)
    if roots := _inline(secret.get("validation_context", {}).get("trusted_ca", {})):
        return entry["name"], "CA", state, *_certificate(roots)
    return entry["name"], "UNKNOWN", state, "false", "", "", ""


def _inline(source: Message) -> bytes:
    if "inline_string" in source:
        return str(source["inline_string"]).encode()
    return base64.b64decode(source.get("inline_bytes", ""))


def _certificate(pem: bytes) -> tuple[str, str, str, str]:
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415  40 ms that other commands do not need

    try:
        first = load_pem_x509_certificates(pem)[0]
    except (ValueError, IndexError):
        return "false", "", "", ""
    now = datetime.now(UTC)
    valid = first.not_valid_before_utc <= now <= first.not_valid_after_utc
    written = "%Y-%m-%dT%H:%M:%SZ"
    return (
        str(valid).lower(),
        f"{first.serial_number:x}",
        first.not_valid_after_utc.strftime(written),
        first.not_valid_before_utc.strftime(written),
    )
