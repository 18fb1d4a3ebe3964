"""IST0130, IST0131, LAT0105: rules and matches that earlier ones leave nothing to, with a request that proves it.

Istio knows of a rule after one without matches, of one whose matches are all written before, and of single prefixes that
begin with another prefix (pkg/config/validation/validation.go analyzeUnreachableHTTPRules). LAT0105 is for every other rule.
"""

from collections.abc import Iterator
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.analyze.virtual_service.arrival import arrival
from lateen.analyze.virtual_service.containment import covers
from lateen.analyze.virtual_service.walk import rule_name, virtual_service
from lateen.analyze.virtual_service.witness import NOTHING, example, meets
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.virtual_service import HTTPMatchRequest, HTTPRoute
from lateen.engine import Database


class Branch(Struct, frozen=True):
    """One match of one rule."""

    rule: int
    match: int
    condition: HTTPMatchRequest
    path: str


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
        shadows = [self._shadow(mine, own) for mine in own]
        known = [one for one in shadows if one is not None]
        if len(known) == len(own):
            code = Code.UNREACHABLE_RULE if _is_same(own, known) else Code.SHADOWED_RULE
            yield self._finding(code, own[0], known[0], f"spec.http[{index}]")
        for mine, shadow in zip(own, shadows, strict=True):
            if shadow is not None and (len(known) < len(own) or _is_of_istio(mine, shadow)):
                yield self._finding(Code.INEFFECTIVE_MATCH, mine, shadow, mine.path)
        if self.rules[index].delegate is None:
            self.before += own

    def _shadow(self, mine: Branch, own: list[Branch]) -> Branch | None:
        """Find what takes all requests of a match: a match of an earlier rule, or one before it that is like it."""
        before = (one for one in self.before if covers(one.condition, mine.condition))
        beside = (
            one
            for one in own[: mine.match]
            if _is_of_istio(mine, one) and covers(one.condition, mine.condition)
        )
        return next(chain(before, beside), None)

    def _finding(self, code: Code, own: Branch, shadow: Branch, path: str) -> Finding:
        name = rule_name(own.rule, self.rules[own.rule])
        what = f"match {own.match + 1} of {name}" if code is Code.INEFFECTIVE_MATCH else name
        taker = rule_name(shadow.rule, self.rules[shadow.rule])
        if shadow.rule == own.rule:
            message = f"{what} adds nothing: match {shadow.match + 1} before it takes all of its requests"
            return found(code, self.ref, path, message, "remove it")
        proof = example(own.condition, self.host, self.port)
        shown = f": {proof} is taken by {taker}" if proof and meets(proof, shadow.condition) else ""
        message = f"{what} is never used, because {taker} ({shadow.path}) before it takes all of its requests{shown}"
        hint = f"move it before {taker}, or remove it"
        return found(code, self.ref, path, message, hint)


def _is_same(own: list[Branch], shadows: list[Branch]) -> bool:
    """Tell whether a rule comes after one that takes everything, or has nothing but matches that are written before."""
    after_all = any(one.condition is NOTHING for one in shadows)
    return after_all or all(_asked(mine) == _asked(one) for mine, one in zip(own, shadows, strict=True))


def _is_of_istio(mine: Branch, shadow: Branch) -> bool:
    """Tell whether Istio sees that a match is taken by another: it is the same, or both are prefixes."""
    if mine.condition is NOTHING or shadow.condition is NOTHING:
        return False
    prefixes = [one.condition.uri is not None and bool(one.condition.uri.prefix) for one in (mine, shadow)]
    return all(prefixes) or _asked(mine) == _asked(shadow)


def _asked(branch: Branch) -> HTTPMatchRequest:
    return replace(branch.condition, name=None)
