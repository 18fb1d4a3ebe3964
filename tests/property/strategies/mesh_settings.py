"""The mesh's settings (MeshConfig), as an object of its own kind."""

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.words import Json, some

KIND = "MeshConfig"


@cache
def mesh_settings() -> SearchStrategy[Json]:
    optional: dict[str, SearchStrategy[Any]] = {
        "outboundTrafficPolicy": st.sampled_from(({"mode": "REGISTRY_ONLY"}, {"mode": "ALLOW_ANY"})),
        "inboundTrafficPolicy": st.just({"mode": "LOCALHOST"}),
        "pathNormalization": st.sampled_from(
            ("DEFAULT", "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES")
        ).map(lambda one: {"normalization": one}),
        "defaultHttpRetryPolicy": st.sampled_from(({"attempts": 0}, {"attempts": 5, "retryOn": "5xx"})),
        "protocolDetectionTimeout": st.just("5s"),
        "proxyHttpPort": st.just(15002),
        "defaultServiceExportTo": st.sampled_from((["."], ["*"])),
        "defaultVirtualServiceExportTo": st.sampled_from((["."], ["*"])),
        "defaultDestinationRuleExportTo": st.sampled_from((["."], ["*"])),
        "localityLbSetting": st.sampled_from(
            ({"enabled": False}, {"failover": [{"from": "r1", "to": "r2"}]})
        ),
        "h2UpgradePolicy": st.just("UPGRADE"),
        "connectTimeout": st.just("3s"),
        "accessLogFile": st.just("/dev/stdout"),
    }
    return some(optional).map(lambda spec: {"kind": KIND, "spec": spec})
