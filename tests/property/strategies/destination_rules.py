"""DestinationRules."""

from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.traffic_policies import traffic_policies
from strategies.words import HOSTS, NETWORKING, VERSIONS, Json, exports, flagged, made, meta


@cache
def destination_rules() -> SearchStrategy[Json]:
    labels = st.sampled_from(({"version": "v1"}, {"version": "v2"}, {}))
    selected = st.sampled_from(VERSIONS).map(
        lambda one: {"workloadSelector": {"matchLabels": {"version": one}}}
    )
    subset = st.builds(
        lambda name, found, policy: {"name": name, "labels": found, "trafficPolicy": policy},
        st.sampled_from(VERSIONS), labels, traffic_policies(ports=False),
    )  # fmt: skip
    subsets = st.lists(subset, max_size=2, unique_by=lambda one: one["name"])
    spec = st.builds(
        lambda host, policy, found, more: {"host": host, "trafficPolicy": policy, "subsets": found, **more},
        st.sampled_from((*HOSTS, "*.other.svc.cluster.local", "*.example.com")), traffic_policies(), subsets,
        flagged(exportTo=exports()) | selected,
    )  # fmt: skip
    return made(NETWORKING, meta("DestinationRule", ("dr1", "dr2")), spec)
