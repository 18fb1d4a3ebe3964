"""The four judges of a golden case; each returns what is wrong."""

from collections.abc import Callable, Iterator
from typing import Any

from lateen.api.finding import Finding, Level, render
from lateen.compile import types
from lateen.model.view import Proxy
from lateen.simulate.configuration import Configuration
from lateen.simulate.simulation import simulate
from lateen.simulate.trace import Trace
from lateen.translate.dump import proto_json
from lateen.twin.comparison import differences
from lateen.twin.discovery import NackError
from lateen.twin.envoy import LiveEnvoy, Loaded
from lateen.twin.trial import asked
from support.golden_expectations import envoy_mismatches, simulator_mismatches
from support.golden_format import REQUESTS, RESOURCES, Block, Case
from support.golden_lines import Line, lines
from support.golden_mesh import Mesh, Resources, compiled, shuffled
from support.golden_paths import MISSING, mismatches, pick
from support.golden_requests import meant

URLS = {
    "route": types.ROUTE, "cluster": types.CLUSTER, "listener": types.LISTENER,
    "endpoint": types.ENDPOINT, "secret": types.SECRET, "extension": types.EXTENSION_CONFIG,
}  # fmt: skip
SEEDS = (1, 2)
Start = Callable[[], LiveEnvoy]


def check_compiled(case: Case) -> Iterator[str]:
    """The asserted parts of the compiled resources, and the findings."""
    mesh = Mesh(case)
    yield from _findings(case, mesh)
    by_proxy: dict[str, Resources] = {}
    for block in case.of(*RESOURCES):
        name = block.attributes["proxy"]
        if name not in by_proxy:
            by_proxy[name] = mesh.resources(mesh.proxy(name, block))
        for text in _asserted(block, by_proxy[name]):
            yield f"{block.place.file}:{block.place.line}: {text}"
    for block in case.of(*REQUESTS):
        lines(block)  # a line that is not understood is an error whatever the oracle


def _asserted(block: Block, resources: Resources) -> Iterator[str]:
    url = URLS[block.kind]
    found = {one.name: one for one in resources.get(url, ())}
    expected = block.yaml()
    if "name" in block.attributes:
        name = block.attributes["name"]
        actual: Any = proto_json(url, found[name].body) if name in found else MISSING
        if actual is MISSING and expected != "absent":
            yield f"there is no {block.kind} {name!r}; there are {', '.join(found) or 'none'}"
            return
        path = block.attributes.get("path", "")
        yield from mismatches(expected, actual if actual is MISSING else pick(actual, path), path)
    elif isinstance(expected, list):
        if sorted(expected) != sorted(found):
            yield f"the {block.kind}s are {sorted(found)}, expected {sorted(expected)}"
    elif isinstance(expected, dict):
        for name, part in expected.items():
            actual = proto_json(url, found[name].body) if name in found else MISSING
            yield from mismatches(part, actual, name)
    else:
        raise block.place.error("without name=…, expected a mapping of names or a list of names")


def _findings(case: Case, mesh: Mesh) -> Iterator[str]:
    if not case.of("findings"):
        refused = [one for one in mesh.read_findings if one.level is Level.ERROR]
        yield from (f"unexpected finding: {render(one)}" for one in refused)
        return
    wanted = [
        (block.place, text.strip()) for block in case.of("findings") for text in block.text.splitlines()
    ]
    wanted = [(place, text) for place, text in wanted if text and not text.startswith("#")]
    open_ended = bool(wanted) and wanted[-1][1] in ("...", "…")
    left = list(mesh.findings)
    for place, text in wanted[: len(wanted) - open_ended]:
        found = next((one for one in left if _is_finding(one, text, place)), None)
        if found is None:
            yield f"{place.file}:{place.line}: no such finding: {text}"
        else:
            left.remove(found)
    if not open_ended:
        serious = [one for one in left if one.level in (Level.ERROR, Level.WARNING)]
        yield from (f"unexpected finding: {render(one)}" for one in serious)


