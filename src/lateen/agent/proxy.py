"""How a proxy is started: its command line, its node, the files it needs."""

from pathlib import Path
from typing import Any, Literal

import msgspec

from lateen.agent.bootstrap import MAX_CONNECTIONS, OUTBOUND_MARK, Bootstrap, bootstrap_json
from lateen.agent.system_roots import system_roots
from lateen.model.defaults import CLUSTER_DOMAIN
from lateen.model.secrets import SYSTEM_ROOTS

# The release whose behaviour this follows; EnvoyFilters match it by `proxyVersion`.
ISTIO_VERSION = "1.31.0"
DRAIN_SECONDS = 5
BOOTSTRAP_FILE = "bootstrap.json"
ADMIN_SOCKET = "admin.sock"


class ProxyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is particular to one proxy."""

    type: Literal["sidecar", "router"]
    name: str
    namespace: str
    address: str
    labels: dict[str, str]
    workload: str
    service_account: str = "default"
    locality: str = ""
    concurrency: int = 1
    """Worker threads, 0 for one per CPU; one suits a workload on a laptop (spec: one-machine.md E)."""
    max_connections: int = MAX_CONNECTIONS
    """Of clients, at once."""
    runtime: dict[str, Any] = {}
    """Envoy's runtime values (`Bootstrap`)."""
    drain_seconds: int = DRAIN_SECONDS
    options: dict[str, str] = {}
    """More options of the command line."""
    log_level: str = "warning"
    extra_metadata: dict[str, Any] = {}
    environment: dict[str, str] = {}
    """More variables for the proxy's process."""


def argv(envoy: Path, directory: Path, plan: ProxyPlan) -> tuple[str, ...]:
    """Return Envoy's command line; hot restart is off, as its shared memory would be common to all proxies."""
    options = {
        "-c": str(directory / BOOTSTRAP_FILE),
        **({"--concurrency": str(plan.concurrency)} if plan.concurrency else {}),
        "--log-level": plan.log_level,
        "--drain-time-s": str(plan.drain_seconds),
        "--drain-strategy": "immediate",
        "--file-flush-interval-msec": "250",  # of access logs, which somebody may be following
        "--component-log-level": "misc:error",  # Istio sets fields that Envoy calls deprecated
        **plan.options,
    }
    return (str(envoy), *(word for option in options.items() for word in option), "--disable-hot-restart")


def bootstrap_text(directory: Path, ads_socket: Path, plan: ProxyPlan) -> bytes:
    """Return the bootstrap of a proxy that lives in a directory, in proto JSON."""
    settings = Bootstrap(
        node_id=node_id(plan),
        cluster=f"{plan.labels.get('app', plan.workload)}.{plan.namespace}",
        metadata=node_metadata(plan),
        ads_socket=str(ads_socket),
        admin_socket=str(directory / ADMIN_SOCKET),
        locality=plan.locality,
        max_connections=plan.max_connections,
        runtime=plan.runtime,
        mark=OUTBOUND_MARK,
    )
    return bootstrap_json(settings)


def write_bootstrap(directory: Path, text: bytes) -> None:
    """Write the bootstrap into the proxy's directory, readable by its owner alone."""
    path = directory / BOOTSTRAP_FILE
    path.touch(mode=0o600)
    path.write_bytes(text)


def node_id(plan: ProxyPlan) -> str:
    """Return the node's id in Istio's form."""
    return f"{plan.type}~{plan.address}~{plan.name}.{plan.namespace}~{plan.namespace}.svc.{CLUSTER_DOMAIN}"


def node_metadata(plan: ProxyPlan) -> dict[str, Any]:
    """Return the node's metadata as Istio's proxies send it (pkg/model/proxy.go), as far as it is read."""
    return {
        "NAME": plan.name,
        "NAMESPACE": plan.namespace,
        "LABELS": plan.labels,
        "WORKLOAD_NAME": plan.workload,
        "SERVICE_ACCOUNT": plan.service_account,
        "INSTANCE_IPS": plan.address,
        "INTERCEPTION_MODE": "REDIRECT",
        "CLUSTER_ID": "Kubernetes",
        "ISTIO_VERSION": ISTIO_VERSION,
        "DNS_CAPTURE": "true",
        "LATEEN_CAPTURE": "mark",
        **({SYSTEM_ROOTS: roots} if (roots := system_roots()) else {}),
        **plan.extra_metadata,
    }
