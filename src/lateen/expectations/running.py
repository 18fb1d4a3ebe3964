"""Expectations, tried in the simulator or by another engine."""

from collections.abc import Iterable, Sequence
from functools import partial

import msgspec
from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.api.finding import Finding
from lateen.engine import Database
from lateen.expectations.cases import ANSWER, RULE, Case
from lateen.expectations.clients import Clients
from lateen.expectations.coverage import Coverage
from lateen.expectations.delegated import Taken, taken
from lateen.expectations.engine import Engine, Parts, Question, differing, settled
from lateen.expectations.expected import Rules, Wanted, of_group
from lateen.expectations.imagined import missing
from lateen.mesh import Mesh
from lateen.model.view import Proxy, View, view_of
from lateen.simulate.algebra.change import decision
from lateen.simulate.algebra.effects import Fields, called, route_fields
from lateen.simulate.configuration import Messages
from lateen.simulate.explain_configuration import CompiledConfiguration
from lateen.simulate.explain_request import Request, RequestError, Sent, parts_of, sent
from lateen.simulate.simulation import simulate
from lateen.simulate.trace import Outcome
from lateen.sources.load import Load, load_of
from lateen.sources.store import FILES, Store

_NO_ENDPOINT = " (the destination has no endpoint: 503 UH)"


class Result(msgspec.Struct, frozen=True):
    """What became of an expectation."""

    case: Case
    problems: tuple[str, ...] = ()
    """Empty: it holds."""
    notes: tuple[str, ...] = ()
    """What else there is to say."""
    unjudged: tuple[str, ...] = ()
    """What the engine cannot tell, and why."""
    judged: bool = True
    """The engine could tell something."""
    engine: str = ""
    """Empty: the simulator."""

    @property
    def passed(self) -> bool:
        """It holds, as far as the engine can tell."""
        return not self.problems and self.judged


class Key(msgspec.Struct, frozen=True):
    """What is compiled for a request of a case."""

    expected: Wanted
    written: Wanted | None = None
    """The rule of a delegate."""


class Actual(msgspec.Struct, frozen=True):
    """What happens to one request."""

    outcome: Outcome
    fields: Fields
    """Of the route that it takes."""


