"""What a container of a pod means on this machine: a command line, an environment and a working directory.

`command` and `args` are run on the host; the image is not used. `$(NAME)` in them and in values is replaced as Kubernetes
does (third_party/forked/golang/expansion): from the variables before it, `$$` is a dollar, an unknown name stays.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from lateen.api import facts
from lateen.api.kubernetes import ConfigMap, Secret
from lateen.api.meta import Object, Ref
from lateen.api.workload import Container, EnvFromSource, EnvVar, Pod
from lateen.engine import Database

# What a program on this machine needs of its user's environment; nothing else is handed on.
_INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM")
_REFERENCE = re.compile(r"\$(?:\$|\(([-._a-zA-Z0-9]+)\))")
_FIELD_WITH_KEY = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")


class Command(msgspec.Struct, frozen=True):
    """A program to run."""

    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str


class UnrunnableError(ValueError):
    """The container cannot be run on this machine; the text says why and what to do."""


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Choose what a workload gets of its user's environment."""
    return {key: value for key, value in environment.items() if key in _INHERITED or key.startswith("LC_")}


def command_of(
    db: Database, pod: Object[Pod], container: Container, base: Mapping[str, str], directory: Path
) -> Command:
    """Return how to run a container.

    Args:
        db: holds the ConfigMaps and Secrets that variables come from.
        pod: the pod, with its address in the status.
        container: one of its containers.
        base: the inherited environment.
        directory: where relative paths start: the directory of the pod's file.

    Raises:
        UnrunnableError: no command, or a variable whose source is missing.
    """
    if not container.command:
        raise UnrunnableError(
            f"container {container.name} has no command: Lateen runs commands on this machine, not images;"
            " add command: [PROGRAM, ARGUMENT…]"
        )
    env = {**base, "HOSTNAME": pod.meta.name}
    for source in container.env_from:
        env.update(_whole_source(db, pod.meta.namespace, source))
    for variable in container.env:
        env[variable.name] = _value(db, pod, variable, env)
    argv = tuple(expand(text, env) for text in (*container.command, *container.args))
    return Command(argv, env, str(directory / (container.working_dir or "")))


def expand(text: str, env: Mapping[str, str]) -> str:
    """Replace `$(NAME)` by the variable's value; `$$` is one dollar, unknown names stay as they are."""
    return _REFERENCE.sub(lambda found: env.get(found[1], found[0]) if found[1] else "$", text)


def _value(db: Database, pod: Object[Pod], variable: EnvVar, env: Mapping[str, str]) -> str:
    source = variable.value_from
    if source is None:
        return expand(variable.value or "", env)
    if source.field_ref is not None:
        return _field(pod, source.field_ref.field_path)
    if source.config_map_key_ref is not None:
        one = source.config_map_key_ref
        return _key(
            _config_map(db, pod.meta.namespace, one.name), "ConfigMap", one.name, one.key, one.optional
        )
    if source.secret_key_ref is not None:
        one = source.secret_key_ref
        return _key(_secret(db, pod.meta.namespace, one.name), "Secret", one.name, one.key, one.optional)
    raise UnrunnableError(f"variable {variable.name}: this valueFrom is not supported on this machine")


def _field(pod: Object[Pod], path: str) -> str:
    if found := _FIELD_WITH_KEY.fullmatch(path):
        values: dict[str, str] = getattr(pod.meta, found[1])
        return values.get(found[2], "")
    fields = {
        "metadata.name": pod.meta.name,
        "metadata.namespace": pod.meta.namespace,
        "metadata.uid": pod.meta.uid,
        "spec.serviceAccountName": pod.spec.service_account_name or "default",
        "spec.nodeName": pod.spec.node_name or "",
        "status.podIP": pod.status.pod_ip if pod.status else "",
        "status.hostIP": "127.0.0.1",
    }
    if path not in fields:
        raise UnrunnableError(f"fieldRef {path} is not known; known are {', '.join(sorted(fields))}")
    return fields[path] or ""


def _key(values: Mapping[str, str] | None, kind: str, name: str, key: str, optional: bool | None) -> str:  # noqa: FBT001
    if values is not None and key in values:
        return values[key]
    if optional:
        return ""
    raise UnrunnableError(
        f"{kind} {name} is not found" if values is None else f"{kind} {name} has no key {key}"
    )


def _whole_source(db: Database, namespace: str, source: EnvFromSource) -> dict[str, str]:
    found: Mapping[str, str] | None = {}
    named = source.config_map_ref or source.secret_ref
    if named is None:
        return {}
    found = (
        _config_map(db, namespace, named.name)
        if source.config_map_ref
        else _secret(db, namespace, named.name)
    )
    if found is None and not named.optional:
        raise UnrunnableError(f"envFrom: {named.name} is not found")
    return {f"{source.prefix or ''}{key}": value for key, value in (found or {}).items()}


def _config_map(db: Database, namespace: str, name: str) -> Mapping[str, str] | None:
    found = facts.get(db, Ref("ConfigMap", namespace, name))
    return found.spec.data if found is not None and isinstance(found.spec, ConfigMap) else None


def _secret(db: Database, namespace: str, name: str) -> Mapping[str, str] | None:
    found = facts.get(db, Ref("Secret", namespace, name))
    if found is None or not isinstance(found.spec, Secret):
        return None
    # As in a container: what is not UTF-8 reaches the program as the bytes it is (os.fsencode).
    return {
        key: bytes(value).decode(errors="surrogateescape")
        for key, value in {**found.spec.data, **found.spec.string_data}.items()
    }
