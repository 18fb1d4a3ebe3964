"""Whether a certificate can be used: it can be read, and the time is within its life (pilot/pkg/xds/sds.go ValidateCertificate)."""

from functools import lru_cache
from warnings import catch_warnings

HOUR = len("2030-01-01T00")
"""What of a time is compared: the time of looking is known to the hour (api/facts.py NOW)."""


@lru_cache(1024)
def invalid(pem: bytes, now: str) -> str:
    """Say what is wrong with the first certificate of a chain; `now` is RFC 3339 in UTC, or empty when nobody knows."""
    from cryptography import x509  # noqa: PLC0415  slow, and few meshes hold certificates

    try:
        with catch_warnings(action="ignore"):  # about oddities that everybody takes
            one = x509.load_pem_x509_certificate(pem)
    except ValueError:
        return "the certificate cannot be read"
    begin, end = (
        time.strftime("%Y-%m-%dT%H:%M:%SZ") for time in (one.not_valid_before_utc, one.not_valid_after_utc)
    )
    if now and now[:HOUR] > end[:HOUR]:
        return f"the certificate has expired on {end[:10]}"
    early = bool(now) and now[:HOUR] < begin[:HOUR]
    return f"the certificate is not valid before {begin[:10]}" if early else ""
