"""The objects in force: completed as the API server and the controllers of Kubernetes would, with addresses.

A function of the set of objects and of the addresses given before, whatever the order. An edit costs what it changes, as
long as it concerns only its own objects: not which namespaces the mesh looks at, not Endpoints that come to count or not,
not names that several objects claim.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from lateen.api import codes
from lateen.api.facts import MESH_CONFIG
from lateen.api.finding import Finding, Level
from lateen.api.meta import Ref
from lateen.sources.addresses import PODS, SERVICES, Pool
from lateen.sources.addressing import fixed_address, wants_address, with_address
from lateen.sources.completion import MAKERS, MESH_MAP, WRITERS, AnyObject, complete
from lateen.sources.discovery import told, unselected
from lateen.sources.mirroring import unwanted


class Completed(NamedTuple):
    """What was made of an object that was given, of a kind that is not left as it is."""

    given: AnyObject
    objects: tuple[tuple[Ref, AnyObject], ...]
    findings: tuple[Finding, ...]
    is_plain: bool
    """It is one object, of the same name."""


Made = Completed | AnyObject
Change = tuple[Made | None, Made | None]
"""What was made of an object before, and what is made of it now."""
Found = Mapping[Ref, tuple[Ref, AnyObject]]
"""Objects with those that they are made of."""


class Admission:
    """A set of objects, completed.

    Attributes:
        objects: those in force.
        makers: which given object each is made of that is not given itself, such as the Deployment of a pod.
        findings: about the set.
    """

    def __init__(self, held: Mapping[Ref, str] | None = None) -> None:
        """Start without any object; addresses in `held` stay with their owners."""
        self.objects: dict[Ref, AnyObject] = {}
        self.makers: dict[Ref, Ref] = {}
        self.findings: tuple[Finding, ...] = ()
        self._made: dict[Ref, Made] = {}
        self._telling: dict[Ref, tuple[Finding, ...]] = {}  # of completions that have any
        self._pools = {"Service": Pool(SERVICES, held or {}), "Pod": Pool(PODS, held or {})}
        self._addressed: dict[Ref, tuple[AnyObject, str, AnyObject]] = {}
        self._claimed: set[Ref] = set()  # what several objects would be or make
        self._of_set: tuple[Finding, ...] = ()  # findings that no object has alone

    @property
    def addresses(self) -> dict[Ref, str]:
        """The addresses that were given."""
        return {ref: address for pool in self._pools.values() for ref, address in pool.given.items()}

    def amend(self, given: Mapping[Ref, AnyObject | None]) -> dict[Ref, AnyObject | None]:
        """Replace objects, None removes one; returns what may have come into force, gone or changed, as it was before."""
        changes = {ref: (self._made.get(ref), self._take(ref, obj)) for ref, obj in given.items()}
        changes = {ref: (old, new) for ref, (old, new) in changes.items() if old is not new}
        before = self._amended(changes)
        if before is None:
            before = self._renewed()
        telling = (one for ref in sorted(self._telling) for one in self._telling[ref])
        self.findings = (*telling, *self._of_set)
        return before

    def maker(self, ref: Ref) -> Ref | None:
        """Return which given object one in force is, or is made of."""
        return self.makers.get(ref, ref) if ref in self.objects else None

    def _take(self, ref: Ref, obj: AnyObject | None) -> Made | None:
        before = self._made.get(ref)
        if before is not None and _given(before) is obj:
            return before
        self._telling.pop(ref, None)
        if obj is None:
            self._made.pop(ref, None)
            return None
        self._made[ref] = made = _completed(ref, obj)
        if isinstance(made, Completed) and made.findings:
            self._telling[ref] = made.findings
        return made

    def _amended(self, changes: Mapping[Ref, Change]) -> dict[Ref, AnyObject | None] | None:
        """Change what these objects alone concern; None, and nothing is done, when others may be concerned."""
        if not self.objects:
            return None
        gone = [ref for maker, (old, _) in changes.items() for ref, _ in _objects(maker, old)]
        found = self._claims(changes, frozenset(gone))
        if found is None or not self._is_local({*gone, *found}):
            return None
        if not self._give_addresses(gone, found):
            return None
        before = {ref: self.objects.get(ref) for ref in (*gone, *found)}
        for ref in gone:
            if ref not in found:
                del self.objects[ref]
                self._addressed.pop(ref, None)
            self.makers.pop(ref, None)
        for ref, (maker, obj) in found.items():
            if maker != ref:
                self.makers[ref] = maker
            self.objects[ref] = self._with_address(ref, obj)
        return before

    def _claims(self, changes: Mapping[Ref, Change], gone: frozenset[Ref]) -> Found | None:
        """Find what is made of changed objects; None when anything else is, or makes, or made, one of the same name."""
        found: dict[Ref, tuple[Ref, AnyObject]] = {}
        for maker, (_, new) in changes.items():
            for ref, obj in _objects(maker, new):
                if ref in found or (ref in self.objects and ref not in gone):
                    return None
                found[ref] = maker, obj
        return found if self._claimed.isdisjoint(gone) and self._claimed.isdisjoint(found) else None

    def _is_local(self, refs: set[Ref]) -> bool:
        """Tell whether objects can change without a say of the mesh's settings, and without Endpoints that follow them."""
        config = self.objects.get(MESH_CONFIG)
        if MESH_CONFIG in refs or (config is not None and config.spec.discovery_selectors):
            return False
        return not any(
            ref.kind == "Endpoints"
            or (ref.kind == "Service" and ref._replace(kind="Endpoints") in self._made)
            for ref in refs
        )

    def _give_addresses(self, gone: Iterable[Ref], found: Found) -> bool:
        if any(pool.left for pool in self._pools.values()):
            return False
        objects = {ref: obj for ref, (_, obj) in found.items()}
        return all(
            pool.amend([ref for ref in gone if ref.kind == kind], *_wishes(kind, objects))
            for kind, pool in self._pools.items()
        )

    def _renewed(self) -> dict[Ref, AnyObject | None]:
        """Put everything together anew; returns what has come, gone or changed, as it was."""
        found, self.makers, self._claimed = _gathered(self._made)
        hidden = unselected(found, MESH_MAP)
        idle = _idle(self._made, found, hidden)
        if hidden or idle:
            _leave_out(found, self.makers, hidden, idle)
        for kind, pool in self._pools.items():
            pool.renew(*_wishes(kind, found))
        self._addressed = {ref: one for ref, one in self._addressed.items() if ref in found}
        for ref in [ref for pool in self._pools.values() for ref in pool.given]:
            found[ref] = self._with_address(ref, found[ref])
        left = (_no_address(ref) for pool in self._pools.values() for ref in pool.left)
        self._of_set = (*told(hidden & self._made.keys()), *idle.values(), *left)
        before, self.objects = self.objects, found
        differing = {ref: before.get(ref) for ref, obj in found.items() if before.get(ref) is not obj}
        return differing | {ref: before[ref] for ref in before.keys() - found.keys()}

    def _with_address(self, ref: Ref, obj: AnyObject) -> AnyObject:
        """Write into an object which address it was given, once as long as both stay the same."""
        pool = self._pools.get(ref.kind)
        address = pool.given.get(ref) if pool is not None else None
        if address is None:
            self._addressed.pop(ref, None)
            return obj
        before = self._addressed.get(ref)
        if before is not None and before[0] is obj and before[1] == address:
            return before[2]
        after = with_address(obj, address)
        self._addressed[ref] = (obj, address, after)
        return after


