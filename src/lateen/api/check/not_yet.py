"""Fields that are read and not carried out: refuses or warns about those that an object sets (`api.unsupported`)."""

from functools import cache
from typing import Any

from msgspec import Struct

from lateen.api import codes
from lateen.api.check.report import Report
from lateen.api.mesh_config import MeshConfig
from lateen.api.proxy_settings import ProxySettings
from lateen.api.registry import BY_NAME
from lateen.api.schema import fields_of, nested
from lateen.api.unsupported import IGNORED, UNSUPPORTED, Table

WHOLE = "*"


class Step(Struct):
    """A field on the way to others that are not carried out."""

    attribute: str
    name: str
    """As YAML spells it; `spec` for the way into the object."""
    steps: "dict[str, Step]"
    entries: bool = False
    """Each entry of a list or map is meant."""
    reason: str = ""
    """Why this field is not carried out; empty when only fields below it are not."""
    refused: bool = False
    only: str = ""
    """Only this value; `!value` for any other."""


def not_yet(report: Report, spec: Any) -> None:
    """Refuse what is not supported yet, and warn about what has no effect."""
    kind = report.ref.kind
    whole = UNSUPPORTED.get(kind, {}).get(WHOLE)
    if whole is not None:
        report.error("kind", f"{kind} is not supported yet: {whole}", code=codes.NOT_YET)
    elif steps := _steps(kind):
        for step in steps.values():
            _walk(report, "", spec, step)


def settings_not_yet(report: Report, path: str, given: ProxySettings) -> None:
    """Do the same for the settings of one proxy, which are as the mesh's `defaultConfig`."""
    for step in _steps("MeshConfig")["defaultConfig"].steps.values():
        _walk(report, path, given, step)


def _walk(report: Report, path: str, value: Any, step: Step) -> None:
    if step.name == "spec" and not path:
        return _below(report, "spec", value, step)
    part = getattr(value, step.attribute)
    if not part:
        return None
    where = f"{path}.{step.name}" if path else step.name
    if step.reason:
        _tell(report, where, part, step)
    return _below(report, where, part, step) if step.steps else None


def _below(report: Report, path: str, value: Any, step: Step) -> None:
    places: tuple[tuple[str, Any], ...]
    if not step.entries:
        places = ((path, value),)
    elif isinstance(value, dict):
        places = tuple((f"{path}[{key}]", one) for key, one in value.items())
    else:
        places = tuple((f"{path}[{place}]", one) for place, one in enumerate(value))
    for where, one in places:
        for further in step.steps.values():
            _walk(report, where, one, further)


def _tell(report: Report, where: str, value: Any, step: Step) -> None:
    if step.only and (value == step.only.removeprefix("!")) == step.only.startswith("!"):
        return
    what = f"{step.name}: {value}" if step.only else step.name
    if step.refused:
        report.error(where, f"{what} is not supported yet: {step.reason}", code=codes.NOT_YET)
    else:
        report.warning(where, f"{what} has no effect: {step.reason}", code=codes.WITHOUT_EFFECT)


@cache
def _steps(kind: str) -> dict[str, Step]:
    """Join the paths of a kind into one tree."""
    spec = MeshConfig if kind == "MeshConfig" else BY_NAME[kind].spec if kind in BY_NAME else None
    tree: dict[str, Step] = {}
    for table, refused in ((UNSUPPORTED, True), (IGNORED, False)):
        for path, reason in table.get(kind, {}).items() if spec else ():
            _plant(tree, spec, path, reason, refused=refused)
    return tree


def _plant(tree: dict[str, Step], struct: Any, path: str, reason: str, *, refused: bool) -> None:
    names, equal, value = path.partition("=")
    only = f"!{value}" if names.endswith("!") else value
    parts = names.removesuffix("!").split(".")
    for place, part in enumerate(parts):
        name = part.removesuffix("[]")
        is_last = place == len(parts) - 1
        key = f"{part}={only}" if is_last and equal else part
        attribute = name
        if name != "spec" or place > 0:
            field = fields_of(struct)[name]
            attribute, struct = field.name, nested(field.type)
        step = tree.setdefault(key, Step(attribute, name, {}, part.endswith("[]")))
        if is_last:
            step.reason, step.refused, step.only = reason, refused, only
        tree = step.steps


def patterns(table: Table, kind: str) -> dict[str, str]:
    """Return a kind's paths in a table without the values that they are restricted to."""
    return {path.partition("=")[0].removesuffix("!"): reason for path, reason in table.get(kind, {}).items()}
