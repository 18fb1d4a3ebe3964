"""IST0102, IST0148, IST0158: Namespaces whose pods get no proxy in Istio, or another one than they have."""

from collections.abc import Iterator
from typing import Any

from msgspec import DecodeError, json

from lateen.analyze.catalogue import Code
from lateen.analyze.injection.labels import (
    AMBIENT,
    DATAPLANE,
    ENABLED,
    INJECTION,
    PROXY,
    REVISION,
    labels_of_namespace,
)
from lateen.analyze.report import found, joined
from lateen.api import facts, foreign
from lateen.api.finding import Finding
from lateen.api.kubernetes import ConfigMap
from lateen.api.meta import Meta, Ref
from lateen.api.workload import Pod
from lateen.engine import Database, deferred
from lateen.model.defaults import ROOT_NAMESPACE
from lateen.model.proxy_config import ANNOTATION, proxy_config
from lateen.model.selectors import pairs

INJECTOR = "istio-sidecar-injector"
OWN_IMAGE = "sidecar.istio.io/proxyImage"


@deferred
def injected(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell when a Namespace says nothing about proxies: Istio gives its pods none, unless its injector gives all one."""
    one = facts.get(db, ref)
    labels = one.meta.labels if one is not None else {}
    said = labels.get(INJECTION) or REVISION in labels or labels.get(DATAPLANE) == AMBIENT
    if one is None or said or ref.name == ROOT_NAMESPACE:
        return ()
    if any(_enables_all(values) for values in _values(db, INJECTOR)):
        message = "the pods get a proxy although no label says so: enableNamespacesByDefault is set"
        return (found(Code.INJECTED_BY_DEFAULT, ref, "metadata.name", message),)
    message = "the pods get no proxy in Istio: the Namespace has none of its labels"
    hint = f"set the label {INJECTION}: enabled, or disabled to say that it is meant; Lateen gives every workload a proxy"
    return (found(Code.NOT_INJECTED, ref, "metadata.name", message, hint),)


@deferred
def images(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which pods of a Namespace have a proxy of another image than its injector would give them now."""
    labels = labels_of_namespace(db, ref.name) or {}
    if labels.get(INJECTION) != ENABLED and REVISION not in labels:
        return ()
    revision = labels.get(REVISION, "default")
    name = INJECTOR if revision in ("", "default") else f"{INJECTOR}-{revision}"
    wanted = next(iter(_values(db, name)), None)
    if wanted is None:
        return ()
    old = sorted(set(_with_other_image(db, ref.name, _image(wanted))))
    if not old:
        return ()
    message = f"pod {joined(old)}: the proxy has another image than {_image(wanted)}, which it would get now"
    return (found(Code.OLD_PROXIES, ref, "metadata.name", message, "restart the workloads"),)


def _with_other_image(db: Database, namespace: str, wanted: str) -> Iterator[str]:
    for ref in facts.refs(db, "Pod"):
        pod = facts.get(db, ref) if ref.namespace == namespace else None
        if pod is None or not isinstance(pod.spec, Pod) or pod.meta.annotations.get(OWN_IMAGE):
            continue
        variant = _variant(db, pod.meta)
        right = (wanted, f"{wanted}-{variant}" if variant else wanted)
        every = (*pod.spec.containers, *pod.spec.init_containers)
        if any(one.name == PROXY and one.image not in right for one in every):
            yield ref.name


def _variant(db: Database, meta: Meta) -> str:
    own = {key: value for key, value in meta.annotations.items() if key == ANNOTATION}
    image = proxy_config(db, meta.namespace, pairs(meta.labels), pairs(own)).image
    variant = (image.image_type if image else None) or ""
    return "" if variant == "default" else variant


@deferred
def _values(db: Database, name: str) -> tuple[dict[str, Any], ...]:
    """Read what an injector of this name was installed with."""
    maps = (facts.get(db, ref) for ref in facts.refs(db, "ConfigMap") if ref.name == name)
    return tuple(_read(one.spec) for one in maps if one is not None and isinstance(one.spec, ConfigMap))


def _read(spec: ConfigMap) -> dict[str, Any]:
    try:
        return foreign.mapping(json.decode(spec.data.get("values", "")))
    except DecodeError:
        return {}


def _enables_all(values: dict[str, Any]) -> bool:
    return foreign.mapping(values, "sidecarInjectorWebhook").get("enableNamespacesByDefault") is True


def _image(values: dict[str, Any]) -> str:
    whole = foreign.text(values, "global", "proxy", "image")
    hub, tag = (str(foreign.mapping(values, "global").get(key, "")) for key in ("hub", "tag"))
    return whole if "/" in whole else f"{hub}/{whole}:{tag}"
