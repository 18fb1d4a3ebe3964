"""A VirtualService's routes in words."""

from typing import Any

Document = dict[str, Any]
_KINDS = {"exact": "is", "prefix": "begins with", "regex": "matches"}
_FIELDS = ("uri", "scheme", "method", "authority")


def routes_in_words(document: Document) -> list[str]:
    """Return one line per route in the order of matching, without numbers."""
    spec = document.get("spec") or {}
    lines = [_http(route) for route in spec.get("http") or ()]
    lines += [_stream(route, "TLS") for route in spec.get("tls") or ()]
    return lines + [_stream(route, "TCP") for route in spec.get("tcp") or ()]


def _http(route: Document) -> str:
    name = f"({route['name']}) " if route.get("name") else ""
    matches = [_condition(match) for match in route.get("match") or ()]
    when = " or ".join(one for one in matches if one)
    head = f"when {when}: " if when else "every other request: "
    return name + head + ", ".join(part for part in (_action(route), *_extras(route)) if part)


def _stream(route: Document, kind: str) -> str:
    """Say what a tls or tcp route does."""
    matches = [_stream_condition(match) for match in route.get("match") or ()]
    when = " or ".join(one for one in matches if one)
    head = f"{kind} when {when}: " if when else f"{kind}, everything else: "
    return head + _destinations(route.get("route") or ())


def _stream_condition(match: Document) -> str:
    parts = [f"SNI is {', '.join(match['sniHosts'])}"] if "sniHosts" in match else []
    parts += [f"to {', '.join(match['destinationSubnets'])}"] if "destinationSubnets" in match else []
    return " and ".join([*parts, *_caller(match)])


def _caller(match: Document) -> list[str]:
    """The conditions that all kinds of routes have."""
    parts = [f"port is {match['port']}"] if "port" in match else []
    parts += [f"the caller has {key}={value}" for key, value in (match.get("sourceLabels") or {}).items()]
    parts += [f"the caller is in {match['sourceNamespace']}"] if "sourceNamespace" in match else []
    return parts + ([f"through {', '.join(match['gateways'])}"] if "gateways" in match else [])


def _condition(match: Document) -> str:
    parts = [_string(field, match[field]) for field in _FIELDS if field in match]
    parts += [_string(f"header {name}", value) for name, value in (match.get("headers") or {}).items()]
    parts += [
        f"not {_string(f'header {name}', value)}"
        for name, value in (match.get("withoutHeaders") or {}).items()
    ]
    parts += [_string(f"parameter {name}", value) for name, value in (match.get("queryParams") or {}).items()]
    return " and ".join([*parts, *_caller(match)])


def _string(subject: str, value: Any) -> str:
    for kind, words in _KINDS.items():
        if isinstance(value, dict) and kind in value:
            return f"{subject} {words} {value[kind]}"
    return f"{subject} is there"


def _action(route: Document) -> str:
    if "redirect" in route:
        redirect = route["redirect"] or {}
        target = f"{redirect.get('authority', '')}{redirect.get('uri', '')}"
        return f"redirect to {target or 'the same place'} ({redirect.get('redirectCode', 301)})"
    if "directResponse" in route:
        return f"answer {(route['directResponse'] or {}).get('status', '')}"
    if "delegate" in route:
        return f"as VirtualService {(route['delegate'] or {}).get('name', '')} says"
    return _destinations(route.get("route") or ())


def _destinations(destinations: Any) -> str:
    total = sum(one.get("weight") or 0 for one in destinations)
    if len(destinations) == 1:
        return f"to {_destination(destinations[0].get('destination') or {})}"
    parts = [
        f"{_share(one.get('weight') or 0, total)} to {_destination(one.get('destination') or {})}"
        for one in destinations
    ]
    return ", ".join(parts) or "nowhere"


def _share(weight: int, total: int) -> str:
    return f"{100 * weight / total:g} %" if total else "a share"


def _destination(destination: Document) -> str:
    port = f":{destination['port'].get('number', '')}" if destination.get("port") else ""
    subset = f" subset {destination['subset']}" if destination.get("subset") else ""
    return f"{destination.get('host', '')}{port}{subset}"


def _extras(route: Document) -> list[str]:
    return [
        _rewrite(route.get("rewrite") or {}),
        f"within {route['timeout']}" if "timeout" in route else "",
        _retries(route.get("retries")),
        *_faults(route.get("fault") or {}),
        f"copied to {_destination(route['mirror'])}" if route.get("mirror") else "",
    ]


def _rewrite(rewrite: Document) -> str:
    parts = [f"{key} becomes {rewrite[key]}" for key in ("uri", "authority") if key in rewrite]
    return " and ".join(parts)


def _retries(retries: Document | None) -> str:
    if retries is None:
        return ""
    each = f", {retries['perTryTimeout']} each" if "perTryTimeout" in retries else ""
    return f"retried {retries.get('attempts', 0)} times{each}"


def _faults(fault: Document) -> list[str]:
    delay, abort = fault.get("delay"), fault.get("abort")
    return [
        f"{_percent(delay)} delayed by {delay.get('fixedDelay', '')}" if delay else "",
        f"{_percent(abort)} answered {abort.get('httpStatus') or abort.get('grpcStatus', '')}"
        if abort
        else "",
    ]


def _percent(fault: Document) -> str:
    return f"{(fault.get('percentage') or {}).get('value', 100):g} %"
