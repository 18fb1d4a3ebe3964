"""What expectations say, in the words of Envoy: each is compiled as a rule of its own, in a mesh without other rules."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.api.decode import decode
from lateen.api.finding import Level
from lateen.compile.routes import route
from lateen.engine import Database
from lateen.expectations.imagined import API, NOWHERE, entry
from lateen.model.view import Proxy, view_of
from lateen.simulate.algebra.effects import Fields, route_fields
from lateen.sources.load import Entry, load_of
from lateen.sources.store import FILES, Store

HOST = "rule-{}.expectation.invalid"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "route": ("to", "of "),
    "redirect": ("redirect.",),
    "directResponse": ("answer.",),
    "rewrite": ("prefix_rewrite", "regex_rewrite", "host_rewrite"),
    "timeout": ("timeout",),
    "retries": ("retries.",),
    "fault": ("fault.",),
    "headers": ("request header", "response header"),
    "mirror": ("mirror",),
    "mirrors": ("mirror",),
    "corsPolicy": ("cors.",),
}
"""Which fields of an effect a part of a rule decides."""
_LEFT_OUT = frozenset({"VirtualService", "Sidecar", "Gateway", "EnvoyFilter", "Pod"})


class Wanted(msgspec.Struct, frozen=True):
    """What a rule is compiled for."""

    namespace: str
    port: int
    rule: bytes
    """As JSON."""


class Rules:
    """The expected rules, compiled."""

    def __init__(self, entries: Iterable[Entry], wanted: Iterable[Wanted]) -> None:
        """Take the objects of the mesh, and everything that is expected."""
        self._numbers = {one: number for number, one in enumerate(dict.fromkeys(wanted))}
        kept = [one for one in entries if one.ref.kind not in _LEFT_OUT]
        made: list[Entry] = []
        self._wrong: dict[str, str] = {}
        for key, number in self._numbers.items():
            objects, wrong = _objects(key, number)
            made += objects
            if wrong:
                self._wrong[f"rule-{number}"] = wrong
        self._db = Database()
        told = Store(self._db).replace(FILES, load_of((*kept, *made))).findings
        self._tables: dict[tuple[str, int], tuple[RouteConfiguration, dict[str, VirtualHost]]] = {}
        self._wrong |= {one.ref.name: one.message for one in told if one.level is Level.ERROR and one.ref}

    def fields(self, key: Wanted) -> Fields | str:
        """Return what the rule does, or what is wrong with it."""
        found = self._found(key)
        return found if isinstance(found, str) else route_fields(*found)

    def route(self, key: Wanted) -> Route | str:
        """Return the rule as Envoy is told it, or what is wrong with it."""
        found = self._found(key)
        return found if isinstance(found, str) else found[2]

    def _found(self, key: Wanted) -> tuple[RouteConfiguration, VirtualHost, Route] | str:
        name = f"rule-{self._numbers[key]}"
        if name in self._wrong:
            return self._wrong[name]
        table, hosts = self._table(key.namespace, key.port)
        host = hosts.get(f"{name}.expectation.invalid:{key.port}")
        return (
            (table, host, host.routes[0])
            if host is not None and host.routes
            else "the expected rule has no route"
        )

    def _table(self, namespace: str, port: int) -> tuple[RouteConfiguration, dict[str, VirtualHost]]:
        where = namespace, port
        if where not in self._tables:
            proxy = Proxy(type="sidecar", address="10.255.255.1", name="any", namespace=namespace)
            found = route(self._db, view_of(self._db, proxy), str(port))
            table = RouteConfiguration.FromString(found.body if found else b"")
            self._tables[where] = table, {one.name: one for one in table.virtual_hosts}
        return self._tables[where]


def _objects(key: Wanted, number: int) -> tuple[tuple[Entry, ...], str]:
    """Return a rule with a host of its own, and what is wrong with it."""
    host = HOST.format(number)
    meta = {"name": f"rule-{number}", "namespace": key.namespace}
    rule: dict[str, Any] = msgspec.json.decode(key.rule)
    if not {"route", "redirect", "directResponse"} & set(rule):
        rule["route"] = [{"destination": {"host": host}}]
    ports = [{"name": "http", "number": key.port, "protocol": "HTTP"}]
    spec = {"hosts": [host], "location": "MESH_EXTERNAL", "resolution": "NONE", "ports": ports}
    decoded = decode(
        {
            "apiVersion": API,
            "kind": "VirtualService",
            "metadata": meta,
            "spec": {"hosts": [host], "http": [rule]},
        }
    )
    wrong = next((one.message for one in decoded.findings if one.level is Level.ERROR), "")
    if decoded.ref is None or decoded.object is None:
        return (), wrong
    service = {"apiVersion": API, "kind": "ServiceEntry", "metadata": meta, "spec": spec}
    return (Entry(decoded.ref, NOWHERE, decoded.object), entry(service)), wrong


def of_group(part: str, fields: Fields) -> Fields:
    """Return the fields that a part of a rule decides."""
    return {name: value for name, value in fields.items() if name.startswith(GROUPS[part])}
