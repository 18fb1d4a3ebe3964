"""What tries requests: the simulator, or something that asks a real Envoy."""

from typing import Protocol

import msgspec
from envoy.config.route.v3.route_components_pb2 import Route

from lateen.engine import Database
from lateen.expectations.cases import Case
from lateen.model.view import Proxy, View
from lateen.simulate.explain_request import Request, Sent
from lateen.simulate.trace import Trace


class Question(msgspec.Struct, frozen=True):
    """One request of an expectation, and what is known about it."""

    db: Database
    case: Case
    asked: Request
    proxy: Proxy
    view: View
    sent: Sent
    trace: Trace
    """What the simulator says; engines use it only to know how often to ask."""
    rule: Route | None
    """What is expected of the rule, compiled; None: nothing is."""


class Unjudged(str):
    """Words about something that an engine cannot tell, and why."""

    __slots__ = ()


class Detail(Unjudged):
    """The same about a detail of a part of which the rest was judged."""

    __slots__ = ()


Parts = dict[str, list[str]]
"""What is otherwise than expected, by part of the expectation; `Unjudged` words say what cannot be told."""


class Engine(Protocol):
    """Tries requests."""

    name: str

    def judge(self, question: Question) -> Parts:
        """Compare what happens with what is expected.

        Raises:
            LookupError: the request cannot be sent from there.
        """


def differing(word: str, wanted: object, found: object) -> list[str]:
    """Say what a word of the outcome should be and is; nothing when that is the same."""
    if wanted == found:
        return []
    more = " (a destination answers, not the proxy)" if word == "status" and found == 0 else ""
    return [f"{word} should be {wanted!r}, is {found!r}{more}"]


def settled(parts: Parts) -> tuple[Parts, list[str]]:
    """Tell what was judged from what could not be."""
    unjudged = [str(words) for told in parts.values() for words in told if isinstance(words, Unjudged)]
    judged = {
        part: [words for words in told if not isinstance(words, Unjudged)]
        for part, told in parts.items()
        if not told or not all(type(words) is Unjudged for words in told)
    }
    return judged, unjudged
