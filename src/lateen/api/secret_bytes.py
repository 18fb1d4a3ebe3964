"""Bytes that do not show themselves."""


class SecretBytes(bytes):
    """A confidential value: its repr and str say only how long it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Say the length and nothing else."""
        return f"<{len(self)} secret bytes>"

    __str__ = __repr__


class SecretText(SecretBytes):
    """A confidential value that YAML gives as text instead of base64."""

    __slots__ = ()
