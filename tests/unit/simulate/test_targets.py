from typing import Any

import pytest

from lateen.simulate.targets import Reached, reach
from support import handmade as made


def group(priority: int, *health: str, weight: int | None = None, zone: str = "") -> made.Json:
    members = [
        {
            "endpoint": {"address": made.socket(f"10.{priority}.{len(zone)}.{index}", 80)},
            "health_status": status,
        }
        for index, status in enumerate(health)
    ]
    found: made.Json = {"priority": priority, "lb_endpoints": members, "locality": {"zone": zone}}
    return found | ({"load_balancing_weight": weight} if weight else {})


def reached(*groups: made.Json, **cluster: Any) -> Reached:
    settings = {"name": "c", "type": "EDS", "common_lb_config": {"healthy_panic_threshold": {}}, **cluster}
    configuration = made.configuration(
        clusters=[settings], endpoints=[{"cluster_name": "c", "endpoints": list(groups)}]
    )
    found = configuration.cluster("c")
    assert found is not None
    return reach(configuration, found, "10.9.9.9:99")


def by_priority(found: Reached) -> dict[int, float]:
    shares: dict[int, float] = {}
    for target in found.targets:
        shares[target.priority] = shares.get(target.priority, 0) + target.share
    return {priority: round(share, 6) for priority, share in shares.items()}


UP, DOWN = "HEALTHY", "UNHEALTHY"


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ((UP, UP), (UP,), {0: 1.0}),
        ((UP, UP, UP, DOWN), (UP,), {0: 1.0}),  # 75 % healthy times 1.4 is enough
        ((UP, DOWN), (UP,), {0: 0.7, 1: 0.3}),
        ((DOWN, DOWN), (UP,), {1: 1.0}),
        ((UP, DOWN, DOWN, DOWN), (DOWN, DOWN), {0: 1.0}),  # nobody to spill to
    ],
)
def test_priorities(first: tuple[str, ...], second: tuple[str, ...], wanted: dict[int, float]) -> None:
    assert by_priority(reached(group(0, *first), group(1, *second))) == wanted


def test_nobody_healthy() -> None:
    assert reached(group(0, DOWN)).targets == ()


def test_panic_uses_everybody() -> None:
    found = reached(group(0, DOWN, DOWN, UP), common_lb_config={"healthy_panic_threshold": {"value": 50}})
    assert len(found.targets) == 3


def test_draining_takes_nothing() -> None:
    assert [target.address for target in reached(group(0, UP, "DRAINING")).targets] == ["10.0.0.0:80"]


def test_locality_weights() -> None:
    groups = group(0, UP, UP, weight=80, zone="a"), group(0, UP, weight=20, zone="bb")
    weighted = {"healthy_panic_threshold": {"value": 0}, "locality_weighted_lb_config": {}}
    found = reached(*groups, common_lb_config=weighted)
    assert [(target.locality, round(target.share, 6)) for target in found.targets] == [
        ("/a", 0.4),
        ("/a", 0.4),
        ("/bb", 0.2),
    ]
    assert {round(target.share, 6) for target in reached(*groups).targets} == {round(1 / 3, 6)}


def test_original_destination() -> None:
    found = reached(type="ORIGINAL_DST", lb_policy="CLUSTER_PROVIDED")
    assert [target.address for target in found.targets] == ["10.9.9.9:99"]


def test_original_destination_on_another_port() -> None:
    found = reached(
        type="ORIGINAL_DST",
        lb_policy="CLUSTER_PROVIDED",
        original_dst_lb_config={"upstream_port_override": 8080},
    )
    assert [target.address for target in found.targets] == ["10.9.9.9:8080"]


def test_endpoints_that_never_came() -> None:
    configuration = made.configuration(clusters=[{"name": "c", "type": "EDS"}])
    cluster = configuration.cluster("c")
    assert cluster is not None
    assert reach(configuration, cluster, "").reason == "no endpoints were sent"