def admit(objects: Iterable[AnyObject], held: Mapping[Ref, str] | None = None) -> Admission:
    """Complete a set of objects."""
    admission = Admission(held)
    admission.amend({obj.ref: obj for obj in objects})
    return admission


def _completed(ref: Ref, obj: AnyObject) -> Made:
    if obj.kind not in MAKERS:
        return obj
    made = complete(obj)
    if len(made.objects) == 1 and made.objects[0].ref == ref:
        return Completed(obj, ((ref, made.objects[0]),), made.findings, is_plain=True)
    return Completed(obj, tuple((one.ref, one) for one in made.objects), made.findings, is_plain=False)


def _given(made: Made) -> AnyObject:
    return made.given if isinstance(made, Completed) else made


def _objects(maker: Ref, made: Made | None) -> tuple[tuple[Ref, AnyObject], ...]:
    if made is None:
        return ()
    return made.objects if isinstance(made, Completed) else ((maker, made),)


def _wishes(kind: str, objects: Mapping[Ref, AnyObject]) -> tuple[list[Ref], dict[Ref, str]]:
    """Say which objects of a kind want an address, and which have one of their own."""
    own = {ref: obj for ref, obj in objects.items() if ref.kind == kind}
    fixed = {ref: address for ref, obj in own.items() if (address := fixed_address(obj))}
    return [ref for ref, obj in own.items() if wants_address(obj)], fixed


def _gathered(
    made: Mapping[Ref, Made],
) -> tuple[dict[Ref, AnyObject], dict[Ref, Ref], set[Ref]]:
    """Put together what was made, and of what; an object that is written wins over one that would be made.

    Returns also the names that several objects claim.
    """
    found: dict[Ref, AnyObject] = {}
    makers: dict[Ref, Ref] = {}
    claimed: set[Ref] = set()
    several: list[tuple[bool, Ref, Completed]] = []
    for ref, one in made.items():
        if not isinstance(one, Completed):
            found[ref] = one
        elif one.is_plain:
            found[ref] = one.objects[0][1]
        else:
            several.append((ref.kind in WRITERS, ref, one))
    for _, maker, completed in sorted(several):
        for ref, obj in completed.objects:
            if found.setdefault(ref, obj) is not obj:
                claimed.add(ref)
            elif ref != maker:
                makers[ref] = maker
    return found, makers, claimed


def _idle(made: Iterable[Ref], found: Mapping[Ref, AnyObject], hidden: frozenset[Ref]) -> dict[Ref, Finding]:
    """Find the Endpoints that are not mirrored, and why."""
    given = sorted(ref for ref in made if ref.kind == "Endpoints" and ref not in hidden)
    return {ref: why for ref in given if (why := unwanted(ref, found))}


def _leave_out(
    found: dict[Ref, AnyObject], makers: dict[Ref, Ref], hidden: frozenset[Ref], idle: Mapping[Ref, Finding]
) -> None:
    """Take out what is not looked at, and what would be made of Endpoints that are not mirrored."""
    for ref in [ref for ref in found if ref in hidden or makers.get(ref) in idle]:
        del found[ref]
        makers.pop(ref, None)


def _no_address(ref: Ref) -> Finding:
    return Finding(codes.ADDRESSES, Level.ERROR, ref, "", "no address is left for it; it has none")
