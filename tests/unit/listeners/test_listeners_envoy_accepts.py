"""A real Envoy reads every shape of listener."""

import json
import subprocess

import listener_sink
import pytest
from envoy.config.listener.v3 import listener_pb2
from google.protobuf.json_format import MessageToDict

from lateen.agent.binary import envoy_path
from lateen.compile.listeners import listeners


def bootstrap(resources, path):
    ads = {
        "name": "xds-grpc",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
    }
    messages = [listener_pb2.Listener.FromString(one.body) for one in resources]
    compiled = [MessageToDict(one, preserving_proto_field_name=True) for one in messages]
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
        "static_resources": {"clusters": [ads], "listeners": compiled},
    }


@pytest.mark.envoy
@pytest.mark.slow
@pytest.mark.parametrize("config", ["", listener_sink.CONFIG], ids=["defaults", "settings"])
@pytest.mark.parametrize("name", ["client", "bound", "none", "tproxy", "edge"])
def test_envoy_reads_every_listener(tmp_path, name, config):
    mesh = listener_sink.sink()
    if config:
        mesh.config(config)
    found = listeners(mesh.db, listener_sink.views(mesh)[name])
    assert len(found) > 4
    file = tmp_path / "bootstrap.json"
    file.write_text(json.dumps(bootstrap(found, tmp_path)))
    command = [str(envoy_path()), "--mode", "validate", "-c", str(file), "--log-level", "error"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr[-3000:] + result.stdout[-1000:]
