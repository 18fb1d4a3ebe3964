"""Regular expressions, as RE2 and Envoy take them.

Source: pkg/config/validation/validation.go validateStringRegexp. Envoy's limit on the size of a compiled expression is
set by the bootstrap (`re2.max_program_size.error_level`), as Istio's does.
"""

from functools import lru_cache

import re2

LONGEST = 1024
MAX_PROGRAM_SIZE = 32768
"""Instructions of a compiled expression; `agent.bootstrap` tells Envoy the same."""
KNOWN = 1024
SYNTAX = "https://github.com/google/re2/wiki/Syntax"

QUIET = re2.Options()
"""RE2 tells its caller of errors, and nobody else."""
QUIET.log_errors = False


@lru_cache(KNOWN)
def regex(text: str) -> str:
    """Say what is wrong with an expression."""
    if not text:
        return "the regular expression is empty"
    if len(text.encode(errors="replace")) > LONGEST:
        return f"the regular expression has {len(text)} characters, at most {LONGEST} are allowed"
    try:
        program = re2.compile(text, QUIET)  # type: ignore[no-untyped-call]
    except re2.error as error:
        return f"not a regular expression of RE2: {_words(error)}; see {SYNTAX}"
    except UnicodeEncodeError:
        return "the regular expression is not text"
    if program.programsize > MAX_PROGRAM_SIZE:
        return f"the regular expression is too large for Envoy ({program.programsize} steps, at most {MAX_PROGRAM_SIZE})"
    return ""


@lru_cache(KNOWN)
def group_count(text: str) -> int:
    """Count the groups of a valid expression."""
    return int(re2.compile(text, QUIET).groups)  # type: ignore[no-untyped-call]


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else str(error)
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
