"""IST0127, IST0101: AuthorizationPolicies for nobody, or about nobody (analyzers/authz/authorizationpolicies.go)."""

from collections.abc import Iterator
from typing import Any

from lateen.analyze.catalogue import Code
from lateen.analyze.injection.labels import REDIRECTION, in_mesh
from lateen.analyze.report import found, nearest
from lateen.api import facts, foreign
from lateen.api.finding import Finding
from lateen.api.meta import Object
from lateen.api.workload import Pod
from lateen.engine import Database, deferred
from lateen.model.root import root_namespace
from lateen.model.selectors import Pairs, pairs, selects


def authorization(db: Database, one: Object[Any]) -> Iterator[Finding]:
    """Tell whether a policy is for any workload, and which namespaces of its sources do not exist."""
    yield from _workloads(db, one)
    for index, rule in enumerate(foreign.listing(one.spec, "rules")):
        for place, source in enumerate(foreign.listing(rule, "from")):
            for field in ("namespaces", "notNamespaces"):
                path = f"spec.rules[{index}].from[{place}].source.{field}"
                for number, name in enumerate(foreign.listing(source, "source", field)):
                    if isinstance(name, str) and not _exists(db, name):
                        hint = nearest(name, (ref.name for ref in facts.refs(db, "Namespace")), "namespaces")
                        yield found(
                            Code.REFERENCE,
                            one.ref,
                            f"{path}[{number}]",
                            f"namespace {name} is not found",
                            hint,
                        )


def _workloads(db: Database, one: Object[Any]) -> Iterator[Finding]:
    selector = foreign.mapping(one.spec).get("selector")
    root = one.meta.namespace == root_namespace(db)
    if root and selector is None:
        return
    wanted = pairs(foreign.labels(selector, "matchLabels"))
    known = _pods(db, "" if root else one.meta.namespace)
    if not any(selects(wanted, own) for own in known):
        words = ", ".join(f"{key}={value}" for key, value in wanted)
        where = "of the mesh" if root else f"of the mesh in namespace {one.meta.namespace}"
        message = (
            f"no pod {where}{f' has the labels {words}' if words else ''}: the policy applies to nothing"
        )
        yield found(Code.NO_WORKLOADS, one.ref, "spec.selector" if words else "metadata.name", message)


@deferred
def _pods(db: Database, namespace: str) -> tuple[Pairs, ...]:
    """Return the labels of the pods of a namespace, or of all, that have a proxy or are in ambient mode."""
    own = (facts.get(db, ref) for ref in facts.refs(db, "Pod") if namespace in ("", ref.namespace))
    return tuple(
        dict.fromkeys(pairs(pod.meta.labels) for pod in own if pod is not None and _is_in_mesh(db, pod))
    )


def _is_in_mesh(db: Database, pod: Object[Pod]) -> bool:
    redirected = pod.meta.annotations.get(REDIRECTION) == "enabled"
    return (
        redirected
        or in_mesh(db, pod.meta.namespace, pod.meta.labels, pod.meta.annotations, pod.spec) is not False
    )


def _exists(db: Database, wanted: str) -> bool:
    """Tell whether a namespace exists that a name or a pattern with one `*` at an end takes."""
    names = [ref.name for ref in facts.refs(db, "Namespace")]
    if wanted == "*":
        return True
    if wanted.startswith("*"):
        return any(name.endswith(wanted[1:]) for name in names)
    if wanted.endswith("*"):
        return any(name.startswith(wanted[:-1]) for name in names)
    return wanted.lower() in names
