"""An explanation: what became of a request, step by step, each with the line of YAML that caused it.

`lateen explain -o json` is the encoding of `Explanation` (docs/reference/explain.md); fields are added, not changed.
"""

from typing import Literal

import msgspec

from lateen.api.meta import Ref
from lateen.simulate.trace import Delay, Kind, Mirror, Target, Trace

Side = Literal["sidecar", "gateway", "server"]
Owner = Literal["rule", "mesh", "istio", "envoy"]
"""Who says a value: an object of yours, the mesh's settings, Istio by default, Envoy by default."""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """The object and field that a step comes from."""

    kind: str
    namespace: str = ""
    name: str
    path: str = ""
    file: str = ""
    """Where it is written; empty for what nobody wrote."""
    line: int = 0

    @property
    def ref(self) -> Ref:
        """The object."""
        return Ref(self.kind, self.namespace, self.name)


def because(ref: Ref, path: str = "") -> Cause:
    """Name an object and a field as the cause."""
    return Cause(kind=ref.kind, namespace=ref.namespace, name=ref.name, path=path)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One decision on the way."""

    step: str
    """resolution, listener, inspection, filter-chain, protocol, normalization, routes, virtual-host, route, filter,
    cluster, note."""
    subject: str
    """What was chosen or tried."""
    reason: str = ""
    taken: bool = True
    """False for a route that was tried and not taken."""
    cause: Cause | None = None


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One value that is in force for the request, and who says so."""

    name: str
    value: str
    owner: Owner
    cause: Cause | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that may come of the request; the probabilities of a hop's results add up to 1."""

    kind: Kind
    probability: float = 1.0
    status: int = 0
    flag: str = ""
    meaning: str = ""
    """The flag in words, and what to do."""
    location: str = ""
    body: str = ""
    cluster: str = ""
    path: str = ""
    authority: str = ""
    request_headers: tuple[tuple[str, str], ...] = ()
    response_headers: tuple[tuple[str, str], ...] = ()
    endpoints: tuple[Target, ...] = ()
    workloads: tuple[str, ...] = ()
    """The pods behind the endpoints, in their order; empty words for addresses of nobody in the mesh."""
    mirrors: tuple[Mirror, ...] = ()
    delay: Delay | None = None
    settings: tuple[Setting, ...] = ()


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """What one proxy does."""

    proxy: str
    """`pod.namespace`."""
    side: Side
    steps: tuple[Step, ...]
    results: tuple[Result, ...]
    trace: Trace
    """The simulator's own account, in Envoy's words."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The whole way: the client's sidecar or the gateway, then the sidecar of the first endpoint."""

    request: str
    source: str
    hops: tuple[Hop, ...]

    @property
    def result(self) -> Result:
        """The most probable result of the first hop."""
        return max(self.hops[0].results, key=lambda result: result.probability)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Every cause on the way, each once."""
        steps = (step.cause for hop in self.hops for step in hop.steps)
        settings = (one.cause for hop in self.hops for result in hop.results for one in result.settings)
        return tuple(dict.fromkeys(cause for cause in (*steps, *settings) if cause is not None))
