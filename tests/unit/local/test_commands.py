"""What a container means on this machine: command line, environment, directory; and when a probe makes it ready."""

from pathlib import Path

import pytest
import yaml

from lateen.api import facts
from lateen.api.decode import decode
from lateen.api.workload import Probe
from lateen.engine import Database
from lateen.local.commands import UnrunnableError, command_of
from lateen.local.probe import Readiness

SETTINGS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: default}
data: {colour: red}
---
apiVersion: v1
kind: Secret
metadata: {name: hidden, namespace: default}
data: {word: aHVudGVyMg==}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: default, labels: {app: a}}
spec: {serviceAccountName: shop, nodeName: here, containers: [{name: a, CONTAINER}]}
status: {podIP: 10.1.0.1}
"""


def run(container):
    db = Database()
    for document in yaml.safe_load_all(SETTINGS):
        facts.put(db, decode(document).object)
    pod = decode(yaml.safe_load(POD.replace("CONTAINER", container))).object
    return command_of(db, pod, pod.spec.containers[0], {"PATH": "/bin"}, Path("/files"))


def value(source):
    return run(f"command: [x], env: [{{name: A, valueFrom: {{{source}}}}}]").env["A"]


def test_a_command_with_arguments_that_name_variables():
    made = run(
        "command: [run, --to, $(TO)], args: [$$, $(OTHER)], env: [{name: TO, value: 'x'}], workingDir: sub"
    )
    assert (made.argv, made.cwd) == (("run", "--to", "x", "$", "$(OTHER)"), "/files/sub")
    assert made.env == {"PATH": "/bin", "HOSTNAME": "a", "TO": "x"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("fieldRef: {apiVersion: v1, fieldPath: metadata.name}", "a"),
        ("fieldRef: {fieldPath: 'metadata.labels[''app'']'}", "a"),
        ("fieldRef: {fieldPath: status.podIP}", "10.1.0.1"),
        ("fieldRef: {fieldPath: spec.serviceAccountName}", "shop"),
        ("configMapKeyRef: {name: settings, key: colour}", "red"),
        ("configMapKeyRef: {name: settings, key: size, optional: true}", ""),
        ("secretKeyRef: {name: hidden, key: word}", "hunter2"),
    ],
)
def test_values_from_somewhere_else(source, expected):
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("configMapKeyRef: {name: settings, key: size}", "ConfigMap settings has no key size"),
        ("secretKeyRef: {name: gone, key: word}", "Secret gone is not found"),
        ("fieldRef: {fieldPath: metadata.colour}", "is not known"),
        ("resourceFieldRef: {resource: limits.cpu}", "is not supported"),
    ],
)
def test_values_that_are_not_there(source, words):
    with pytest.raises(UnrunnableError, match=words):
        value(source)


def test_whole_maps_with_a_prefix():
    made = run(
        "command: [x], envFrom: [{prefix: P_, configMapRef: {name: settings}}, {secretRef: {name: hidden}},"
        " {configMapRef: {name: gone, optional: true}}]"
    )
    assert (made.env["P_colour"], made.env["word"]) == ("red", "hunter2")


def test_a_container_without_a_command():
    with pytest.raises(UnrunnableError, match="add command"):
        run("image: x")


def test_thresholds_of_a_probe():
    readiness = Readiness(Probe(success_threshold=2, failure_threshold=3))
    assert [readiness.record(passed=one) for one in (True, True, False, False, True, False, False, False)] == [
        False, True, False, False, False, False, False, True,
    ]  # fmt: skip
    assert not readiness.ready
