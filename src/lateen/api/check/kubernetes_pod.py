"""Deployment and Pod, as far as a Kubernetes API server checks what matters here."""

from collections.abc import Iterator

from lateen.api.check.kubernetes_container import containers
from lateen.api.check.metadata import metadata
from lateen.api.check.primitives.conditions import holds, wrong_parts
from lateen.api.check.primitives.kubernetes_names import LABEL, one_of
from lateen.api.check.primitives.numbers import not_negative
from lateen.api.check.report import Report
from lateen.api.workload import Deployment, Pod, PodSelector

ALWAYS = ("Always",)


def deployment(report: Report, spec: Deployment) -> None:
    """Check a Deployment with its template."""
    not_negative(report, "spec.replicas", spec.replicas)
    selector = spec.selector
    if selector is None or not (selector.match_labels or selector.match_expressions):
        report.error("spec.selector", "the selector is missing", "write selector: {matchLabels: {app: …}}")
    else:
        _selector(report, "spec.selector", selector)
    if spec.template is None or spec.template.spec is None:
        report.error("spec.template", "the template is missing, or has no spec")
        return
    metadata(report, "spec.template.metadata", spec.template.metadata, istio=False)
    if selector is not None:
        for path, words in _mismatches(selector, spec.template.metadata.labels):
            report.error(path, words, "the labels of the template and the selector must agree")
    pod_spec(report, "spec.template.spec", spec.template.spec)
    one_of(report, "spec.template.spec.restartPolicy", spec.template.spec.restart_policy, ALWAYS)


def pod(report: Report, spec: Pod) -> None:
    """Check a Pod."""
    pod_spec(report, "spec", spec)


def pod_spec(report: Report, path: str, spec: Pod) -> None:
    """Check what runs in a pod."""
    volumes: set[str] = set()
    for place, volume in enumerate(spec.volumes):
        if not LABEL.fullmatch(volume.name):
            report.error(f"{path}.volumes[{place}].name", f"{volume.name!r} is not the name of a volume")
        elif volume.name in volumes:
            report.error(f"{path}.volumes[{place}].name", f"the volume {volume.name} is there twice")
        volumes.add(volume.name)
    containers(report, path, spec, volumes)
    for field, text in (("hostname", spec.hostname), ("subdomain", spec.subdomain)):
        if text and not LABEL.fullmatch(text):
            report.error(f"{path}.{field}", f"{text!r} is not a DNS label in lower case")
    one_of(report, f"{path}.restartPolicy", spec.restart_policy, ("Always", "OnFailure", "Never"))
    not_negative(report, f"{path}.terminationGracePeriodSeconds", spec.termination_grace_period_seconds)


def _selector(report: Report, path: str, selector: PodSelector) -> None:
    for field, problem in wrong_parts(selector):
        report.error(f"{path}.{field}", problem)


def _mismatches(selector: PodSelector, own: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the conditions of a selector that the template's labels do not meet."""
    for name, text in selector.match_labels.items():
        if own.get(name) != text:
            has = f"has {name}: {own[name]}" if name in own else f"has no label {name}"
            yield (
                f"spec.selector.matchLabels[{name}]",
                f"the selector asks for {name}: {text}, and the template {has}",
            )
    for place, one in enumerate(selector.match_expressions):
        if not holds(one, own):
            words = (
                f"the template's labels do not meet {one.key} {one.operator} {', '.join(one.values)}".rstrip()
            )
            yield f"spec.selector.matchExpressions[{place}]", words
