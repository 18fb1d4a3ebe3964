"""IST0149: routes by a claim of a JWT, on a gateway where no RequestAuthentication reads one.

Source: analyzers/virtualservice/jwtclaimroute.go.
"""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.gateway.subject import gateway, namespaces
from lateen.analyze.report import found
from lateen.analyze.selection import INGRESS_GATEWAY, INGRESS_NAMESPACE
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api import foreign
from lateen.api.check.primitives.headers import CLAIM
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database
from lateen.model import workload
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.root import root_namespace
from lateen.model.selectors import Pairs, pairs, selects
from lateen.model.virtual_services import gateway_name


def claims(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which gateways' pods never know the claims that a rule asks for."""
    one = virtual_service(db, ref)
    asked = next(_asked(one), None) if one is not None else None
    if one is None or asked is None:
        return ()
    path, key = asked
    names = (gateway_name(name, ref.namespace) for name in one.spec.gateways if name != MESH_GATEWAY)
    blind = [
        f"{space}/{pod}"
        for name in names
        for space, pod, own in _pods(db, name)
        if not _reads(db, space, own)
    ]
    return tuple(
        found(
            Code.CLAIMS_UNREAD,
            ref,
            path,
            f"no RequestAuthentication is for the gateway's pod {pod}: the claim {key} is never known there",
            "add a RequestAuthentication for the gateway, or route by something else",
        )
        for pod in blind
    )


def _asked(one: Object[VirtualService]) -> Iterator[tuple[str, str]]:
    for number, rule in enumerate(one.spec.http):
        for place, match in enumerate(rule.match):
            for field, texts in (("headers", match.headers), ("withoutHeaders", match.without_headers)):
                for key in texts:
                    rest = key[len(CLAIM) :]
                    dotted, bracketed = (
                        rest.startswith(".") and len(rest) > 1,
                        rest.startswith("[") and rest.endswith("]"),
                    )
                    if key.lower().startswith(CLAIM) and (dotted or (bracketed and rest != "[]")):
                        yield f"spec.http[{number}].match[{place}].{field}[{key}]", key


def _pods(db: Database, name: str) -> Iterator[tuple[str, str, Pairs]]:
    """Yield namespace, name and labels of the pods that serve a Gateway; the ingress gateway of the charts is one."""
    one = gateway(db, Ref("Gateway", *name.split("/", 1))) if "/" in name else None
    wanted = pairs(one.spec.selector) if one is not None else ()
    found_ = [
        (pod.namespace, pod.name, workload.labels_of(db, pod))
        for space in (namespaces(db, wanted) if wanted else ())
        for pod in workload.selected(db, "Pod", space, wanted)
    ]
    if wanted and not found_ and dict(wanted).items() <= INGRESS_GATEWAY.items():
        found_ = [(INGRESS_NAMESPACE, INGRESS_GATEWAY["app"], pairs(INGRESS_GATEWAY))]
    yield from found_


def _reads(db: Database, namespace: str, labels: Pairs) -> bool:
    return any(
        one.meta.namespace in (root_namespace(db), namespace) and selects(_selector(one.spec), labels)
        for one in foreign.objects(db, foreign.RequestAuthentication)
    )


def _selector(spec: object) -> Pairs:
    return pairs(foreign.labels(spec, "selector", "matchLabels"))
