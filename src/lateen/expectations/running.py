"""Expectations, tried in the simulator."""

from collections.abc import Iterable, Sequence

import msgspec
from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.api.finding import Finding
from lateen.engine import Database
from lateen.expectations.cases import ANSWER, Case
from lateen.expectations.coverage import Coverage
from lateen.expectations.expected import Rules, Wanted, of_group
from lateen.expectations.imagined import LABELS, MESH, gateway_ref, missing, virtual_services
from lateen.explained import ADDRESS, GATEWAY, imagined_gateway, imagined_workload
from lateen.mesh import Mesh
from lateen.model import host as hosts
from lateen.model.view import Proxy, View, view_of
from lateen.simulate.algebra.change import decision
from lateen.simulate.algebra.effects import Fields, called, route_fields
from lateen.simulate.configuration import Messages
from lateen.simulate.explain_configuration import CompiledConfiguration
from lateen.simulate.explain_request import Request, RequestError, Sent, parts_of, sent
from lateen.simulate.simulation import simulate
from lateen.simulate.trace import Outcome
from lateen.sources.documents import Load
from lateen.sources.store import FILES, Store

_NO_ENDPOINT = " (the destination has no endpoint: 503 UH)"


class Result(msgspec.Struct, frozen=True):
    """What became of an expectation."""

    case: Case
    problems: tuple[str, ...] = ()
    """Empty: it holds."""
    skipped: str = ""
    """Why it was not tried."""

    @property
    def passed(self) -> bool:
        """It was tried and holds."""
        return not self.problems and not self.skipped


class Actual(msgspec.Struct, frozen=True):
    """What happens to one request."""

    outcome: Outcome
    fields: Fields
    """Of the route that it takes."""


