"""Which kind an object is, and what is said about one that Lateen does not read."""

from difflib import get_close_matches
from typing import NamedTuple

from lateen.api import codes
from lateen.api.finding import Level
from lateen.api.registry import BY_NAME, NETWORKING, Kind

UNSUPPORTED: dict[str, frozenset[str]] = {
    "security.istio.io": frozenset({"PeerAuthentication", "RequestAuthentication", "AuthorizationPolicy"}),
    "telemetry.istio.io": frozenset({"Telemetry"}),
    "extensions.istio.io": frozenset({"WasmPlugin", "TrafficExtension"}),
    "gateway.networking.k8s.io": frozenset(
        {
            "Gateway",
            "GatewayClass",
            "HTTPRoute",
            "GRPCRoute",
            "TLSRoute",
            "TCPRoute",
            "UDPRoute",
            "ReferenceGrant",
        }
    ),
}
"""Groups that a mesh must not pass over in silence, with their kinds."""

NOT_RUN = frozenset({"StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "ReplicationController"})
"""Workloads of Kubernetes whose pods Lateen does not make."""

OUR_GROUPS = frozenset({kind.group for kind in BY_NAME.values()})


class Refusal(NamedTuple):
    """Why an object is not read."""

    code: str
    level: Level
    path: str
    message: str
    suggestion: str = ""


def identify(api_version: str, name: str) -> Kind | Refusal:
    """Find the kind of an object, or say why there is none."""
    group, _, version = api_version.rpartition("/")
    kind = BY_NAME.get(name)
    if kind is not None and kind.group == group:
        return kind if version in kind.versions else _wrong_version(kind, api_version)
    if group in UNSUPPORTED:
        return _not_yet(group, name)
    if kind is not None and (group in OUR_GROUPS or kind.group == NETWORKING):
        return _wrong_version(kind, api_version)
    return _foreign(group, name)


def _wrong_version(kind: Kind, api_version: str) -> Refusal:
    served = ", ".join(kind.api_versions)
    message = f"{kind.name} is not served as {api_version or 'an empty apiVersion'}; served: {served}"
    return Refusal(
        codes.UNSUPPORTED, Level.ERROR, "apiVersion", message, f"write apiVersion: {kind.api_versions[0]}"
    )


def _not_yet(group: str, name: str) -> Refusal:
    near = get_close_matches(name, UNSUPPORTED[group], 1)
    if near and near[0] != name:
        message = f"{group} has no kind {name}"
        return Refusal(codes.UNSUPPORTED, Level.ERROR, "kind", message, f"did you mean {near[0]}?")
    message = f"{name} ({group}) is not supported yet: it would have no effect"
    return Refusal(
        codes.UNSUPPORTED,
        Level.ERROR,
        "kind",
        message,
        "remove it, or keep it out of the files that Lateen reads",
    )


def _foreign(group: str, name: str) -> Refusal:
    ours = [kind.name for kind in BY_NAME.values() if kind.group == group]
    near = [other for other in ours if other.lower() == name.lower()] or get_close_matches(
        name, ours, 1, 0.85
    )
    if near:
        message = f"there is no kind {name}"
        return Refusal(codes.UNSUPPORTED, Level.ERROR, "kind", message, f"did you mean {near[0]}?")
    if group == NETWORKING:
        message = f"{group} has no kind {name}; it has {', '.join(ours)}"
        return Refusal(codes.UNSUPPORTED, Level.ERROR, "kind", message)
    if name in NOT_RUN:
        message = f"{name} is ignored: no pods are made from it"
        return Refusal(
            codes.IGNORED, Level.WARNING, "kind", message, "describe the workload as a Deployment or as Pods"
        )
    return Refusal(codes.IGNORED, Level.INFO, "kind", f"{name} is ignored: it is not for the mesh")
