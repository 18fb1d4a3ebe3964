"""The settings that a proxy starts with: layers, fields, annotation, and what becomes of them."""

import json
from pathlib import Path

import pytest

import lateen
from lateen.agent.proxy import ProxyPlan, argv, bootstrap_text
from lateen.api.duration import Duration
from lateen.api.proxy_settings import (
    ConnectionSettings,
    DisabledHeader,
    ProxyHeaders,
    ProxySettings,
    ServerHeader,
)
from lateen.engine import Database
from lateen.model import proxy_config, proxy_start
from lateen.model.defaults import SECOND
from lateen.model.proxy_config import ANNOTATION, annotation, overlaid

WHO = ("default", (("app", "x"),))


def plan(**fields):
    return ProxyPlan(
        type="sidecar", name="a", namespace="b", address="10.1.0.1", labels={}, workload="a", **fields
    )


def config(name, namespace, spec):
    return f"""
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {{name: {name}, namespace: {namespace}}}
spec: {spec}
"""


LAYERS = (
    config(
        "root",
        "istio-system",
        "{concurrency: 1, environmentVariables: {A: root, B: root}, image: {imageType: debug}}",
    )
    + config("space", "default", "{concurrency: 2, environmentVariables: {B: space, C: space}}")
    + config("own", "default", "{selector: {matchLabels: {app: x}}, environmentVariables: {D: own}}")
)


def test_layers_are_merged_field_by_field():
    db = lateen.load(
        LAYERS, mesh_config={"defaultConfig": {"proxyMetadata": {"Z": "mesh"}, "statusPort": 7}}
    ).db
    found = proxy_config.proxy_config(db, *WHO, ((ANNOTATION, "{concurrency: 3, proxyMetadata: {C: text}}"),))
    assert found.concurrency == 3
    assert found.proxy_metadata == {"Z": "mesh", "A": "root", "B": "space", "C": "text", "D": "own"}
    assert (found.image.image_type, found.status_port) == ("debug", 7)


@pytest.mark.parametrize(
    ("settings", "limit"),
    [
        ({}, None),
        ({"runtime_values": {"overload.global_downstream_max_connections": "5000"}}, 5000),
        (
            {
                "proxy_metadata": {"ISTIO_META_GLOBAL_DOWNSTREAM_MAX_CONNECTIONS": "10000"},
                "runtime_values": {"overload.global_downstream_max_connections": "5000"},
            },
            10000,
        ),
        (
            {
                "connection_settings": ConnectionSettings(global_downstream_connection_limit=25000),
                "proxy_metadata": {"ISTIO_META_GLOBAL_DOWNSTREAM_MAX_CONNECTIONS": "10000"},
            },
            25000,
        ),
        ({"proxy_metadata": {"ISTIO_META_GLOBAL_DOWNSTREAM_MAX_CONNECTIONS": "many"}}, None),
        ({"proxy_metadata": {"ISTIO_META_GLOBAL_DOWNSTREAM_MAX_CONNECTIONS": "9" * 5000}}, None),
    ],
)
def test_the_limit_of_connections(settings, limit):
    assert proxy_start.connection_limit(ProxySettings(**settings)) == limit


def test_runtime_values_have_types_and_may_take_back_a_default():
    values = {"a": "true", "b": "-3", "c": "x", "re2.max_program_size.error_level": ""}
    flags = proxy_start.runtime_flags(ProxySettings(runtime_values=values))
    assert flags == {"a": True, "b": -3, "c": "x", "re2.max_program_size.error_level": None}
    made = json.loads(bootstrap_text(Path("/d"), Path("/ads"), plan(runtime=flags, max_connections=7)))
    assert made["layered_runtime"]["layers"][0]["static_layer"] == {"a": True, "b": -3, "c": "x"}
    monitor = made["overload_manager"]["resource_monitors"][0]["typed_config"]
    assert monitor["max_active_downstream_connections"] == 7


def test_durations_go_to_the_command_line():
    read = ProxySettings(
        drain_duration=Duration(9 * SECOND), file_flush_interval=Duration(SECOND), file_flush_min_size_kb=4
    )
    options = proxy_start.flush_options(read)
    line = argv(
        Path("e"), Path("d"), plan(drain_seconds=proxy_start.drain_seconds(read) or 0, options=options)
    )
    assert line[line.index("--drain-time-s") + 1] == "9"
    assert line[line.index("--file-flush-interval-msec") + 1] == "1000"
    assert line[line.index("--file-flush-min-size-kb") + 1] == "4"


