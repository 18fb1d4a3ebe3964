"""Preference by locality and zone (agent/validation.go ValidateLocalityLbSetting, ValidateZoneAwareLbSetting)."""

from lateen.api.check.report import Report
from lateen.api.load_balancer import (
    LocalityDistribute,
    LocalityFailover,
    LocalityLoadBalancerSetting,
    ZoneAwareFailover,
    ZoneAwareLoadBalancerSetting,
)

TOPOLOGY = frozenset(
    {"topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"}
)


def locality(report: Report, path: str, given: LocalityLoadBalancerSetting | None, *, ejects: bool) -> None:
    """Check shares and substitutes of localities; `ejects` tells whether there is outlier detection."""
    if given is None:
        return
    if given.distribute and given.failover:
        report.error(f"{path}.failover", "distribute and failover exclude each other")
    if given.failover:
        for place, name in enumerate(given.failover_priority):
            if name in TOPOLOGY:
                report.error(
                    f"{path}.failoverPriority[{place}]",
                    f"{name} and failover exclude each other",
                    "keep one of them",
                )
    for place, one in enumerate(given.distribute):
        _distribute(report, f"{path}.distribute[{place}]", one)
    sources = {
        f"{path}.distribute[{place}].from": one.from_ or "" for place, one in enumerate(given.distribute)
    }
    _localities(report, sources, ordered=True)
    _failover(report, path, given, ejects=ejects)


def zone_aware(
    report: Report, path: str, given: ZoneAwareLoadBalancerSetting | None, *, ejects: bool
) -> None:
    """Check Envoy's zone aware routing."""
    if given is None:
        return
    for place, name in enumerate(given.failover_priority):
        if name in TOPOLOGY:
            message = f"{name} is not for zone aware routing, which looks at regions and zones by itself"
            report.error(f"{path}.failoverPriority[{place}]", message, "remove it")
    if given.min_cluster_size is not None and not 1 <= given.min_cluster_size <= 2**32 - 1:
        report.error(
            f"{path}.minClusterSize", f"minClusterSize is {given.min_cluster_size}; it is at least 1"
        )
    _failover(report, path, given, ejects=ejects)


def _distribute(report: Report, path: str, given: LocalityDistribute) -> None:
    for name, weight in given.to.items():
        if not 1 <= weight <= 100:
            report.error(f"{path}.to[{name}]", f"{weight} is not a share; write a number from 1 to 100")
    total = sum(given.to.values())
    if total != 100:
        report.error(f"{path}.to", f"the shares add up to {total}, not to 100")
    _localities(report, {f"{path}.to[{name}]": name for name in given.to})


def _failover(
    report: Report,
    path: str,
    given: LocalityLoadBalancerSetting | ZoneAwareLoadBalancerSetting,
    *,
    ejects: bool,
) -> None:
    if (given.failover or given.failover_priority) and not ejects:
        field = "failover" if given.failover else "failoverPriority"
        message = f"{field} has no effect without outlierDetection in the same policy"
        report.warning(f"{path}.{field}", message, "add outlierDetection")
    pairs: tuple[LocalityFailover | ZoneAwareFailover, ...] = (*given.failover,)
    for place, one in enumerate(pairs):
        _pair(report, f"{path}.failover[{place}]", one)


def _pair(report: Report, path: str, given: LocalityFailover | ZoneAwareFailover) -> None:
    regions = {"from": given.from_ or "", "to": given.to or ""}
    if regions["from"] == regions["to"]:
        report.error(f"{path}.to", "from and to are the same region")
    for field, region in regions.items():
        if "/" in region:
            report.error(
                f"{path}.{field}", f"{region!r} is more than a region", f"write {region.partition('/')[0]}"
            )
        if "*" in region:
            report.error(f"{path}.{field}", f"{region!r} is not one region", "name the region")


def _overlap(new: tuple[str, ...], old: tuple[str, ...], *, ordered: bool) -> bool:
    if ordered and not new:
        return not old  # `*` may stand after others, for the rest of the mesh
    return old[: len(new)] == new or new[: len(old)] == old


def _localities(report: Report, given: dict[str, str], *, ordered: bool = False) -> None:
    """Check that localities are well-formed and that none of them contains another; in `ordered` ones `*` may be the last."""
    seen: list[tuple[str, ...]] = []
    for path, text in given.items():
        stars = text.count("*")
        if stars > 1 or (stars and not text.endswith("*")):
            report.error(path, f"{text!r}: one '*' is allowed, at the end")
            continue
        parts = tuple(text.split("/", 2))
        if "" in parts:
            report.error(
                path, f"{text!r} has an empty part; a locality is region, region/zone or region/zone/subzone"
            )
            continue
        region = parts[: parts.index("*")] if "*" in parts else parts
        other = next((one for one in seen if _overlap(region, one, ordered=ordered)), None)
        if other is not None:
            report.error(path, f"{text!r} overlaps with {'/'.join(other) or '*'!r}")
        seen.append(region)
