"""`proxy-config listener`: istioctl's columns, one line per filter chain."""

from lateen.cli.envoy.admin import Message
from lateen.cli.envoy.routes import match_text
from lateen.cli.output import table

HEADERS = ("ADDRESSES", "PORT", "MATCH", "DESTINATION")
MANAGER = "envoy.filters.network.http_connection_manager"
TCP_PROXY = "envoy.filters.network.tcp_proxy"
BLACK_HOLE = "BlackHoleCluster"
# Lists of ALPN names that stand for one thing.
_PROTOCOLS = {
    ("http/1.0", "http/1.1", "h2c"): "HTTP",
    ("istio", "istio-http/1.0", "istio-http/1.1", "istio-h2"): "Istio HTTP Plain",
    ("http/1.0", "http/1.1", "h2c", "istio-http/1.0", "istio-http/1.1", "istio-h2"): "HTTP TLS",
    ("istio-peer-exchange", "istio"): "TCP TLS",
}


def address(listener: Message) -> str:
    """Return the address, or the path of a pipe."""
    place = listener.get("address", {})
    return str(place.get("socket_address", {}).get("address") or place.get("pipe", {}).get("path", ""))


def port(listener: Message) -> int:
    """Return the port; 0 for a pipe."""
    return int(listener.get("address", {}).get("socket_address", {}).get("port_value", 0))


def kind(listener: Message) -> str:
    """Return HTTP, TCP, HTTP+TCP or UNKNOWN."""
    filters = [one for chain in _chains(listener) for one in chain.get("filters", ())]
    http = any(one["name"] == MANAGER for one in filters)
    tcp = any(
        one["name"] == TCP_PROXY and one["typed_config"].get("cluster") != BLACK_HOLE for one in filters
    )
    return "+".join(word for word, there in (("HTTP", http), ("TCP", tcp)) if there) or "UNKNOWN"


def chosen(
    listeners: list[Message], wanted_address: str, wanted_port: int, wanted_type: str, name: str
) -> list[Message]:
    """Return the listeners that pass the filters, by port, address and type."""
    kept = [
        one
        for one in listeners
        if (not wanted_address or wanted_address == address(one))
        and (not wanted_port or wanted_port == port(one))
        and (not wanted_type or wanted_type.upper() == kind(one))
        and (not name or name == one.get("name"))
    ]
    return sorted(kept, key=lambda one: (port(one), address(one), kind(one)))


def summary(listeners: list[Message]) -> str:
    """Write the table."""
    return table(HEADERS, [line for one in listeners for line in _lines(one)])


def _lines(listener: Message) -> list[tuple[str, ...]]:
    chains = sorted(((_match(chain.get("filter_chain_match") or {}), _destination(chain)) for chain in _chains(listener)),
                    key=lambda pair: pair[1], reverse=True)  # fmt: skip
    addresses = [address(listener)] + [address(one) for one in listener.get("additional_addresses", ())]
    return [(",".join(addresses), str(port(listener)), match, destination) for match, destination in chains]


def _chains(listener: Message) -> list[Message]:
    last = listener.get("default_filter_chain")
    return [*listener.get("filter_chains", ()), *([last] if last else [])]


def _match(match: Message) -> str:
    words = []
    if names := match.get("server_names"):
        words.append(f"SNI: {','.join(names)}")
    if transport := match.get("transport_protocol"):
        words.append(f"Trans: {transport}")
    if protocols := match.get("application_protocols"):
        words.append(f"App: {_PROTOCOLS.get(tuple(protocols)) or ','.join(protocols)}")
    if place := _place(match):
        words.append(f"Addr: {place}")
    return "; ".join(words) or "ALL"


def _place(match: Message) -> str:
    suffix = f":{match['destination_port']}" if "destination_port" in match else ""
    ranges = ",".join(
        f"{one['address_prefix']}/{one.get('prefix_len', 0)}" for one in match.get("prefix_ranges", ())
    )
    return f"{ranges or '*'}{suffix}" if ranges or suffix else ""


def _destination(chain: Message) -> str:
    for one in chain.get("filters", ()):
        settings = one.get("typed_config", {})
        if one["name"] == MANAGER:
            return _http_destination(settings)
        if one["name"] == TCP_PROXY:
            return _tcp_destination(settings)
    return "Non-HTTP/Non-TCP"


def _tcp_destination(settings: Message) -> str:
    if parts := settings.get("weighted_clusters", {}).get("clusters"):
        return "; ".join(f"{_cluster(one['name'])} {one.get('weight', 0)}" for one in parts)
    return _cluster(settings.get("cluster", ""))


def _http_destination(settings: Message) -> str:
    if "route_config" in settings:
        return _inline(settings["route_config"])
    name = settings.get("rds", {}).get("route_config_name")
    return f"Route: {name}" if name else "HTTP"


def _cluster(name: str) -> str:
    return name if "Cluster" in name else f"Cluster: {name}"


def _inline(routes: Message) -> str:
    hosts = routes.get("virtual_hosts", ())
    if len(hosts) == 1 and (only := _only_cluster(hosts[0])):
        return _cluster(only)
    return f"Inline Route: {'; '.join(_host(one) for one in hosts)}"


def _only_cluster(host: Message) -> str:
    """Return the cluster that takes everything, if it is so."""
    routes = host.get("routes", ())
    if host.get("domains") != ["*"] or len(routes) != 1 or routes[0]["match"].get("prefix") != "/":
        return ""
    return str(routes[0].get("route", {}).get("cluster", ""))


def _host(host: Message) -> str:
    domains = "" if host.get("domains") == ["*"] else "/".join(host.get("domains", ())) + " "
    return domains + ", ".join(match_text(one["match"]) for one in host.get("routes", ()))