class Run:
    """A mesh, and expectations about it."""

    def __init__(self, objects: Load, cases: Sequence[Case], engine: Engine | None = None) -> None:
        """Take what was read, and what tries the requests: by default the simulator."""
        self._engine = engine
        self.mesh, self.findings = _loaded(objects)
        entries = objects.entries
        if any(case.foreign for case in cases):
            entries = (*entries, *missing(self.mesh.db))
            self.mesh, _ = _loaded(load_of(entries, objects.findings, objects.broken))
        self._cases = cases
        self.clients = Clients(self.mesh)
        self.coverage = Coverage()
        self._messages = Messages()
        self._configurations: dict[tuple[View, int], CompiledConfiguration] = {}
        self._hosts: dict[int, dict[str, VirtualHost]] = {}
        self._fields: dict[tuple[View, str, str, int], Fields] = {}
        self._taken = {id(case): [self._delegation(case, one) for one in case.requests] for case in cases}
        self._wanted = {id(case): self._keys(case) for case in cases}
        keys = [key for several in self._wanted.values() for key in several if key is not None]
        self._rules = Rules(
            entries, (one for key in keys for one in (key.expected, key.written) if one is not None)
        )

    def results(self) -> list[Result]:
        """Try every expectation; those about one client together, as an engine may have to prepare itself for each."""
        order = sorted(
            range(len(self._cases)), key=lambda i: (self._cases[i].namespace, self._cases[i].client)
        )
        tried = self._result if self._engine is None else partial(self._asked, self._engine)
        found = {number: tried(self._cases[number]) for number in order}
        return [found[number] for number in range(len(self._cases))]

    def _asked(self, engine: Engine, case: Case) -> Result:
        """Let an engine try an expectation."""
        problems: list[str] = []
        unjudged: list[str] = []
        is_judged = False
        for request, key in zip(case.requests, self._wanted[id(case)], strict=True):
            try:
                parts, open_ = settled(self._by_engine(engine, case, request, key))
            except (RequestError, LookupError) as error:
                return Result(case, (str(error.args[0]),), engine=engine.name)
            found = _judged(case, request, parts)
            unjudged += open_
            if case.wanted or case.foreign or not open_ or not found:
                problems += found
                is_judged = is_judged or bool(parts)
        notes = tuple(f"{word} means nothing here" for word in case.ignored)
        return Result(case, tuple(problems), notes, tuple(dict.fromkeys(unjudged)), is_judged, engine.name)

    def _by_engine(self, engine: Engine, case: Case, request: Request, key: Key | None) -> Parts:
        self.actual(self.clients.of(case, request), request)  # counts the routes that it takes
        rule = self._rules.route(key.expected) if key is not None else None
        if isinstance(rule, str):
            return {"": [f"what is expected is wrong: {rule}"]}
        return engine.judge(self.question(case, request, rule))

    def question(self, case: Case, request: Request, rule: Route | None) -> Question:
        """Return what an engine is asked about a request.

        Raises:
            LookupError: there is no such client.
            RequestError: the request cannot be made.
        """
        proxy = self.clients.of(case, request)
        view, what = self._sent(proxy, request)
        trace = simulate(self._configuration(view, what), what.connection, what.request)
        return Question(self.mesh.db, case, request, proxy, view, what, trace, rule)

    def _delegation(self, case: Case, request: Request) -> Taken | None:
        """Find the rules that a request of `testCases` meets, where one of them delegates."""
        try:
            return taken(self.mesh.db, request) if case.foreign else None
        except RequestError:  # told when the request is tried
            return None

    def _keys(self, case: Case) -> list[Key | None]:
        """Return what to compile for each request of a case."""
        if not case.rule:
            return [None for _ in case.requests]
        try:
            return [self._key(case, *one) for one in zip(case.requests, self._taken[id(case)], strict=True)]
        except (RequestError, LookupError):  # told when the request is tried
            return [None for _ in case.requests]

    def _key(self, case: Case, request: Request, found: Taken | None) -> Key:
        proxy, port = self.clients.of(case, request), _port(request)
        # Short names are read where the rules are written, and those of a gateway are rarely where it runs.
        namespace = case.namespace if proxy.type == "router" and case.namespace else proxy.namespace
        rule = found.rule(of_leaf="route" in case.rule, parts=RULE) if found is not None else None
        written = Wanted(namespace, port, rule) if rule is not None else None
        return Key(Wanted(namespace, port, msgspec.json.encode(case.rule)), written)

    def _result(self, case: Case) -> Result:
        problems: list[str] = []
        notes = [f"{word} means nothing here" for word in case.ignored]
        otherwise: list[str] = []
        asked = zip(case.requests, self._wanted[id(case)], self._taken[id(case)], strict=True)
        for request, key, found in asked:
            try:
                real = _judged(case, request, self._parts(case, request, key, found))
                written = _judged(case, request, self._as_written(case, key, found)) if found else real
            except (RequestError, LookupError) as error:
                return Result(case, (str(error.args[0]),))
            problems += written
            otherwise += real if not written else ()
        notes += [
            f"as the rules are written; in the mesh it is otherwise: {words}" for words in otherwise[:1]
        ]
        return Result(case, tuple(problems), tuple(notes))

    def _parts(
        self, case: Case, request: Request, key: Key | None, found: Taken | None
    ) -> dict[str, list[str]]:
        """Return what is otherwise than expected of a request, by part of the expectation."""
        actual = self.actual(self.clients.of(case, request), request)
        told = {
            name: [
                words + (_NO_ENDPOINT if actual.outcome.flag == "UH" else "")
                for words in differing(name, case.expect[name], getattr(actual.outcome, name))
            ]
            for name in ANSWER
            if name in case.expect
        }
        if "delegate" in case.expect and found is None:
            told["delegate"] = ["delegate: no rule that delegates takes it"]
        return told | self._compared(case, key, actual.fields)

    def _as_written(self, case: Case, key: Key | None, found: Taken) -> dict[str, list[str]]:
        """Return the same by the rules as they are written."""
        told: dict[str, list[str]] = {}
        if "delegate" in case.expect:
            wanted, is_ = case.expect["delegate"], msgspec.to_builtins(found.delegate)
            told["delegate"] = [f"delegate should be {wanted}, is {is_}"] if wanted != is_ else []
        if not case.rule:
            return told
        fields = self._rules.fields(key.written) if key is not None and key.written is not None else ""
        if isinstance(fields, str):
            words = fields or f"delegate: no rule of {found.delegate.name} takes it"
            return told | {part: [words] for part in case.rule}
        return told | self._compared(case, key, fields)

    def _compared(self, case: Case, key: Key | None, actual: Fields) -> dict[str, list[str]]:
        fields = self._rules.fields(key.expected) if key is not None else {}
        if isinstance(fields, str):
            return {"": [f"what is expected is wrong: {fields}"]}
        return {
            part: list(_compared(part, of_group(part, fields), of_group(part, actual))) for part in case.rule
        }

    def actual(self, proxy: Proxy, request: Request) -> Actual:
        """Return what happens to a request.

        Raises:
            RequestError: it cannot be made.
        """
        view, what = self._sent(proxy, request)
        configuration = self._configuration(view, what)
        trace = simulate(configuration, what.connection, what.request)
        outcome = trace.outcome
        decided = decision(trace)
        table = (
            configuration.route_configuration(outcome.route_configuration)
            if outcome.route_configuration
            else None
        )
        host = None if table is None else self._host(table, decided.virtual_host)
        if table is None or host is None:
            return Actual(outcome, {"to": called(outcome.cluster)} if outcome.cluster else {})
        self.coverage.seen(table)
        for number in decided.routes:
            self.coverage.exercised(host.routes[number])
        if not decided.routes:
            return Actual(outcome, {})
        return Actual(outcome, self._of_route(view, table, host, decided.routes[0]))

    def _host(self, table: RouteConfiguration, name: str) -> VirtualHost | None:
        """Find a virtual host; the messages keep tables, so that their identities are theirs."""
        if id(table) not in self._hosts:
            self._hosts[id(table)] = {one.name: one for one in reversed(table.virtual_hosts)}
        return self._hosts[id(table)].get(name)

    def _sent(self, proxy: Proxy, request: Request) -> tuple[View, Sent]:
        view = view_of(self.mesh.db, proxy)
        return view, sent(self.mesh.db, request, proxy, view)

    def _configuration(self, view: View, what: Sent) -> CompiledConfiguration:
        key = view, what.connection.port
        if key not in self._configurations:
            self._configurations[key] = CompiledConfiguration(
                self.mesh.db, view, what.connection, self._messages
            )
        return self._configurations[key]

    def _of_route(self, view: View, table: RouteConfiguration, host: VirtualHost, number: int) -> Fields:
        key = view, table.name, host.name, number
        if key not in self._fields:
            route: Route = host.routes[number]
            self._fields[key] = route_fields(table, host, route)
        return self._fields[key]


def _loaded(objects: Load) -> tuple[Mesh, tuple[Finding, ...]]:
    """Put objects in force; the findings are those of each object alone."""
    db = Database()
    applied = Store(db).replace(FILES, objects)
    return Mesh(db, applied.findings), applied.findings


def _port(request: Request) -> int:
    return parts_of(request).port


def _judged(case: Case, request: Request, parts: dict[str, list[str]]) -> list[str]:
    """Say what is wrong. With `wantMatch: false` one part has to differ; of `testCases` each of them has to."""
    if case.wanted:
        return [f"{request}: {words}" for told in parts.values() for words in told]
    if case.foreign:
        return [f"{request}: {part} is as it should not be" for part, told in parts.items() if not told]
    return [] if any(parts.values()) else [f"{request}: it is as it should not be"]


def _compared(part: str, wanted: Fields, actual: Fields) -> Iterable[str]:
    if part == "timeout":
        wanted, actual = ({"timeout": one.get("timeout", "")} for one in (wanted, actual))
    for name in dict.fromkeys((*wanted, *actual)):
        if wanted.get(name) != actual.get(name):
            yield f"{part}: {name} should be {wanted.get(name, 'unset')}, is {actual.get(name, 'unset')}"