class Run:
    """A mesh, and expectations about it."""

    def __init__(self, objects: Load, cases: Sequence[Case]) -> None:
        """Take what was read."""
        self.mesh, self.findings = _loaded(objects)
        entries = objects.entries
        if any(case.foreign for case in cases):
            entries = (*entries, *missing(self.mesh.db))
            self.mesh, _ = _loaded(Load(entries, objects.findings, objects.broken))
        self._cases = cases
        self._pods = self.mesh.objects("Pod")
        self._proxies: dict[tuple[str, str], Proxy] = {}
        self.coverage = Coverage()
        self._messages = Messages()
        self._configurations: dict[tuple[View, int], CompiledConfiguration] = {}
        self._fields: dict[tuple[View, str, str, int], Fields] = {}
        self._wanted = {id(case): self._keys(case) for case in cases}
        self._rules = Rules(
            entries, (key for keys in self._wanted.values() for key in keys if key is not None)
        )

    def results(self) -> list[Result]:
        """Try every expectation, in order."""
        return [self._result(case) for case in self._cases]

    def _keys(self, case: Case) -> list[Wanted | None]:
        """Return what to compile for each request of a case."""
        if not case.rule:
            return [None for _ in case.requests]
        return [
            Wanted(self.client(case, request).namespace, _port(request), msgspec.json.encode(case.rule))
            for request in case.requests
        ]

    def _result(self, case: Case) -> Result:
        if "delegate" in case.expect:
            return Result(
                case, skipped="delegates are tried by what their rules do: write route instead of delegate"
            )
        problems: list[str] = []
        for request, key in zip(case.requests, self._wanted[id(case)], strict=True):
            try:
                found = self._differences(case, request, key)
            except (RequestError, LookupError) as error:
                return Result(case, (str(error.args[0]),))
            if case.wanted:
                problems += (f"{request}: {words}" for words in found)
            elif not found:
                problems.append(f"{request}: it is as it should not be")
        return Result(case, tuple(problems))

    def _differences(self, case: Case, request: Request, key: Wanted | None) -> list[str]:
        actual = self.actual(self.client(case, request), request)
        found = [
            f"{name} should be {wanted!r}, is {is_!r}" + (_NO_ENDPOINT if actual.outcome.flag == "UH" else "")
            for name in ANSWER
            if name in case.expect and (wanted := case.expect[name]) != (is_ := getattr(actual.outcome, name))
        ]
        fields = self._rules.fields(key) if key is not None else {}
        if isinstance(fields, str):
            return [*found, f"what is expected is wrong: {fields}"]
        for part in case.rule:
            found += _compared(part, of_group(part, fields), of_group(part, actual.fields))
        return found

    def actual(self, proxy: Proxy, request: Request) -> Actual:
        """Return what happens to a request.

        Raises:
            RequestError: it cannot be made.
        """
        view = view_of(self.mesh.db, proxy)
        what: Sent = sent(self.mesh.db, request, proxy, view)
        key = view, what.connection.port
        if key not in self._configurations:
            self._configurations[key] = CompiledConfiguration(
                self.mesh.db, view, what.connection, self._messages
            )
        configuration = self._configurations[key]
        trace = simulate(configuration, what.connection, what.request)
        outcome = trace.outcome
        decided = decision(trace)
        table = (
            configuration.route_configuration(outcome.route_configuration)
            if outcome.route_configuration
            else None
        )
        host = None if table is None else _host(table, decided.virtual_host)
        if table is None or host is None:
            return Actual(outcome, {"to": called(outcome.cluster)} if outcome.cluster else {})
        self.coverage.seen(table)
        for number in decided.routes:
            self.coverage.exercised(host.routes[number])
        if not decided.routes:
            return Actual(outcome, {})
        return Actual(outcome, self._of_route(view, table, host, decided.routes[0]))

    def _of_route(self, view: View, table: RouteConfiguration, host: VirtualHost, number: int) -> Fields:
        key = view, table.name, host.name, number
        if key not in self._fields:
            route: Route = host.routes[number]
            self._fields[key] = route_fields(table, host, route)
        return self._fields[key]

    def client(self, case: Case, request: Request) -> Proxy:
        """Return the proxy that a request meets first.

        Raises:
            LookupError: there is none.
        """
        if case.foreign:
            return self._serving(parts_of(request).host)
        if case.client == GATEWAY:
            found = self._gateway(request)
            if found is None:
                raise LookupError("there is no Gateway; say which workload sends with `from`")
            return found
        key = case.client, case.namespace
        if key not in self._proxies:
            self._proxies[key] = (
                self.mesh.proxy(*key) if self._pods else imagined_workload(case.client, case.namespace)
            )
        return self._proxies[key]

    def _gateway(self, request: Request) -> Proxy | None:
        real = [
            one for one in self._pods if one.meta.annotations.get("inject.istio.io/templates") == "gateway"
        ]
        if real:
            return self.mesh.proxy(real[0].meta.name, real[0].meta.namespace)
        return imagined_gateway(self.mesh.db, request)

    def _serving(self, host: str) -> Proxy:
        """Return a proxy that has the rules for a host: a sidecar, or a gateway where the rules are for gateways alone."""
        found = [
            one
            for one in virtual_services(self.mesh.db)
            if any(hosts.subset_of(host, h) for h in one.spec.hosts)
        ]
        exact = [one for one in found if host in one.spec.hosts]
        for obj in (*exact, *found):
            spec, space = obj.spec, obj.meta.namespace
            if not spec.gateways or MESH in spec.gateways:
                return Proxy(type="sidecar", address=ADDRESS, name="any", namespace=space)
            labels = self._labels(gateway_ref(spec.gateways[0], space))
            return Proxy(type="router", address=ADDRESS, name="any", namespace=space, labels=labels)
        return imagined_workload("any", "default")

    def _labels(self, ref: object) -> tuple[tuple[str, str], ...]:
        found = next((one for one in self.mesh.objects("Gateway") if one.ref == ref), None)
        return tuple(sorted((found.spec.selector if found is not None else LABELS).items()))


def _loaded(objects: Load) -> tuple[Mesh, tuple[Finding, ...]]:
    """Put objects in force; the findings are those of each object alone."""
    db = Database()
    applied = Store(db).replace(FILES, objects)
    return Mesh(db, applied.findings), applied.findings


def _port(request: Request) -> int:
    return parts_of(request).port


def _host(table: RouteConfiguration, name: str) -> VirtualHost | None:
    return next((one for one in table.virtual_hosts if one.name == name), None)


def _compared(part: str, wanted: Fields, actual: Fields) -> Iterable[str]:
    if part == "timeout":
        wanted, actual = ({"timeout": one.get("timeout", "")} for one in (wanted, actual))
    for name in dict.fromkeys((*wanted, *actual)):
        if wanted.get(name) != actual.get(name):
            yield f"{part}: {name} should be {wanted.get(name, 'unset')}, is {actual.get(name, 'unset')}"
