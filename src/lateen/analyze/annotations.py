"""IST0107, IST0108, IST0125, IST0135: annotations that nobody knows, on a wrong kind, with a wrong value, or out of date.

Source: analyzers/annotations/annotations.go.
"""

import difflib
from collections.abc import Iterator

from lateen.analyze.annotation_names import BY_CONTROLLERS, DEPRECATED, FOREIGN, KNOWN, POD, is_istio
from lateen.analyze.annotation_values import VALUES
from lateen.analyze.catalogue import Code
from lateen.analyze.injection.labels import INJECT
from lateen.analyze.report import found, joined
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Meta, Ref
from lateen.api.workload import Deployment
from lateen.engine import Database


def annotations(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Judge the annotations of one object, and those that a Deployment gives to its pods."""
    one = facts.get(db, ref)
    if one is None or (ref.kind == "Pod" and one.meta.owner_references):
        return ()  # a pod's Deployment is what somebody wrote
    findings = _of_meta(ref, "metadata", one.meta, ref.kind)
    template = one.spec.template if isinstance(one.spec, Deployment) else None
    inside = _of_meta(ref, "spec.template.metadata", template.metadata, "Pod") if template else iter(())
    return (*findings, *inside)


def _of_meta(ref: Ref, base: str, meta: Meta, kind: str) -> Iterator[Finding]:
    for key, value in meta.annotations.items():
        if is_istio(key) and key not in BY_CONTROLLERS:
            path = f"{base}.annotations[{key}]"
            if key in DEPRECATED and not (key == INJECT and INJECT in meta.labels):
                yield found(
                    Code.DEPRECATED_ANNOTATION,
                    ref,
                    path,
                    f"the annotation {key} is deprecated",
                    DEPRECATED[key],
                )
            yield from _judged(ref, path, kind, key, value)


def _judged(ref: Ref, path: str, kind: str, key: str, value: str) -> Iterator[Finding]:
    kinds = KNOWN.get(key)
    if kinds is None:
        yield from _unknown(ref, path, key)
    elif kinds and kind not in kinds:
        if kind == "Deployment" and kinds == POD:
            message = f"{key} is on the Deployment, not on its pods: it is ignored"
            hint = "move it to spec.template.metadata.annotations"
        else:
            message, hint = f"{key} does nothing on a {kind}", f"it is for {joined(kinds)}"
        yield found(Code.MISPLACED_ANNOTATION, ref, path, message, hint)
    elif key in VALUES and (wrong := VALUES[key](value)):
        message = f"{value!r} is no value of {key}: {wrong}"
        yield found(
            Code.INVALID_ANNOTATION, ref, path, message, "Istio does not inject a pod with such an annotation"
        )


def _unknown(ref: Ref, path: str, key: str) -> Iterator[Finding]:
    if not key.startswith(FOREIGN):
        near = difflib.get_close_matches(key, KNOWN, 1, 0.8)
        hint = f"did you mean {near[0]}?" if near else ""
        yield found(Code.UNKNOWN_ANNOTATION, ref, path, f"there is no annotation {key}: it is ignored", hint)
