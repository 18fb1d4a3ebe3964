"""Names of TLS ciphers and key exchange groups.

Sources: pkg/config/security/security.go ValidCipherSuites; the groups are those of Envoy's BoringSSL, tried one by one.
"""

CIPHER_SUITES = frozenset(
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-RSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA",
        "ECDHE-RSA-AES256-SHA",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
        "AES128-SHA",
        "AES256-SHA",
        "DES-CBC3-SHA",
    ]
)
"""Those that Istio lets through; one that Envoy does not know would cost the whole listener."""
OPERATORS = ("-", "+", "!")
CURVES = frozenset({"P-256", "P-384", "P-521", "X25519", "X25519MLKEM768"})


def is_cipher(text: str) -> bool:
    """Tell whether Envoy reads a text as ciphers: a name, `ALL`, or equals such as `[AES128-SHA|AES256-SHA]`."""
    if text.startswith("[") and text.endswith("]"):
        return all(name in CIPHER_SUITES for name in text[1:-1].split("|"))
    return text == "ALL" or text in CIPHER_SUITES


def usable(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out what Envoy would refuse: names it does not know, and `-NAME`, `+NAME` or `!NAME` before any name."""
    found: list[str] = []
    for text in dict.fromkeys(wanted):
        is_change = text.startswith(OPERATORS) and is_cipher(text[1:])
        if is_cipher(text) or (is_change and found):
            found.append(text)
    return tuple(found)
