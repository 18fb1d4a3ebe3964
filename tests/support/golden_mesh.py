"""A golden case's mesh: its objects in a database, its proxies, and what they would be sent."""

import random
import re
from functools import cached_property
from typing import Any

import msgspec

from lateen.analyze.findings import findings as analyzed
from lateen.api import facts
from lateen.api.check.dispatch import check
from lateen.api.decode import read_message
from lateen.api.finding import Finding, Level
from lateen.api.mesh_config import MeshConfig
from lateen.api.meta import Object, Ref
from lateen.api.registry import BY_NAME
from lateen.compile.dump import Dump
from lateen.compile.resource import Resource
from lateen.engine import Database
from lateen.model.proxy_config import node_metadata
from lateen.model.selectors import pairs
from lateen.model.service import Service, all_services
from lateen.model.view import Proxy, view_of
from lateen.simulate.configuration import Configuration
from lateen.sources.admission import admit
from lateen.sources.memory import from_text, from_values
from support.golden_format import REQUESTS, RESOURCES, Block, Case

Resources = dict[str, tuple[Resource, ...]]
UNKNOWN_ADDRESS = "192.0.2.1"
DOMAIN = "cluster.local"


class Mesh:
    """Everything that a case declares."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.workloads = _workloads(case)
        load = from_text(_text(case), case.place.file)
        declared = [*from_values(self._pods()).objects, *load.objects]
        judged = {one.ref: check(one) for one in _latest(declared)}
        accepted = [one for one in _latest(declared) if not _is_refused(judged[one.ref])]
        self.mesh_config = facts.mesh_config_object(_mesh_config(case))
        admitted = admit([self.mesh_config, *accepted])
        self.objects = tuple(one for one in admitted.objects.values() if one.ref != self.mesh_config.ref)
        judged[self.mesh_config.ref] = check(self.mesh_config)
        self.read_findings = (
            *load.findings,
            *admitted.findings,
            *(one for found in judged.values() for one in found),
        )

    def _pods(self) -> list[dict[str, Any]]:
        return [_pod(name, settings) for name, settings in self.workloads.items()]

    @cached_property
    def db(self) -> Database:
        """A database with all objects, freshly filled."""
        db = Database()
        facts.update(db, (self.mesh_config, *self.objects))
        return db

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that reading and analysis have to say."""
        return (*self.read_findings, *analyzed(self.db))

    def proxy(self, name: str, block: Block) -> Proxy:
        """Return a proxy by its workload's name."""
        full = _full(name)
        if full not in self.workloads:
            raise block.place.error(f"no workload is called {full}; there are {', '.join(self.workloads)}")
        return self._proxy(full)

    def _proxy(self, full: str) -> Proxy:
        namespace, settings = full.split(".", 1)[1], self.workloads[full]
        annotations = pairs(settings.get("annotations"))
        metadata = node_metadata(self.db, namespace, pairs(_labels(full, settings)), annotations)
        metadata |= settings.get("metadata", {})
        return _proxy(full, {**settings, "metadata": metadata}, self.address(full))

    def address(self, workload: str) -> str:
        """Return a workload's address."""
        name, namespace = workload.split(".", 1)
        found = next(one for one in self.objects if one.ref == Ref("Pod", namespace, name))
        return str(found.status.pod_ip)

    def proxies(self) -> list[Proxy]:
        """Return every proxy that a block names; the first two workloads when none does."""
        found = {}
        for block in self.case.of(*RESOURCES, *REQUESTS):
            name = _full(
                block.attributes.get("proxy") or block.attributes.get("from") or block.attributes["at"]
            )
            found[name] = self.proxy(name, block)
        if not found:
            for name in list(self.workloads)[:2]:
                found[name] = self._proxy(name)
        return list(found.values())

    def resources(self, proxy: Proxy) -> Resources:
        """Return what a proxy would be sent."""
        return compiled(self.db, proxy)

    def configuration(self, proxy: Proxy) -> Configuration:
        """Return what a proxy would be sent, for the simulator."""
        return Configuration(self.resources(proxy))

    def look_up(self, host: str, proxy: Proxy) -> str:
        """Return the address that a workload's DNS gives for a host."""
        if re.fullmatch(r"[\d.]+|[0-9a-f:]*:[0-9a-f:]*", host):
            return host
        searched = (
            host,
            f"{host}.{proxy.namespace}.svc.{DOMAIN}",
            f"{host}.svc.{DOMAIN}",
            f"{host}.{DOMAIN}",
        )
        services = {service.host: service for service in reversed(all_services(self.db))}
        found = next((services[name] for name in searched if name in services), None)
        if found and proxy.meta("DNS_CAPTURE") == "true" and found.auto_address:
            return found.auto_address
        return self._address_of(found) if found else UNKNOWN_ADDRESS

    def _address_of(self, service: Service) -> str:
        if service.addresses:
            return service.addresses[0].partition("/")[0]
        pods = [
            one for one in self.objects if one.ref.kind == "Pod" and one.ref.namespace == service.namespace
        ]
        wanted = dict(service.selector or ())
        for pod in pods:
            if service.headless and wanted and wanted.items() <= pod.meta.labels.items():
                return str(pod.status.pod_ip)
        return UNKNOWN_ADDRESS

    def target_port(self, proxy: Proxy, port: int) -> int:
        """Return the port on a gateway that its Service's port leads to; the port itself when no Service has it."""
        for service in all_services(self.db):
            selects = service.selector and set(service.selector) <= set(proxy.labels)
            found = service.port(port) if selects and service.namespace == proxy.namespace else None
            if found is not None and isinstance(found.target_port, int) and found.target_port:
                return found.target_port
        return port


