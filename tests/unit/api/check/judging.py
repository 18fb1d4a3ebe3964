"""Objects for the tables of checks, written as short as they can be."""

from typing import Any

import yaml

from lateen.api.check.dispatch import check
from lateen.api.decode import decode, read_message
from lateen.api.facts import mesh_config_object
from lateen.api.finding import Finding, Level
from lateen.api.mesh_config import MeshConfig
from lateen.api.registry import BY_NAME

Said = list[tuple[str, str, str]]


def read(kind: str, text: str, name: str = "x", **meta: Any) -> Any:
    """Decode an object whose spec (or body) is given as YAML."""
    found = BY_NAME[kind]
    spec = yaml.safe_load(text) or {}
    value = {
        "apiVersion": found.api_versions[0],
        "kind": kind,
        "metadata": {"name": name, **({"namespace": "default"} if found.namespaced else {}), **meta},
        **(spec if found.body else {"spec": spec}),
    }
    decoded = decode(value)
    assert decoded.object is not None, decoded.findings
    return decoded.object


def judge(kind: str, text: str, name: str = "x", **meta: Any) -> tuple[Finding, ...]:
    """Check an object whose spec (or body) is given as YAML."""
    return check(read(kind, text, name, **meta))


def judge_mesh(text: str) -> tuple[Finding, ...]:
    """Check a MeshConfig."""
    config, problems = read_message(MeshConfig, yaml.safe_load(text) or {})
    assert not problems, problems
    return check(mesh_config_object(config))


def expect(findings: tuple[Finding, ...], path: str, words: str, level: Level = Level.ERROR) -> None:
    """Assert that there is exactly one finding of a level, at a path, with some words."""
    found = [one for one in findings if one.level is level]
    shown = [(one.path, one.message) for one in findings]
    assert [one.path for one in found] == [path], shown
    assert words in found[0].message, shown


def expect_none(findings: tuple[Finding, ...]) -> None:
    """Assert that there is neither an error nor a warning."""
    assert [(one.path, one.message) for one in findings if one.level is not Level.INFO] == []


def rule(text: str = "") -> str:
    """Write a VirtualService with one HTTP rule to service a, and more fields of the rule."""
    return f"{{hosts: [a], http: [{{route: [{{destination: {{host: a}}}}], {text}}}]}}"


def match(text: str) -> str:
    """Write a VirtualService with one HTTP rule with one match."""
    return rule(f"match: [{{{text}}}]")


def policy(text: str) -> str:
    """Write a DestinationRule with a policy."""
    return f"{{host: a, trafficPolicy: {{{text}}}}}"
