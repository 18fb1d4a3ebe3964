"""Who is signed in: a name in a signed cookie. Any password will do, so this protects nothing; it is a demo."""

import base64
import hashlib
import hmac

COOKIE = "session"
"""The cookie's name."""

LONGEST_NAME = 64
"""Longer names are cut."""


def clean_name(text: str) -> str:
    """Return a name that can be shown and sent as a header: printable, trimmed, at most `LONGEST_NAME` characters."""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:LONGEST_NAME].rstrip()


def signed(user: str, key: bytes) -> str:
    """Return the cookie's value for a user."""
    name = base64.urlsafe_b64encode(user.encode()).decode().rstrip("=")
    return f"{name}.{_signature(name, key)}"


def signed_in(cookies: str, key: bytes) -> str:
    """Return the user that a Cookie header names, or nothing when it names none or its signature is wrong."""
    for cookie in cookies.split(";"):
        title, _, value = cookie.strip().partition("=")
        name, _, signature = value.partition(".")
        if title == COOKIE and hmac.compare_digest(signature.encode(), _signature(name, key).encode()):
            return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    return ""


def _signature(name: str, key: bytes) -> str:
    return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()
