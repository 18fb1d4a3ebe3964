"""IST0101, IST0157, IST0159, IST0160, IST0002: Telemetries that select nobody, or the same pods, or name no provider.

Source: analyzers/telemetry. Of several Telemetries for one pod or namespace only the oldest counts.
"""

from collections.abc import Iterator
from typing import Any

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.analyze.selection import nearby
from lateen.api import facts, foreign
from lateen.api.finding import Finding
from lateen.api.meta import Object
from lateen.engine import Database
from lateen.model import workload
from lateen.model.selectors import Pairs, pairs


def telemetry(db: Database, one: Object[Any]) -> Iterator[Finding]:
    """Judge one Telemetry."""
    wanted = _selector(one)
    beside = [
        other
        for other in foreign.objects(db, foreign.Telemetry)
        if other.ref != one.ref and other.meta.namespace == one.meta.namespace
    ]
    if wanted:
        yield from _selected(db, one, wanted, beside)
    elif foreign.mapping(one.spec).get("selector") is None:
        rivals = [other.meta.name for other in beside if foreign.mapping(other.spec).get("selector") is None]
        if rivals:
            message = (
                f"Telemetry {joined(rivals)} is for every workload of namespace {one.meta.namespace}, too"
            )
            yield found(
                Code.TELEMETRY_WITHOUT_SELECTOR, one.ref, "metadata.name", message, "keep one of them"
            )
    yield from _providers(db, one)
    yield from _lightstep(db, one)


def _selector(one: Object[Any]) -> Pairs:
    return pairs(foreign.labels(one.spec, "selector", "matchLabels"))


def _selected(db: Database, one: Object[Any], wanted: Pairs, beside: list[Object[Any]]) -> Iterator[Finding]:
    space, path = one.meta.namespace, "spec.selector.matchLabels"
    own = set(workload.selected(db, "Pod", space, wanted))
    if not own:
        words = ", ".join(f"{key}={value}" for key, value in wanted)
        message = f"no workload in namespace {space} has the labels {words}: the Telemetry applies to nothing"
        yield found(Code.REFERENCE, one.ref, path, message, nearby(db, dict(wanted), space))
    for other in beside:
        both = own & set(workload.selected(db, "Pod", space, _selector(other)))
        if both:
            message = f"Telemetry {other.meta.name} selects pod {min(both).name}, too"
            hint = "make their labels exclude each other"
            yield found(Code.TELEMETRY_CONFLICT, one.ref, path, message, hint)


def _providers(db: Database, one: Object[Any]) -> Iterator[Finding]:
    defaults = facts.mesh_config(db).default_providers
    if defaults is not None and defaults.access_logging:
        return
    for index, log in enumerate(foreign.listing(one.spec, "accessLogging")):
        if foreign.mapping(log).get("disabled") is not True and not foreign.listing(log, "providers"):
            message = "no provider is named, and the mesh has none by default: nothing is logged"
            hint = "name one in providers, or in defaultProviders.accessLogging of the mesh's settings"
            yield found(Code.NO_PROVIDER, one.ref, f"spec.accessLogging[{index}]", message, hint)


def _lightstep(db: Database, one: Object[Any]) -> Iterator[Finding]:
    old = {own.name for own in facts.mesh_config(db).extension_providers if own.lightstep is not None}
    for index, tracing in enumerate(foreign.listing(one.spec, "tracing")):
        for place, provider in enumerate(foreign.listing(tracing, "providers")):
            name = foreign.text(provider, "name")
            if name in old:
                path = f"spec.tracing[{index}].providers[{place}].name"
                message = f"the provider {name} is of the deprecated kind lightstep"
                yield found(Code.DEPRECATED, one.ref, path, message, "use opentelemetry")
