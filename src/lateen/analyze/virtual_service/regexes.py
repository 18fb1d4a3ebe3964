"""LAT0106: expressions that are written as if they searched. Those that are not RE2 are refused by `api.check`."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.analyze.virtual_service.sample import META
from lateen.analyze.virtual_service.walk import texts, virtual_service
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database

_OPEN_ENDS = (".*", ".+", ".*?", ")", "$", "]*", "]+", "*", "+", "\\z")
PRESENCE = "*"


def regexes(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Judge every expression of a VirtualService."""
    one = virtual_service(db, ref)
    if one is None:
        return ()
    return tuple(finding for path, regex in _expressions(one.spec) for finding in _judged(ref, path, regex))


def _expressions(spec: VirtualService) -> Iterator[tuple[str, str]]:
    for path, wanted in texts(spec):
        if wanted.regex and wanted.regex != PRESENCE:
            yield f"{path}.regex", wanted.regex


def _judged(ref: Ref, path: str, regex: str) -> Iterator[Finding]:
    if advice := _searching(regex, is_path=path.endswith(".uri.regex")):
        message = f"{regex} must match the whole text, it is not searched for in it"
        yield found(Code.WHOLE_TEXT, ref, path, message, advice)


def _searching(regex: str, *, is_path: bool) -> str:
    """Return what to write instead, when an expression looks as if it were searched for."""
    if not META & set(regex):
        return f"write exact: {regex} for this very text, or regex: .*{regex}.* for texts that contain it"
    if regex.startswith("^") and not regex.endswith(_OPEN_ENDS):
        return f"write regex: {regex[1:]}.* for texts that begin so, or drop the ^"
    if (
        regex.endswith("$")
        and not regex.startswith(("^", ".*", ".+", "(", "[", "\\A"))
        and (not is_path or regex[0] != "/")
    ):
        return f"write regex: .*{regex[:-1]} for texts that end so"
    if is_path and regex.startswith("\\."):
        return f"write regex: .*{regex}: a path begins with /"
    return ""
