"""What a proxy starts with on a real mesh: threads, environment, metadata, a patched bootstrap; and a patched response."""

from pathlib import Path

import pytest
from running import RunningMesh, client, deployment, service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

MESH = "".join([client(), service("reviews"), deployment("reviews-v1", "reviews", "v1")])
SETTINGS = """
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: reviews}
spec:
  selector: {matchLabels: {app: reviews}}
  concurrency: 2
  environmentVariables: {COLOUR: teal, ISTIO_META_TEAM: blue}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: start}
spec:
  workloadSelector: {labels: {app: reviews}}
  configPatches:
  - applyTo: BOOTSTRAP
    match: {proxy: {metadata: {TEAM: blue}}}
    patch: {operation: MERGE, value: {stats_flush_interval: 7s}}
"""
LUA = """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: lua}
spec:
  workloadSelector: {labels: {app: client}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_OUTBOUND
      listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager, subFilter: {name: envoy.filters.http.router}}}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: lua
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
          default_source_code: {inline_string: 'function envoy_on_response(h) h:headers():replace(":status", "418") end'}
"""


@pytest.fixture(scope="module")
def mesh(unprivileged):
    files = {"mesh.yaml": MESH, "settings.yaml": SETTINGS}
    with RunningMesh("up", unprivileged=unprivileged, files=files) as running:
        yield running


def proxy(mesh, workload):
    """Return environment and command line of a workload's Envoy."""
    for entry in Path("/proc").iterdir():
        try:
            argv = (entry / "cmdline").read_bytes().decode().split("\0") if entry.name.isdigit() else []
            if any(word.startswith(f"{mesh.home}/") and f"/pods/{workload}" in word for word in argv):
                pairs = (one.partition("=") for one in (entry / "environ").read_bytes().decode().split("\0"))
                return {key: value for key, _, value in pairs}, argv
        except OSError:
            continue
    raise AssertionError(f"no proxy of {workload}")


def test_a_selected_proxy_has_threads_environment_and_a_patched_bootstrap(mesh):
    environment, argv = proxy(mesh, "reviews-v1")
    assert environment["COLOUR"] == "teal"
    assert argv[argv.index("--concurrency") + 1] == "2"
    bootstrap = Path(argv[argv.index("-c") + 1]).read_text()
    assert '"stats_flush_interval": "7s"' in bootstrap
    assert '"TEAM": "blue"' in bootstrap


def test_another_proxy_has_none_of_it(mesh):
    environment, argv = proxy(mesh, "client")
    assert "COLOUR" not in environment
    assert argv[argv.index("--concurrency") + 1] == "1"
    assert "stats_flush_interval" not in Path(argv[argv.index("-c") + 1]).read_text()


def test_a_lua_filter_changes_responses_while_it_is_there(mesh):
    assert [one["status"] for one in mesh.request("client", "http://reviews:8080/")] == [200]
    mesh.ok("apply", "-f", "-", text=LUA)
    assert [one["status"] for one in mesh.request("client", "http://reviews:8080/")] == [418]
    mesh.ok("delete", "envoyfilter", "lua")
    assert [one["status"] for one in mesh.request("client", "http://reviews:8080/")] == [200]
