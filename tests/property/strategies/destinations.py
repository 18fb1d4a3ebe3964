"""Where routes lead."""

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.words import HOSTS, PORTS, SUBSETS, Json, flagged


@cache
def destinations() -> SearchStrategy[Json]:
    return st.builds(
        lambda host, more: {"host": host, **more}, st.sampled_from(HOSTS),
        flagged(subset=st.sampled_from(SUBSETS), port=st.sampled_from(PORTS).map(lambda n: {"number": n})),
    )  # fmt: skip


def splits(more: SearchStrategy[Json] | None = None) -> SearchStrategy[list[Json]]:
    """Up to three weighted destinations; `more` is what each may have besides."""
    own: SearchStrategy[Any] = st.just({}) if more is None else more
    single = st.builds(lambda to, extra: [{"destination": to, **extra}], destinations(), own)
    entry = st.builds(
        lambda to, weight, extra: {"destination": to, "weight": weight, **extra},
        destinations(), st.sampled_from((0, 1, 20, 80, 100)), own,
    )  # fmt: skip
    several = st.lists(entry, min_size=2, max_size=3).filter(
        lambda found: any(one["weight"] for one in found)
    )
    return single | several