def _is_finding(one: Finding, text: str, place: Any) -> bool:
    head, colon, words = text.partition(": ")
    parts = head.split()
    if not colon or len(parts) not in (4, 5):
        raise place.error(f"expected `Level CODE Kind namespace/name path: words`, got {text!r}")
    level, code, kind, name, *path = parts
    actual = (one.level.value, one.code, one.ref.kind if one.ref else "", _name(one), one.path)
    expected = (level, code, kind, name, path[0] if path else "*")
    same = all(want in ("*", got) for want, got in zip(expected, actual, strict=True))
    return same and words.strip() in one.message


def _name(one: Finding) -> str:
    return f"{one.ref.namespace}/{one.ref.name}" if one.ref else ""


def check_simulator(case: Case) -> Iterator[str]:
    """The requests, through the simulator."""
    mesh = Mesh(case)
    for block, proxy in _proxies(case, mesh):
        configuration = mesh.configuration(proxy)
        for line in lines(block):
            trace = simulate(configuration, *meant(mesh, block, proxy, line))
            for text in simulator_mismatches(line, trace):
                yield f"{line.place.file}:{line.place.line}: {line.text}\n    {text}\n{_story(trace)}"


def _story(trace: Trace) -> str:
    return "\n".join(f"      {step}" for step in trace.steps)


def _proxies(case: Case, mesh: Mesh) -> list[tuple[Block, Proxy]]:
    blocks = case.of(*REQUESTS)
    return [
        (block, mesh.proxy(block.attributes.get("from") or block.attributes["at"], block)) for block in blocks
    ]


def check_envoy(case: Case, start: Start) -> Iterator[str]:
    """Every resource accepted by a real Envoy, and the requests routed as expected and as the simulator says."""
    mesh, envoy = Mesh(case), start()
    by_proxy: dict[str, list[Block]] = {}
    for block, proxy in _proxies(case, mesh):
        by_proxy.setdefault(proxy.id, []).append(block)
    for proxy in mesh.proxies():
        resources = mesh.resources(proxy)
        try:
            loaded = envoy.load(resources)
        except NackError as error:
            yield f"Envoy refuses what {proxy.name}.{proxy.namespace} gets: {error}"
            continue
        for block in by_proxy.get(proxy.id, ()):
            yield from _asked(mesh, block, proxy, Configuration(resources), loaded)


def _asked(
    mesh: Mesh, block: Block, proxy: Proxy, configuration: Configuration, loaded: Loaded
) -> Iterator[str]:
    for line in lines(block):
        yield from (
            f"{line.place.file}:{line.place.line}: {line.text}\n    {text}"
            for text in _compared(mesh, block, proxy, configuration, loaded, line)
        )


def _compared(
    mesh: Mesh, block: Block, proxy: Proxy, configuration: Configuration, loaded: Loaded, line: Line
) -> Iterator[str]:
    connection, request = meant(mesh, block, proxy, line)
    trace = simulate(configuration, connection, request)
    answer = asked(loaded, trace, connection, request)
    yield from envoy_mismatches(line, answer, loaded)
    yield from (f"simulator and Envoy differ: {text}" for text in differences(trace, answer, loaded))


def check_shuffled(case: Case) -> Iterator[str]:
    """The same objects by random edits of a live database give the same bytes."""
    mesh = Mesh(case)
    fresh = {proxy.id: mesh.resources(proxy) for proxy in mesh.proxies()}
    for seed in SEEDS:
        live = shuffled(mesh, seed)
        for proxy in mesh.proxies():
            for url, resources in compiled(live, proxy).items():
                if resources != fresh[proxy.id][url]:
                    names = [one.name for one in {*resources} ^ {*fresh[proxy.id][url]}]
                    yield f"seed {seed}: {proxy.name} has other {url.rpartition('.')[2]}s: {sorted(set(names))}"
