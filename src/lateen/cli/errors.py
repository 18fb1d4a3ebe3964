"""What a command ends with: the exit codes, and the errors that carry them."""

from enum import IntEnum

import click


class Exit(IntEnum):
    """Exit codes of every command (docs/reference/exit-codes.md)."""

    OK = 0
    REFUSED = 1  # the input is wrong, or the thing asked for is not there; nothing changed
    MISUSE = 2  # the command line itself is wrong
    NO_MESH = 3  # no mesh of that name is running, or it does not answer


class Failure(click.ClickException):
    """An error that the user can act on; printed as `error: …` without a traceback."""

    def __init__(self, message: str, code: Exit = Exit.REFUSED) -> None:
        """Take the words and the exit code."""
        super().__init__(message)
        self.exit_code = int(code)  # type: ignore[misc]

    def show(self, file: object = None) -> None:  # noqa: ARG002  click's signature
        """Print on standard error."""
        click.echo(f"error: {self.message}", err=True)


class GoneError(Failure):
    """The mesh closed the connection before it answered, as one does that is ending."""
