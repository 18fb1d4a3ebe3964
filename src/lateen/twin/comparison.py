"""The simulator's prediction against what the real Envoy did."""

import re
from collections.abc import Iterator

from lateen.simulate.trace import Outcome, Trace
from lateen.twin.caller import Answer
from lateen.twin.envoy import Loaded
from lateen.twin.runnable import FLAGS, ORIGINAL, ROUTE

_OTHER_END = re.compile(r"predicted (cluster|reset|redirect|response \d)")
# Envoy adds these to what it forwards, or they are the connection's and not the request's.
_ENVOY_OWN = frozenset({"x-forwarded-proto", "x-forwarded-for", "x-request-id", "x-envoy-internal", "x-envoy-expected-rq-timeout-ms", "grpc-timeout",
    "x-envoy-external-address", "connection", "content-length", "host", "x-envoy-attempt-count", "transfer-encoding", "x-envoy-decorator-operation",
    "x-forwarded-client-cert"})  # fmt: skip


def differences(trace: Trace, answer: Answer, loaded: Loaded) -> list[str]:
    """Return how the answer differs from every possible outcome; empty when it is one of them."""
    found = [list(_differences(outcome, answer, loaded)) for outcome in trace.outcomes]
    if [] in found:
        return []
    return min(found, key=_distance, default=["the simulator knows no outcome"])


def _distance(texts: list[str]) -> tuple[bool, int]:
    """Order by how near a prediction came: another end is farther than any number of details."""
    return _OTHER_END.match(texts[0]) is not None, len(texts)


def _differences(outcome: Outcome, answer: Answer, loaded: Loaded) -> Iterator[str]:
    if outcome.kind == "cluster":
        yield from _of_cluster(outcome, answer, loaded)
        return
    if answer.upstream:
        yield f"predicted {outcome.kind} {outcome.status}, Envoy sent it to {loaded.target(answer)}"
        return
    if outcome.kind == "reset":
        if answer.status:
            yield f"predicted a reset, Envoy answered {answer.status}"
        return
    yield from _of_response(outcome, answer)


def _of_cluster(outcome: Outcome, answer: Answer, loaded: Loaded) -> Iterator[str]:
    target = loaded.target(answer)
    if target is None or target.cluster != outcome.cluster:
        went = target.cluster if target else f"answered {answer.status} {answer.header(FLAGS)} by itself"
        yield f"predicted cluster {outcome.cluster}, Envoy: {went}"
        return
    addresses = {one.address for one in outcome.endpoints}
    if target.address != ORIGINAL and target.address not in addresses:
        yield f"predicted one of {sorted(addresses)}, Envoy chose {target.address}"
    if not outcome.path:
        return  # forwarded as bytes
    yield from _of_request(outcome, answer)
    yield from _of_response_headers(outcome, answer)


def _of_request(outcome: Outcome, answer: Answer) -> Iterator[str]:
    if answer.seen_path != outcome.path:
        yield f"predicted path {outcome.path!r}, upstream saw {answer.seen_path!r}"
    if answer.seen("host") != outcome.authority:
        yield f"predicted host {outcome.authority!r}, upstream saw {answer.seen('host')!r}"
    predicted = _grouped(outcome.request_headers)
    seen = _grouped(answer.seen_headers)
    for name in sorted(predicted.keys() | seen.keys()):
        if predicted.get(name) != seen.get(name):
            yield f"predicted request header {name}: {predicted.get(name)}, upstream saw {seen.get(name)}"


def _grouped(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        if name.lower() not in _ENVOY_OWN:
            grouped.setdefault(name.lower(), []).append(value)
    return {name: ",".join(values) for name, values in grouped.items()}


def _of_response(outcome: Outcome, answer: Answer) -> Iterator[str]:
    if answer.status != outcome.status:
        yield f"predicted status {outcome.status} {outcome.flag}, Envoy answered {answer.status} {answer.header(FLAGS)}"
    flags = answer.header(FLAGS) or ""
    if outcome.flag and outcome.flag not in flags.split(","):
        yield f"predicted flag {outcome.flag}, Envoy's flags are {flags}"
    in_grpc = (answer.header("content-type") or "").startswith("application/grpc")
    if (
        in_grpc
        and outcome.grpc_status is not None
        and answer.header("grpc-status") != str(outcome.grpc_status)
    ):
        yield f"predicted gRPC status {outcome.grpc_status}, Envoy's is {answer.header('grpc-status')}"
    if outcome.kind == "redirect" and answer.header("location") != outcome.location:
        yield f"predicted location {outcome.location!r}, Envoy's is {answer.header('location')!r}"
    if outcome.body and answer.body not in (outcome.body, ""):  # none for HEAD
        yield f"predicted body {outcome.body!r}, Envoy's is {answer.body!r}"
    yield from _of_response_headers(outcome, answer)


def _of_response_headers(outcome: Outcome, answer: Answer) -> Iterator[str]:
    for name in {name for name, _ in outcome.response_headers}:
        values = [value for key, value in outcome.response_headers if key == name]
        got = [value for key, value in answer.headers if key == name]
        if not set(values) <= set(got) and ",".join(values) not in got:
            yield f"predicted response header {name}: {values}, got {got}"
    for name in outcome.response_headers_removed:
        if name not in {key for key, _ in outcome.response_headers} and answer.header(name) is not None:
            yield f"predicted no response header {name}, got {answer.header(name)!r}"
    route = answer.header(ROUTE)
    if outcome.route_configuration and route not in (None, "-") and route != outcome.route:
        yield f"predicted route {outcome.route!r}, Envoy took {route!r}"
