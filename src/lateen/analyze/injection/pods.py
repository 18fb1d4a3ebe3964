"""IST0103, IST0144, IST0146, IST0147: pods without a proxy, with one that is not filled in, or with the proxy's own user."""

from collections.abc import Iterator, Mapping

from lateen.analyze.catalogue import Code
from lateen.analyze.injection.labels import (
    AMBIENT,
    DATAPLANE,
    ENABLED,
    INJECT,
    INJECTION,
    PROXY,
    REVISION,
    has_proxy,
    is_control_plane,
    labels_of_namespace,
    proxy_image,
)
from lateen.analyze.injection.selectors import selector_matches
from lateen.analyze.report import found
from lateen.api import facts, foreign
from lateen.api.finding import Finding
from lateen.api.meta import Meta, Ref
from lateen.api.workload import Deployment, Pod, PodTemplate
from lateen.engine import Database

USER = 1337
"""The user that the proxy runs as; its traffic is not captured."""
UNFILLED = "auto"
"""The image that the injector replaces."""


def pods(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Judge a Pod that somebody wrote; those that are made from a Deployment are judged there."""
    one = facts.get(db, ref)
    if (
        one is None
        or not isinstance(one.spec, Pod)
        or any(own.kind == "Deployment" for own in one.meta.owner_references)
    ):
        return ()
    users = _users(ref, "spec", one.spec) if not is_control_plane(one.meta.labels) else ()
    return (*_without_proxy(db, ref, one.meta, one.spec), *users, *_unfilled_pod(ref, one.spec))


def deployments(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Judge the pods of a Deployment."""
    one = facts.get(db, ref)
    template = one.spec.template if one is not None and isinstance(one.spec, Deployment) else None
    if one is None or template is None or template.spec is None:
        return ()
    users = _users(ref, "spec.template.spec", template.spec) if not is_control_plane(one.meta.labels) else ()
    return (*users, *_unfilled(db, ref, template, template.spec))


def _without_proxy(db: Database, ref: Ref, meta: Meta, spec: Pod) -> Iterator[Finding]:
    labels = labels_of_namespace(db, ref.namespace) or {}
    refused = meta.labels.get(INJECT, meta.annotations.get(INJECT, "")).lower() == "false"
    ambient = labels.get(DATAPLANE) == AMBIENT
    if labels.get(INJECTION) == ENABLED and not (
        ambient or refused or spec.host_network or proxy_image(spec)
    ):
        message = f"the pod has no container {PROXY} although its namespace is injected"
        hint = (
            "Istio adds it when the pod is created: restart the workload; Lateen gives every workload a proxy"
        )
        yield found(Code.WITHOUT_PROXY, ref, "metadata.name", message, hint)


def _users(ref: Ref, path: str, spec: Pod) -> Iterator[Finding]:
    places = [(f"{path}.securityContext", spec.security_context)]
    places += [
        (f"{path}.containers[{index}].securityContext", one.security_context)
        for index, one in enumerate(spec.containers)
        if one.name not in (PROXY, "istio-operator")
    ]
    for place, context in places:
        if context is not None and context.run_as_user == USER:
            message = f"user {USER} is the proxy's own: Istio does not capture the traffic of such a process"
            yield found(Code.PROXY_USER, ref, f"{place}.runAsUser", message, "use another user")


def _unfilled_at(spec: Pod) -> int | None:
    return next(
        (index for index, one in enumerate(spec.containers) if one.name == PROXY and one.image == UNFILLED),
        None,
    )


def _unfilled_pod(ref: Ref, spec: Pod) -> Iterator[Finding]:
    index = _unfilled_at(spec)
    if index is not None:
        message = "the image auto was not replaced: no injector has seen this pod"
        hint = "write a Deployment, whose pods are injected when they are created"
        yield found(Code.UNFILLED_POD, ref, f"spec.containers[{index}].image", message, hint)


def _unfilled(db: Database, ref: Ref, template: PodTemplate, spec: Pod) -> Iterator[Finding]:
    index = _unfilled_at(spec)
    if index is not None and not _is_injected(db, ref.namespace, template):
        message = "the image auto is not replaced: no injector takes these pods"
        hint = f"label the pods {INJECT}: 'true', or the namespace {INJECTION}: {ENABLED}"
        yield found(Code.UNFILLED, ref, f"spec.template.spec.containers[{index}].image", message, hint)


def _is_injected(db: Database, namespace: str, template: PodTemplate) -> bool:
    """Tell whether an injector takes the pods: by the webhooks that are written down, else by the labels that Istio's heed."""
    hooks = [
        hook
        for one in foreign.objects(db, foreign.MutatingWebhook)
        for hook in foreign.listing(one.spec)
        if foreign.text(hook, "name").endswith("istio.io")
    ]
    own: Mapping[str, str] = labels_of_namespace(db, namespace) or {}
    if hooks:
        return any(
            selector_matches(foreign.mapping(hook).get("namespaceSelector"), own)
            and selector_matches(foreign.mapping(hook).get("objectSelector"), template.metadata.labels)
            for hook in hooks
        )
    bare = PodTemplate(metadata=template.metadata)
    return REVISION in own or has_proxy(db, namespace, bare) is not False
