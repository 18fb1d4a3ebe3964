"""LoadBalancerSettings (validation.go validateLoadBalancer, and the CRD's schema)."""

from math import isqrt

from lateen.api.check.locality import locality, zone_aware
from lateen.api.check.primitives.durations import duration, span
from lateen.api.check.primitives.strings import BREAKS
from lateen.api.check.report import Report
from lateen.api.load_balancer import ConsistentHashLB, HTTPCookie, LoadBalancerSettings, WarmupConfiguration

MAGLEV_LIMIT = 5_000_011
LARGEST_RING = 8 * 1024 * 1024
LONGEST_ATTRIBUTE = 16 * 1024


def load_balancer(report: Report, path: str, given: LoadBalancerSettings | None, *, ejects: bool) -> None:
    """Check how endpoints are chosen; `ejects` tells whether there is outlier detection beside it."""
    if given is None:
        return
    if given.consistent_hash is not None:
        _consistent_hash(report, f"{path}.consistentHash", given.consistent_hash)
    if given.locality_lb_setting is not None and given.zone_aware_lb_setting is not None:
        report.error(
            f"{path}.zoneAwareLbSetting", "localityLbSetting and zoneAwareLbSetting exclude each other"
        )
    locality(report, f"{path}.localityLbSetting", given.locality_lb_setting, ejects=ejects)
    zone_aware(report, f"{path}.zoneAwareLbSetting", given.zone_aware_lb_setting, ejects=ejects)
    duration(report, path, "warmupDurationSecs", given.warmup_duration_secs)
    if given.warmup is not None:
        if given.warmup_duration_secs is not None:
            report.warning(
                f"{path}.warmupDurationSecs", "warmup is there, too, so this is not read", "remove it"
            )
        _warmup(report, f"{path}.warmup", given.warmup)


def _consistent_hash(report: Report, path: str, given: ConsistentHashLB) -> None:
    if given.http_cookie is not None:
        _cookie(report, f"{path}.httpCookie", given.http_cookie)
    keys = {
        "httpHeaderName": given.http_header_name,
        "httpQueryParameterName": given.http_query_parameter_name,
    }
    for field, name in keys.items():
        if name == "" or (name and any(one in name for one in BREAKS)):
            report.envoy(f"{path}.{field}", "the name is empty or has a line break")
    if given.minimum_ring_size:
        hint = "use ringHash.minimumRingSize"
        report.warning(f"{path}.minimumRingSize", "minimumRingSize is deprecated", hint)
        if given.ring_hash is not None or given.maglev is not None:
            report.error(f"{path}.minimumRingSize", "minimumRingSize excludes ringHash and maglev")
    ring = given.ring_hash.minimum_ring_size if given.ring_hash is not None else None
    for field, size in (("minimumRingSize", given.minimum_ring_size), ("ringHash.minimumRingSize", ring)):
        if size and size > LARGEST_RING:
            report.envoy(f"{path}.{field}", f"{size} is more than the largest ring, {LARGEST_RING}")
    if given.maglev is not None:
        report.wrong(f"{path}.maglev.tableSize", maglev_table(given.maglev.table_size or 0))


def maglev_table(size: int) -> str:
    """Say what is wrong with the size of Maglev's table."""
    if size == 0:
        return "tableSize is missing; it is a prime number such as 65537"
    if size >= MAGLEV_LIMIT:
        return f"tableSize is {size}; it must be less than {MAGLEV_LIMIT}"
    return "" if _is_prime(size) else f"tableSize is {size}; it must be a prime number such as 65537"


def _is_prime(number: int) -> bool:
    """Tell whether Envoy takes a number for a prime; 1 is one to it."""
    if number < 4:
        return number > 0
    return number % 2 == 1 and all(number % factor for factor in range(3, isqrt(number) + 1, 2))


def _cookie(report: Report, path: str, given: HTTPCookie) -> None:
    if not given.name:
        report.error(f"{path}.name", "the cookie has no name")
    if given.ttl is not None and given.ttl < 0:
        report.envoy(f"{path}.ttl", f"ttl is {given.ttl}; it cannot be negative")
    else:
        span(report, path, "ttl", given.ttl)
    seen: set[str] = set()
    for place, attribute in enumerate(given.attributes):
        where = f"{path}.attributes[{place}]"
        text = attribute.name + (attribute.value or "")
        if not attribute.name:
            report.error(f"{where}.name", "the attribute has no name")
        elif attribute.name in seen:
            report.error(f"{where}.name", f"the attribute {attribute.name} is there twice")
        elif any(one in text for one in BREAKS) or len(text) > LONGEST_ATTRIBUTE:
            report.envoy(where, "an attribute is one line of at most 16 KiB")
        seen.add(attribute.name)


def _warmup(report: Report, path: str, given: WarmupConfiguration) -> None:
    if given.duration is None:
        report.error(f"{path}.duration", "the duration is missing")
    duration(report, path, "duration", given.duration)
    least = given.minimum_percent
    if least is not None and not 0 <= least <= 100:
        report.error(f"{path}.minimumPercent", f"{least:g} is not a percentage; write a number from 0 to 100")
    if given.aggression is not None and given.aggression <= 0:
        report.error(f"{path}.aggression", f"aggression is {given.aggression:g}; it must be more than 0")
