"""Small random meshes in Istio's words, the proxies in them, and what is sent to those.

Alphabets are small on purpose, so that objects meet and conflict, and requests come near the rules. All objects are valid:
`memory.read` says so, or a test fails. One file for each kind of object; `objects()` draws any.
"""

from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies import (
    destination_rules,
    envoy_filters,
    gateways,
    mesh_settings,
    service_entries,
    services,
    sidecars,
    virtual_services,
)
from strategies.proxies import PROXIES
from strategies.words import Json

__all__ = ["PROXIES", "Json", "meshes", "objects"]


@cache
def objects() -> SearchStrategy[Json]:
    """Any object."""
    return st.one_of(
        services.services(), services.services(), services.pods(), services.pods(), services.slices(),
        virtual_services.virtual_services(), virtual_services.virtual_services(), virtual_services.virtual_services(),
        virtual_services.delegates(), destination_rules.destination_rules(), destination_rules.destination_rules(),
        gateways.gateways(), gateways.gateways(), gateways.secrets(), service_entries.service_entries(),
        service_entries.service_entries(), service_entries.workload_entries(), sidecars.sidecars(),
        envoy_filters.envoy_filters(), mesh_settings.mesh_settings(),
    )  # fmt: skip


def meshes(least: int = 3, most: int = 20) -> SearchStrategy[list[Json]]:
    """Something to reach and ways to it, and any objects; of those with the same name the last counts."""
    rarely = st.sampled_from((False, True, True))
    ground = st.tuples(
        services.services(), services.services(), services.pods(), service_entries.service_entries(),
        rarely.flatmap(lambda one: gateways.gateways() if one else objects()), gateways.secrets(),
        virtual_services.virtual_services(), virtual_services.at_gateways(), destination_rules.destination_rules(),
    ).map(list)  # fmt: skip
    return st.builds(
        lambda one, two: [*services.RUNNING, *one, *two],
        ground,
        st.lists(objects(), min_size=least, max_size=most),
    )
