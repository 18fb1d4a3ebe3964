"""IST0130, IST0131: rules and matches that earlier rules leave nothing to, with a request that proves it."""

from collections.abc import Iterator

from msgspec import Struct

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.analyze.virtual_service.arrival import arrival
from lateen.analyze.virtual_service.containment import covers
from lateen.analyze.virtual_service.walk import rule_name, virtual_service
from lateen.analyze.virtual_service.witness import NOTHING, example, meets
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.virtual_service import HTTPMatchRequest, HTTPRoute
from lateen.engine import Database, query


class Branch(Struct, frozen=True):
    """One match of one rule."""

    rule: int
    match: int
    condition: HTTPMatchRequest
    path: str


@query
def unreachable(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which rules and matches of one VirtualService are never used because of earlier rules."""
    one = virtual_service(db, ref)
    if one is None:
        return ()
    host, port = arrival(db, one)
    judge = _Judge(ref, one.spec.http, host, port)
    return tuple(finding for index in range(len(one.spec.http)) for finding in judge.rule(index))


def branches(rules: tuple[HTTPRoute, ...], index: int) -> list[Branch]:
    """Return the matches of one rule; a rule without any has one that takes everything."""
    path = f"spec.http[{index}]"
    if not rules[index].match:
        return [Branch(index, 0, NOTHING, path)]
    return [
        Branch(index, place, one, f"{path}.match[{place}]") for place, one in enumerate(rules[index].match)
    ]


class _Judge:
    def __init__(self, ref: Ref, rules: tuple[HTTPRoute, ...], host: str, port: int) -> None:
        self.ref, self.rules, self.host, self.port = ref, rules, host, port
        self.before: list[Branch] = []

    def rule(self, index: int) -> Iterator[Finding]:
        """Judge one rule by those before it; a delegate's routes are not its matches alone, so it shadows nothing."""
        own = branches(self.rules, index)
        shadows = [
            next((one for one in self.before if covers(one.condition, mine.condition)), None) for mine in own
        ]
        if all(shadows):
            yield self._finding(Code.UNREACHABLE_RULE, own[0], shadows[0], f"spec.http[{index}]")
        else:
            for place, (mine, shadow) in enumerate(zip(own, shadows, strict=True)):
                if shadow is not None:
                    yield self._finding(Code.INEFFECTIVE_MATCH, mine, shadow, mine.path)
                elif twin := next(
                    (one for one in own[:place] if covers(one.condition, mine.condition)), None
                ):
                    yield self._superfluous(mine, twin)
        if self.rules[index].delegate is None:
            self.before += own

    def _superfluous(self, own: Branch, twin: Branch) -> Finding:
        """Tell of a match that changes nothing, because another of the same rule takes all that it would."""
        what = f"match {own.match + 1} of {rule_name(own.rule, self.rules[own.rule])}"
        message = f"{what} is never used, because match {twin.match + 1} before it takes all of its requests"
        return found(Code.INEFFECTIVE_MATCH, self.ref, own.path, message, "remove it")

    def _finding(self, code: Code, own: Branch, shadow: Branch | None, path: str) -> Finding:
        assert shadow is not None
        name = rule_name(own.rule, self.rules[own.rule])
        what = name if code is Code.UNREACHABLE_RULE else f"match {own.match + 1} of {name}"
        taker = rule_name(shadow.rule, self.rules[shadow.rule])
        proof = example(own.condition, self.host, self.port)
        shown = f": {proof} is taken by {taker}" if proof and meets(proof, shadow.condition) else ""
        message = f"{what} is never used, because {taker} ({shadow.path}) before it takes all of its requests{shown}"
        hint = f"move it before {taker}, or remove it"
        return found(code, self.ref, path, message, hint)
