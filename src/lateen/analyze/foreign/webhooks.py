"""IST0139, IST0163, IST0164: webhooks of Istio's that overlap, or whose service or address leads nowhere.

Source: analyzers/webhook/webhook.go, analyzers/externalcontrolplane/externalcontrolplane.go.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from lateen.analyze.catalogue import Code
from lateen.analyze.injection.labels import ENABLED, INJECT, INJECTION, REVISION
from lateen.analyze.injection.selectors import selector_matches
from lateen.analyze.report import found, joined
from lateen.api import facts, foreign
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.engine import Database, deferred

EXTERNAL = ("istio-sidecar-injector", "istio-validator")
DEFAULT_VALIDATOR = "istiod-default-validator"
Labels = Mapping[str, str]


def injectors(db: Database, one: Object[Any]) -> Iterator[Finding]:
    """Tell which injectors would inject the same pods, and which have no service."""
    for index, hook in enumerate(foreign.listing(one.spec) if _is_injector(one) else ()):
        path, name = f"webhooks[{index}]", foreign.text(hook, "name")
        overlapping = sorted(set(_overlaps(db).get((one.meta.name, name), ())))
        if overlapping:
            words = joined(f"{other}/{own}" for other, own in overlapping)
            message = f"{words} takes the same pods: they are injected twice"
            yield found(
                Code.WEBHOOK, one.ref, path, message, "remove one of the two, or narrow its selectors"
            )
        service = foreign.mapping(hook, "clientConfig", "service")
        target = Ref("Service", foreign.text(service, "namespace"), foreign.text(service, "name"))
        if service and facts.get(db, target) is None:
            message = f"the service {target.namespace}/{target.name} of the control plane is not found"
            yield found(Code.WEBHOOK, one.ref, f"{path}.clientConfig.service", message)


def _is_injector(one: Object[Any]) -> bool:
    hooks = foreign.listing(one.spec)
    named = any(foreign.text(hook, "name").endswith("istio.io") for hook in hooks)
    return named or bool(_revisions(one))


def _revisions(one: Object[Any]) -> set[str]:
    revisions = {value for key, value in one.meta.labels.items() if key == REVISION}
    for hook in foreign.listing(one.spec):
        for field in ("namespaceSelector", "objectSelector"):
            selector = foreign.mapping(hook, field)
            revisions |= {
                value for key, value in foreign.labels(selector, "matchLabels").items() if key == REVISION
            }
            for wanted in foreign.listing(selector, "matchExpressions"):
                if foreign.text(wanted, "key") == REVISION:
                    revisions |= {
                        value for value in foreign.listing(wanted, "values") if isinstance(value, str)
                    }
    return revisions


@deferred
def _overlaps(db: Database) -> dict[tuple[str, str], frozenset[tuple[str, str]]]:
    """Find the webhooks that take the same pods, by trying the labels that any of them looks at."""
    every = [one for one in foreign.objects(db, foreign.MutatingWebhook) if _is_injector(one)]
    revisions = {revision for one in every for revision in _revisions(one)}
    hooks = [
        ((one.meta.name, foreign.text(hook, "name")), hook)
        for one in every
        for hook in foreign.listing(one.spec)
    ]
    overlaps: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}
    for namespace in _tried(INJECTION, (ENABLED, "disabled"), revisions):
        for pod in _tried(INJECT, ("true", "false"), revisions):
            taken = frozenset(name for name, hook in hooks if _takes(hook, namespace, pod))
            for name in taken if len(taken) > 1 else ():
                overlaps[name] = overlaps.get(name, frozenset()) | (taken - {name})
    return overlaps


def _tried(key: str, values: tuple[str, ...], revisions: set[str]) -> list[dict[str, str]]:
    plain: list[dict[str, str]] = [{}, *({key: value} for value in values)]
    return [*plain, *({**base, REVISION: revision} for revision in sorted(revisions) for base in plain)]


def _takes(hook: Any, namespace: Labels, pod: Labels) -> bool:
    own = foreign.mapping(hook)
    return selector_matches(own.get("namespaceSelector"), namespace) and selector_matches(
        own.get("objectSelector"), pod
    )


def addresses(_: Database, one: Object[Any]) -> Iterator[Finding]:
    """Tell which webhooks of an external control plane have no address, or one that is no host name."""
    if not (one.meta.name.startswith(EXTERNAL) or one.meta.name == DEFAULT_VALIDATOR):
        return
    for index, hook in enumerate(foreign.listing(one.spec)):
        config = foreign.mapping(hook, "clientConfig")
        path, name = f"webhooks[{index}].clientConfig", foreign.text(hook, "name")
        url = config.get("url")
        if url is None and config.get("service") is None:
            message = f"the webhook {name} has neither a url nor a service: nothing is reached"
            yield found(Code.CONTROL_PLANE, one.ref, path, message, "set url to the external control plane")
        elif url is not None:
            yield from _judged(one, f"{path}.url", name, str(url))


def _judged(one: Object[Any], path: str, name: str, url: str) -> Iterator[Finding]:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        yield found(Code.CONTROL_PLANE, one.ref, path, f"{url!r} of the webhook {name} is not a URL")
        return
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    message = f"the webhook {name} reaches the control plane by the address {host}, not by a host name"
    yield found(Code.CONTROL_PLANE_ADDRESS, one.ref, path, message, "use a host name, which can move")
