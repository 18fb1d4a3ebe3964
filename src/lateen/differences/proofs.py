"""What became of an example that was sent through real Envoys (by `lateen.twin.proof`), for reports."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

Verdict = Literal["proved", "not proved", "not tried"]


class Proof(msgspec.Struct, frozen=True):
    """What became of one example."""

    verdict: Verdict
    before: str = ""
    """What Envoy did with the old objects, in words."""
    after: str = ""
    problems: tuple[str, ...] = ()
    """What Envoy does otherwise than predicted; of `not tried`, why."""


def rows(proof: Proof) -> Iterator[tuple[str, str]]:
    """Yield the lines of a proof: a label and words."""
    yield (
        "proof",
        "; ".join((proof.verdict, *proof.problems)) if proof.verdict != "not proved" else proof.verdict,
    )
    if proof.before or proof.after:
        yield "  before", proof.before
        yield "  after", proof.after
    if proof.verdict == "not proved":
        yield from (("  but", problem) for problem in proof.problems)


def counted(proofs: Sequence[Proof]) -> str:
    """Say how many were proved."""
    verdicts: tuple[Verdict, ...] = ("proved", "not proved", "not tried")
    numbers = {word: sum(one.verdict == word for one in proofs) for word in verdicts}
    return ", ".join(f"{number} {word}" for word, number in numbers.items() if number)
