"""LAT0160, IST0125: settings of a proxy that have no effect, or that cannot be read."""

import msgspec

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.api import facts
from lateen.api.check.not_yet import settings_not_yet
from lateen.api.check.report import Report
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.proxy_config import ProxyConfig
from lateen.api.workload import Deployment, Pod
from lateen.engine import Database
from lateen.model.proxy_config import ANNOTATION, Annotation, annotation


def image(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell that a proxy's image has no effect: here a proxy is a process."""
    obj = facts.get(db, ref)
    if (
        obj is None
        or not isinstance(obj.spec, ProxyConfig)
        or not (obj.spec.image and obj.spec.image.image_type)
    ):
        return ()
    message = "accepted, and without effect: proxies on one machine are processes of one Envoy, with no image"
    return (found(Code.NO_IMAGE, ref, "spec.image.imageType", message),)


def proxy_annotation(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell what of the annotation with settings of a proxy counts for nothing: on a pod, or where its pods are made."""
    obj = facts.get(db, ref)
    if obj is None or (isinstance(obj.spec, Pod) and obj.meta.owner_references):
        return ()
    template = obj.spec.template if isinstance(obj.spec, Deployment) else None
    meta, path = (template.metadata, "spec.template.metadata") if template else (obj.meta, "metadata")
    text = meta.annotations.get(ANNOTATION, "")
    path = f"{path}.annotations[{ANNOTATION}]"
    read = annotation(db, text) if text else Annotation()
    if read.settings is None:
        return (found(Code.INVALID_ANNOTATION, ref, path, read.problem),) if read.problem else ()
    report = Report(ref)
    settings_not_yet(report, path, read.settings)
    return tuple(msgspec.structs.replace(one, path=path) for one in report.found)
