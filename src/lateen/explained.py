"""Explanations on a mesh: which proxy a request meets first, and where the causes are written."""

import msgspec

from lateen.analyze.selection import INGRESS_NAMESPACE
from lateen.api import facts
from lateen.api.gateway import Gateway
from lateen.engine import Database
from lateen.model import host as hosts
from lateen.model.gateway import servers_of
from lateen.model.selectors import Pairs, pairs
from lateen.model.view import Proxy
from lateen.simulate.explain_request import Request, parts_of
from lateen.simulate.explain_types import Cause, Explanation, Hop, Setting, Step
from lateen.sources import origin

GATEWAY = "gateway"
ADDRESS = "192.0.2.2"  # RFC 5737: of a proxy that only somebody's rules speak of
DEFAULT_GATEWAY: Pairs = (("app", "istio-ingressgateway"), ("istio", "ingressgateway"))


def imagined_gateway(db: Database, request: Request) -> Proxy | None:
    """Return the proxy that would serve the request's host, by the Gateways' selectors; None without any Gateway."""
    labels = _serving(db, parts_of(request).host)
    if labels is None:
        return None
    if set(labels) <= set(DEFAULT_GATEWAY):
        labels = DEFAULT_GATEWAY
    return Proxy(
        type="router",
        address=ADDRESS,
        name="istio-ingressgateway",
        namespace=INGRESS_NAMESPACE,
        labels=labels,
    )


def _serving(db: Database, host: str) -> Pairs | None:
    first: Pairs | None = None
    for ref in facts.refs(db, "Gateway"):
        found = facts.get(db, ref)
        selector = pairs(found.spec.selector) if found is not None and isinstance(found.spec, Gateway) else ()
        if any(hosts.subset_of(host, own.host) for server in servers_of(db, ref) for own in server.hosts):
            return selector
        first = selector if first is None else first
    return first


def imagined_workload(name: str, namespace: str) -> Proxy:
    """Return a sidecar beside a workload that nobody describes: with the label `app`."""
    short, _, space = name.partition(".")
    return Proxy(
        type="sidecar", address=ADDRESS, name=short, namespace=space or namespace, labels=(("app", short),)
    )


def located(db: Database, found: Explanation) -> Explanation:
    """Fill in file and line of every cause."""
    return msgspec.structs.replace(found, hops=tuple(_hop(db, hop) for hop in found.hops))


def _hop(db: Database, hop: Hop) -> Hop:
    results = tuple(
        msgspec.structs.replace(result, settings=tuple(_setting(db, one) for one in result.settings))
        for result in hop.results
    )
    return msgspec.structs.replace(hop, steps=tuple(_step(db, step) for step in hop.steps), results=results)


def _step(db: Database, step: Step) -> Step:
    return msgspec.structs.replace(step, cause=_cause(db, step.cause)) if step.cause else step


def _setting(db: Database, one: Setting) -> Setting:
    return msgspec.structs.replace(one, cause=_cause(db, one.cause)) if one.cause else one


def _cause(db: Database, cause: Cause) -> Cause:
    place = origin.of(db, cause.ref)
    if place is None:
        return cause
    where = place.position(cause.path)
    return msgspec.structs.replace(cause, file=where.file, line=where.line)
