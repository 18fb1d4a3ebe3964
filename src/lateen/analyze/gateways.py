"""What a Gateway refers to: workloads by its selector, secrets by `credentialName`."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.api import facts
from lateen.api.finding import Finding, Level
from lateen.api.gateway import Gateway
from lateen.api.meta import Object, Ref
from lateen.engine import Database, query
from lateen.model import workload
from lateen.model.selectors import Pairs, pairs


@query
def references(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Return what one Gateway names that is not there."""
    found = facts.get(db, ref)
    if found is None or not isinstance(found.spec, Gateway):
        return ()
    return tuple(_selector(db, found)) + tuple(_secrets(db, found))


@query
def namespaces_selected(db: Database, selector: Pairs) -> tuple[str, ...]:
    """Return the namespaces in which a gateway's selector takes a pod; a Gateway selects in all of them."""
    namespaces = sorted({ref.namespace for ref in facts.refs(db, "Pod")})
    return tuple(name for name in namespaces if workload.selected(db, "Pod", name, selector))


def _selector(db: Database, found: Object[Gateway]) -> Iterator[Finding]:
    selector = pairs(found.spec.selector)
    if selector and facts.refs(db, "Pod") and not namespaces_selected(db, selector):
        words = ", ".join(f"{key}={value}" for key, value in selector)
        yield Finding(
            code=Code.REFERENCE,
            level=Level.ERROR,
            ref=found.ref,
            path="spec.selector",
            message=f"no workload has the labels {words}: the Gateway is not served anywhere",
            suggestion="use istio: ingressgateway, or add a Deployment with these labels and the annotation "
            "inject.istio.io/templates: gateway",
        )


def _secrets(db: Database, found: Object[Gateway]) -> Iterator[Finding]:
    namespaces = namespaces_selected(db, pairs(found.spec.selector))
    for index, server in enumerate(found.spec.servers):
        name = server.tls.credential_name if server.tls else None
        if name and namespaces and not any(facts.get(db, Ref("Secret", space, name)) for space in namespaces):
            yield Finding(
                code=Code.REFERENCE,
                level=Level.ERROR,
                ref=found.ref,
                path=f"spec.servers[{index}].tls.credentialName",
                message=f"Secret {name} is not found in the gateway's namespace {' or '.join(namespaces)}",
                suggestion="the Secret must be in the namespace of the gateway's workload",
            )