@pytest.mark.parametrize("kind", ["Pod", "Deployment"])
def test_what_has_no_effect_in_the_annotation_is_told(kind):
    annotations = {
        ANNOTATION: "{concurrency: 2, zipkinAddress: z:1, connectionSettings: {listenerConnectionLimit: 3}}"
    }
    pod = {
        "metadata": {"annotations": annotations, "labels": {"app": "a"}},
        "spec": {"containers": [{"name": "a", "image": "a"}]},
    }
    spec = {"selector": {"matchLabels": {"app": "a"}}, "template": pod}
    made = pod if kind == "Pod" else {"spec": spec}
    version = "v1" if kind == "Pod" else "apps/v1"
    whole = {
        "apiVersion": version,
        "kind": kind,
        **made,
        "metadata": {**made.get("metadata", {}), "name": "a"},
    }
    told = [one.message for one in lateen.load(whole).findings if one.code == "LAT0010"]
    assert [message.split(" ")[0] for message in told] == ["zipkinAddress", "listenerConnectionLimit"]


def test_another_namespace_gets_the_root_only():
    db = lateen.load(LAYERS).db
    assert proxy_config.proxy_config(db, "other", (("app", "x"),), ()).proxy_metadata == {
        "A": "root",
        "B": "root",
    }


def test_a_workload_of_the_root_namespace_is_selected_there():
    db = lateen.load(config("own", "istio-system", "{selector: {matchLabels: {app: x}}, concurrency: 5}")).db
    assert proxy_config.proxy_config(db, "istio-system", (("app", "x"),), ()).concurrency == 5
    assert proxy_config.proxy_config(db, "default", (("app", "x"),), ()).concurrency is None


def test_zero_threads_are_a_setting():
    assert overlaid(ProxySettings(concurrency=2), ProxySettings(concurrency=0)).concurrency == 0


def test_a_choice_is_made_anew():
    found = overlaid(
        ProxySettings(service_cluster="a"), ProxySettings(tracing_service_name="CANONICAL_NAME_ONLY")
    )
    assert (found.service_cluster, found.tracing_service_name) == (None, "CANONICAL_NAME_ONLY")


def test_five_headers_join_and_the_rest_of_the_block_is_replaced():
    under = ProxyHeaders(server=ServerHeader(value="x"), preserve_http1_header_case=True)
    over = ProxyHeaders(request_id=DisabledHeader(disabled=True))
    found = overlaid(ProxySettings(proxy_headers=under), ProxySettings(proxy_headers=over)).proxy_headers
    assert found == ProxyHeaders(server=under.server, request_id=over.request_id)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not YAML"),
        ("[1]", "not a mapping"),
        ("just words", "not a mapping"),
        ("concurency: 2", "concurency"),
        ("proxyMetadata: {A: true}", "proxyMetadata"),
        ("{a: &x [1], b: *x}", "aliases"),
        ("a: " + "x" * 70_000, "longer"),
        ("[" * 3000, "not YAML"),
        ("", "not a mapping"),
        ("discoveryAddress: 10.0.0.100", "discoveryAddress: '10.0.0.100' is not of the form host:port"),
        ("{statusPort: 65536, drainDuration: -1s}", "drainDuration"),
    ],
)
def test_a_broken_annotation_counts_for_nothing(text, words):
    db = Database()
    found = annotation(db, text)
    assert found.settings is None
    assert words in found.problem
    assert proxy_config.proxy_config(db, *WHO, ((ANNOTATION, text),)) == ProxySettings()


def test_node_metadata():
    db = lateen.load(
        config("own", "default", "{environmentVariables: {ISTIO_META_HTTP10: '1', OTHER: x}}")
    ).db
    found = proxy_config.node_metadata(db, *WHO, ())
    assert found["HTTP10"] == "1"
    assert found["PROXY_CONFIG"] == {"proxyMetadata": {"ISTIO_META_HTTP10": "1", "OTHER": "x"}}
    assert "OTHER" not in found


def test_a_mesh_without_own_settings_leaves_the_default_to_the_control_plane():
    db = lateen.load("\n", mesh_config={"defaultConfig": {"proxyMetadata": {"ISTIO_META_A": "b"}}}).db
    assert proxy_config.node_metadata(db, *WHO, ()) == {"A": "b"}


def test_durations_survive_the_way_through_the_node():
    text = "drainDuration: 7s"
    db = Database()
    assert proxy_config.node_metadata(db, *WHO, ((ANNOTATION, text),))["PROXY_CONFIG"] == {
        "drainDuration": "7s"
    }


@pytest.mark.parametrize(
    ("threads", "words"), [(1, ("--concurrency", "1")), (4, ("--concurrency", "4")), (0, ())]
)
def test_threads_on_the_command_line(threads, words):
    found = argv(Path("envoy"), Path("dir"), plan(concurrency=threads))
    at = found.index("--concurrency") if words else 0
    assert (found[at : at + 2] if words else "--concurrency" not in found) == (words or True)
