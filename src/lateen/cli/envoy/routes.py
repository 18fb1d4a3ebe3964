"""`proxy-config route`: istioctl's columns, one line per route."""

from lateen.cli.envoy.admin import Message, origin
from lateen.cli.output import table

HEADERS = ("NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE")
_DOMAINS_SHOWN = 2
_SUFFIXES = (".svc.cluster.local", ".svc")


def chosen(routes: list[Message], name: str) -> list[Message]:
    """Return the route configurations that pass the filter: numbers in order, then names."""
    kept = [one for one in routes if not name or one.get("name") == name]
    return sorted(kept, key=lambda one: _order(one.get("name", "")))


def _order(name: str) -> tuple[int, int, str]:
    return (0, int(name), "") if name.isdigit() else (1, 0, name)


def summary(routes: list[Message]) -> str:
    """Write the table; routes that pass everything through are left out, as istioctl does."""
    return table(HEADERS, [line for one in routes for line in _lines(one)])


def _lines(routes: Message) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for host in routes.get("virtual_hosts", ()):
        head = (routes.get("name", ""), host["name"], domains_text(host.get("domains", [])))
        shown = [
            one
            for one in host.get("routes", ())
            if one.get("route", {}).get("cluster") != "PassthroughCluster"
        ]
        lines += [(*head, match_text(one["match"]), origin(one.get("metadata"))) for one in shown]
        if not host.get("routes"):
            lines.append((*head, "/*", "404"))
    return lines


def match_text(match: Message) -> str:
    """Write the path that a route takes."""
    paths = [
        f"{match['prefix']}*" if "prefix" in match else "",
        f"PathPrefix:{match['path_separated_prefix']}" if "path_separated_prefix" in match else "",
        match.get("path", ""),
        f"regex {match['safe_regex']['regex']}" if "safe_regex" in match else "",
    ]
    return " ".join(part for part in paths if part)


def domains_text(domains: list[str]) -> str:
    """Write the shortest forms of a virtual host's domains, without ports; at most two."""
    if len(domains) == 1:
        return domains[0]
    named = [one for one in domains if ":" not in one or (one.count(":") > 2 and one.endswith("]"))]
    plain = [one for one in named if not (one.endswith(".") and one.removesuffix(".") in named)]
    short = [
        one
        for one in plain
        if not any(one.endswith(end) and one.removesuffix(end) in plain for end in _SUFFIXES)
    ]
    more = len(short) - _DOMAINS_SHOWN
    return ", ".join(short[:_DOMAINS_SHOWN]) + (f" + {more} more..." if more > 0 else "")