def compiled(db: Database, proxy: Proxy) -> Resources:
    """Return every resource that a proxy would ask for."""
    return Dump(db, view_of(db, proxy)).complete()


def _latest(objects: list[Object[Any]]) -> list[Object[Any]]:
    """Keep the last of several objects of the same name."""
    return list({one.ref: one for one in objects}.values())


def _text(case: Case) -> str:
    documents: dict[tuple[str, ...], str] = {}
    for block in case.of("config"):
        for number, document in enumerate(re.split(r"^---[^\n]*$", block.text, flags=re.MULTILINE)):
            if document.strip():
                documents[_identity(document, block, number)] = _versioned(document)
    return "---\n".join(documents.values())


def _identity(document: str, block: Block, number: int) -> tuple[str, ...]:
    try:
        value = msgspec.yaml.decode(document)
        meta = value.get("metadata") or {}
        return str(value["kind"]), str(meta.get("namespace", "default")), str(meta["name"])
    except (msgspec.DecodeError, KeyError, AttributeError, TypeError):
        return block.place.file, str(block.place.line), str(number)  # broken on purpose


def _versioned(document: str) -> str:
    kind = re.search(r"^kind:\s*(\w+)", document, re.MULTILINE)
    if kind is None or re.search(r"^apiVersion:", document, re.MULTILINE) or kind[1] not in BY_NAME:
        return document.lstrip("\n")
    known = BY_NAME[kind[1]]
    version = f"{known.group}/{known.versions[0]}" if known.group else known.versions[0]
    return f"apiVersion: {version}\n{document.lstrip(chr(10))}"


def _mesh_config(case: Case) -> MeshConfig:
    blocks = case.of("mesh")
    if not blocks:
        return MeshConfig()
    config, problems = read_message(MeshConfig, blocks[-1].yaml() or {})
    if problems:
        raise blocks[-1].place.error(f"MeshConfig: {problems}")
    assert isinstance(config, MeshConfig)
    return config


WORKLOAD_KEYS = {
    "labels",
    "ip",
    "type",
    "locality",
    "metadata",
    "service_account",
    "ready",
    "ports",
    "node",
    "annotations",
}


def _workloads(case: Case) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for block in case.of("workloads"):
        for name, settings in (block.yaml() or {}).items():
            if settings is None:
                found.pop(_full(name), None)
                continue
            if unknown := set(settings) - WORKLOAD_KEYS:
                raise block.place.error(f"workload {name}: unknown {', '.join(sorted(unknown))}")
            found[_full(name)] = dict(settings)
    taken = {settings.get("ip") for settings in found.values()}
    free = (f"10.1.200.{number}" for number in range(1, 255))
    for settings in found.values():
        if not settings.get("ip"):
            settings["ip"] = next(address for address in free if address not in taken)
    return found


def _is_refused(findings: tuple[Finding, ...]) -> bool:
    return any(one.level is Level.ERROR for one in findings)


def _full(name: str) -> str:
    return name if "." in name else f"{name}.default"


def _labels(full: str, settings: dict[str, Any]) -> dict[str, str]:
    labels = dict(settings.get("labels", {"app": full.split(".", maxsplit=1)[0]}))
    if locality := settings.get("locality"):
        labels["istio-locality"] = locality.replace("/", ".")
    return labels


def _pod(full: str, settings: dict[str, Any]) -> dict[str, Any]:
    name, namespace = full.split(".", 1)
    ports = [{"name": key, "containerPort": number} for key, number in settings.get("ports", {}).items()]
    spec: dict[str, Any] = {"containers": [{"name": "app", "image": "app", "ports": ports}]}
    if "service_account" in settings:
        spec["serviceAccountName"] = settings["service_account"]
    if "node" in settings:
        spec["nodeName"] = settings["node"]
    ready = "True" if settings.get("ready", True) else "False"
    metadata = {"name": name, "namespace": namespace, "labels": _labels(full, settings)}
    if "annotations" in settings:
        metadata["annotations"] = settings["annotations"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": spec,
        "status": {
            "phase": "Running",
            "podIP": settings["ip"],
            "conditions": [{"type": "Ready", "status": ready}],
        },
    }


def _proxy(full: str, settings: dict[str, Any], address: str) -> Proxy:
    namespace = full.split(".", 1)[1]
    metadata = {"NAMESPACE": namespace, "LABELS": _labels(full, settings), **settings.get("metadata", {})}
    if "node" in settings:
        metadata.setdefault("NODE_NAME", settings["node"])
    kind = settings.get("type", "sidecar")
    node = f"{kind}~{address}~{full}~{namespace}.svc.{DOMAIN}"
    return Proxy.from_node(node, metadata, settings.get("locality", ""))


def shuffled(mesh: Mesh, seed: int) -> Database:
    """Bring the same objects into a live database by random edits, compiling in between."""
    draw = random.Random(seed)
    proxies = mesh.proxies()
    db = Database()
    script = [("put", one) for one in (mesh.mesh_config, *mesh.objects)]
    draw.shuffle(script)
    for one in draw.sample(mesh.objects, k=min(3, len(mesh.objects))):  # taken away and put back
        script += [("delete", one), ("look", one), ("put", one)]
    for one in draw.sample(mesh.objects, k=min(3, len(mesh.objects))):  # in another form for a while
        peer = draw.choice([other for other in mesh.objects if other.kind == one.kind])
        script += [("put", msgspec.structs.replace(one, spec=peer.spec)), ("look", one), ("put", one)]
    script.insert(draw.randrange(len(script)), ("look", mesh.mesh_config))
    for action, one in script:
        if action == "put":
            facts.put(db, one)
        elif action == "delete":
            facts.delete(db, one.ref)
        else:
            compiled(db, draw.choice(proxies))
    return db
