"""Where the operating system keeps the CAs that it trusts."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # CentOS
    "/etc/ssl/cert.pem",  # Alpine, macOS
)


@cache
def system_roots() -> str:
    """Return the bundle of this machine; empty when it has none in a usual place."""
    return first_file(BUNDLES)


def first_file(paths: Iterable[str]) -> str:
    """Return the first of some paths that is a file, or an empty string."""
    return next((path for path in paths if Path(path).is_file()), "")
