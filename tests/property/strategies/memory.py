"""Random values as objects of the model."""

from typing import Any

from lateen.api import facts
from lateen.api.check.dispatch import check
from lateen.api.decode import read_message
from lateen.api.finding import Level
from lateen.api.mesh_config import MeshConfig
from lateen.api.meta import Object
from lateen.sources.memory import from_values
from strategies.mesh_settings import KIND
from strategies.words import Json


def read(values: list[Json]) -> list[Object[Any]]:
    """Read objects, which must be valid: an invalid one is a defect of the strategies."""
    load = from_values([one for one in values if one["kind"] != KIND])
    settings = [_settings(one) for one in values if one["kind"] == KIND]
    found = [*load.findings, *(finding for one in (*load.objects, *settings) for finding in check(one))]
    errors = [one for one in found if one.level is Level.ERROR and "already" not in one.message]
    assert not errors, errors
    return [*load.objects, *settings]


def _settings(value: Json) -> Object[MeshConfig]:
    config, problems = read_message(MeshConfig, value["spec"])
    assert isinstance(config, MeshConfig)
    assert not problems, problems
    return facts.mesh_config_object(config)
