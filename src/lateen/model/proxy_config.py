"""The settings that a workload's proxy starts with.

From weak to strong: the mesh's `defaultConfig`, the ProxyConfig of the root namespace, that of the workload's namespace, the
annotation `proxy.istio.io/config`, the ProxyConfig whose selector takes the workload; of several on one level the oldest
alone. They are put over each other field by field: a field that is set replaces, but environment variables join.

Source: pilot/pkg/model/proxy_config.go, pkg/config/mesh/mesh.go (MergeProxyConfig), pkg/bootstrap/config.go,
pkg/kube/inject/validate.go (what makes an annotation count for nothing).
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from lateen.api import facts
from lateen.api.check.proxy_settings import wrong_settings
from lateen.api.decode import read_message
from lateen.api.meta import Object, age_key
from lateen.api.proxy_config import ProxyConfig
from lateen.api.proxy_settings import ProxyHeaders, ProxySettings
from lateen.engine import Database, query
from lateen.model.root import root_namespace
from lateen.model.selectors import Pairs, pairs, selects

ANNOTATION = "proxy.istio.io/config"
INTERCEPTION = "sidecar.istio.io/interceptionMode"
LONGEST = 64 * 1024
"""Characters of the longest annotation that is read."""
METADATA = "ISTIO_META_"
"""An environment variable with this prefix is node metadata."""

_JOINED_HEADERS = ("forwarded_client_cert", "request_id", "attempt_count", "server", "envoy_debug_headers")


class Annotation(msgspec.Struct, frozen=True):
    """What an annotation says."""

    settings: ProxySettings | None = None
    problem: str = ""
    """Why it counts for nothing."""


@query
def proxy_config(db: Database, namespace: str, labels: Pairs, annotations: Pairs) -> ProxySettings:
    """Return the settings of a workload's proxy; fields that nobody set are unset."""
    found = facts.mesh_config(db).default_config or ProxySettings()
    for layer in own_settings(db, namespace, labels, annotations):
        found = overlaid(found, layer)
    return found


@query
def own_settings(
    db: Database, namespace: str, labels: Pairs, annotations: Pairs
) -> tuple[ProxySettings, ...]:
    """Return what is said of a workload beside the mesh's `defaultConfig`, from weak to strong."""
    root = root_namespace(db)
    text = dict(annotations).get(ANNOTATION, "")
    found = (
        _of_namespace(db, root),
        _of_namespace(db, namespace) if namespace != root else None,
        annotation(db, text).settings if text else None,
        _of_workload(db, namespace, labels),
    )
    return tuple(one for one in found if one is not None)


def target_of(pod: Object[Any]) -> tuple[str, Pairs, Pairs]:
    """Return what a pod's settings depend on: namespace, labels and annotations, as the functions here take them."""
    own = {ANNOTATION: pod.meta.annotations[ANNOTATION]} if ANNOTATION in pod.meta.annotations else {}
    return pod.meta.namespace, pairs(pod.meta.labels), pairs(own)


def injected_metadata(db: Database, pod: Object[Any]) -> dict[str, Any]:
    """Return the node metadata that Istio's injector gives to a pod's proxy: of its settings, and of where it runs.

    How connections are captured is said by the annotation, else by the settings (pkg/kube/inject).
    """
    target = target_of(pod)
    mode = pod.meta.annotations.get(INTERCEPTION) or proxy_config(db, *target).interception_mode
    said = {"INTERCEPTION_MODE": mode, "NODE_NAME": pod.spec.node_name}
    return {key: value for key, value in said.items() if value} | node_metadata(db, *target)


def node_metadata(db: Database, namespace: str, labels: Pairs, annotations: Pairs) -> dict[str, Any]:
    """Return the node metadata that comes of a proxy's settings.

    These are the variables with the prefix `ISTIO_META_`, and the settings themselves as `PROXY_CONFIG`; those only when
    something beside the mesh's `defaultConfig` makes them, so that the proxies of a mesh without follow its changes.
    """
    settings = proxy_config(db, namespace, labels, annotations)
    named = {
        key.removeprefix(METADATA): value
        for key, value in sorted(settings.proxy_metadata.items())
        if key.startswith(METADATA)
    }
    if own_settings(db, namespace, labels, annotations):
        named["PROXY_CONFIG"] = msgspec.to_builtins(settings, enc_hook=str)
    return named


@query
def annotation(_: Database, text: str) -> Annotation:
    """Read the annotation: the fields of `defaultConfig` as YAML. Without aliases, which could make much of little."""
    if len(text) > LONGEST:
        return Annotation(problem=f"it is longer than {LONGEST} characters")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            return Annotation(problem="YAML aliases are not read here")
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return Annotation(problem=f"it is not YAML: {' '.join(str(error).split())}")
    if not isinstance(value, dict):
        return Annotation(problem="it is not a mapping of settings")
    settings, problems = read_message(ProxySettings, value)
    if problems or not isinstance(settings, ProxySettings):
        return Annotation(problem="; ".join(f"{one.path}: {one.message}" for one in problems))
    wrong = wrong_settings(settings)
    return Annotation(problem=wrong) if wrong else Annotation(settings)


def overlaid(under: ProxySettings, over: ProxySettings) -> ProxySettings:
    """Put settings over others: what is set above replaces what is below; the environment joins."""
    changes = {name: value for name in over.__struct_fields__ if _is_set(value := getattr(over, name))}
    for group in over.oneofs:  # a choice that is made anew ends the other
        if any(name in changes for name in group):
            changes = {**dict.fromkeys(group), **changes}
    if over.proxy_metadata:
        changes["proxy_metadata"] = {**under.proxy_metadata, **over.proxy_metadata}
    if over.proxy_headers is not None and under.proxy_headers is not None:
        changes["proxy_headers"] = _headers(under.proxy_headers, over.proxy_headers)
    return msgspec.structs.replace(under, **changes)


def _is_set(value: object) -> bool:
    return value is not None and value not in ((), {})


def _headers(under: ProxyHeaders, over: ProxyHeaders) -> ProxyHeaders:
    kept = {name: getattr(under, name) for name in _JOINED_HEADERS if getattr(over, name) is None}
    return msgspec.structs.replace(over, **kept)


@query
def _of_namespace(db: Database, namespace: str) -> ProxySettings | None:
    """Return the settings of the oldest ProxyConfig without a selector."""
    found = (one for one in _oldest_first(db, namespace) if one.spec.selector is None)
    return next((_settings(one.spec) for one in found), None)


@query
def _of_workload(db: Database, namespace: str, labels: Pairs) -> ProxySettings | None:
    """Return the settings of the oldest ProxyConfig whose selector takes the labels; an empty one takes nothing."""
    for one in _oldest_first(db, namespace):
        wanted = pairs(one.spec.selector.match_labels) if one.spec.selector else ()
        if wanted and selects(wanted, labels):
            return _settings(one.spec)
    return None


def _oldest_first(db: Database, namespace: str) -> Iterator[Object[ProxyConfig]]:
    refs = (ref for ref in facts.refs(db, "ProxyConfig") if ref.namespace == namespace)
    found = (obj for obj in (facts.get(db, ref) for ref in refs) if obj is not None)
    return iter(sorted((one for one in found if isinstance(one.spec, ProxyConfig)), key=age_key))


def _settings(spec: ProxyConfig) -> ProxySettings:
    return ProxySettings(
        concurrency=spec.concurrency, proxy_metadata=spec.environment_variables, image=spec.image
    )
