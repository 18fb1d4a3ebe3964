import importlib.util
import sys
from importlib.resources import files

import pytest
import yaml

from lateen.demo.manifests import demo_documents, example_documents

DEPLOYMENTS = ["productpage-v1", "details-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3"]


def parsed(documents):
    return [thing for _, text in documents for thing in yaml.safe_load_all(text)]


def of_kind(kind, documents):
    return [thing for thing in parsed(documents) if thing["kind"] == kind]


def names(kind):
    return [thing["metadata"]["name"] for thing in of_kind(kind, demo_documents())]


def test_the_demo_has_the_well_known_names():
    assert names("Deployment") == DEPLOYMENTS
    assert names("Service") == ["productpage", "details", "ratings", "reviews"]
    assert names("ServiceAccount") == [f"bookinfo-{service}" for service in names("Service")]
    assert names("Gateway") == ["bookinfo-gateway"]
    assert names("VirtualService") == ["bookinfo", "reviews"]


def test_every_file_of_the_package_is_listed():
    config = files("lateen.demo") / "config"
    listed = {name for name, _ in demo_documents()} | {f"examples/{name}" for name, _ in example_documents()}
    found = {entry.name for entry in config.iterdir() if entry.is_file()}
    found |= {f"examples/{entry.name}" for entry in (config / "examples").iterdir()}
    assert listed == found


@pytest.mark.parametrize("deployment", of_kind("Deployment", demo_documents()), ids=DEPLOYMENTS)
def test_a_deployment_runs_its_service_in_its_version(deployment):
    service, _, version = deployment["metadata"]["name"].rpartition("-")
    labels = {"app": service, "version": version}
    template = deployment["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert template["metadata"]["labels"] == deployment["spec"]["selector"]["matchLabels"] == labels
    assert container["command"] == [sys.executable, "-I", "-m", f"lateen.demo.{service}"]
    assert importlib.util.find_spec(container["command"][3])
    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    assert environment["SERVICE_VERSION"] == version
    assert all(isinstance(value, str) for value in environment.values())
    assert container["readinessProbe"] == {"httpGet": {"path": "/health", "port": 9080}, "periodSeconds": 1}


def test_lines_keep_their_numbers():
    for name, text in demo_documents():
        original = (files("lateen.demo") / "config" / name).read_text("utf-8")
        assert len(text.splitlines()) == len(original.splitlines())


def routed(http):
    return [route["destination"] for entry in http for route in entry.get("route", ())]


@pytest.mark.parametrize(("name", "text"), example_documents(), ids=[name for name, _ in example_documents()])
def test_an_example_names_what_exists_and_says_what_to_try(name, text):
    rules = of_kind("DestinationRule", demo_documents())
    subsets = {(rule["spec"]["host"], subset["name"]) for rule in rules for subset in rule["spec"]["subsets"]}
    assert "\n# Try: " in text
    assert "\n# See: " in text
    for thing in yaml.safe_load_all(text):
        assert thing["apiVersion"] == "networking.istio.io/v1", name
        for destination in routed(thing["spec"].get("http", ())):
            assert (destination["host"], destination["subset"]) in subsets
