"""How `apply` and `delete` tell what became of a change."""

from typing import Any

from lateen.cli.errors import Exit, Failure
from lateen.cli.findings_text import note_findings
from lateen.cli.kinds import label
from lateen.cli.output import data, note

NOT_CHANGED = 422  # the status of an answer that says why nothing was changed
NANOSECONDS = 1_000_000_000


def seconds(text: str) -> float:
    """Read `10s`, `1m30s`, `500ms`.

    Raises:
        Failure: it is not a duration.
    """
    from lateen.api.duration import Duration  # noqa: PLC0415  keeps completion quick

    try:
        found = Duration.parse(text)
    except ValueError as error:
        raise Failure(str(error), Exit.MISUSE) from error
    if found < 0:
        raise Failure(f"{text!r} is negative", Exit.MISUSE)
    return found / NANOSECONDS


def tell(answer: dict[str, Any], *, waited: bool) -> int:
    """Print the outcome per object, the findings, and on how many proxies the change is in force; return the exit code.

    Args:
        answer: a `ChangeAnswer`.
        waited: the change was to be in force everywhere by now.
    """
    note_findings(answer["findings"])
    if not answer["applied"]:
        note("nothing was changed")
        return Exit.REFUSED
    for result in answer["results"]:
        data(f"{_label(result)} {result['outcome']}{' (dry run)' if answer['dry_run'] else ''}")
    for words in answer["rejected"]:
        note(f"refused by {words}")
    if not (waited and answer["proxies"]):
        return Exit.OK
    note(_reach(answer))
    return Exit.OK if answer["in_force"] == answer["proxies"] else Exit.REFUSED


def _label(result: dict[str, Any]) -> str:
    return f"{label(result['kind'])}/{result['name']}"


def _reach(answer: dict[str, Any]) -> str:
    reached = f"in force on {answer['in_force']} of {answer['proxies']} proxies after {answer['milliseconds']:.0f} ms"
    return (
        reached
        if answer["in_force"] == answer["proxies"]
        else f"{reached}; lateen proxy-status says where not"
    )
