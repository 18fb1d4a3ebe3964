"""Endpoints in their newer form, as a controller of Kubernetes mirrors them into EndpointSlices.

Only those of a Service without selector are: where there is a selector, the pods are the endpoints, and Kubernetes writes
both forms itself. Source: the EndpointSliceMirroring controller of kube-controller-manager.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from lateen.api import codes
from lateen.api.finding import Finding, Level
from lateen.api.kubernetes import (
    SERVICE_NAME,
    EndpointAddress,
    EndpointConditions,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    SliceEndpoint,
)
from lateen.api.meta import Object, Ref
from lateen.sources.addresses import digest

MANAGER = "endpointslice.kubernetes.io/managed-by"
MIRRORING = "endpointslicemirroring-controller.k8s.io"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"
"""On Endpoints that are not for traffic: some program's lock."""
VERSIONS = V4, V6 = 4, 6
"""Families of addresses."""


def mirrored(obj: Object[Endpoints]) -> tuple[Object[EndpointSlice], ...]:
    """Write Endpoints as slices: one for each subset and family of addresses; none if they say so themselves."""
    if obj.meta.labels.get(SKIP) == "true" or LEADER in obj.meta.annotations:
        return ()
    return tuple(_slice(obj, part) for part in _parts(obj.spec))


def unwanted(endpoints: Ref, objects: Mapping[Ref, Object[Any]]) -> Finding | None:
    """Say why Endpoints are not mirrored; None when they are."""
    service = objects.get(Ref("Service", endpoints.namespace, endpoints.name))
    if service is None:
        message = f"there is no Service {endpoints.namespace}/{endpoints.name} that they could belong to"
        return Finding(codes.WITHOUT_EFFECT, Level.WARNING, endpoints, "", message)
    if service.spec.selector:
        message = "its Service has a selector: its pods are its endpoints, not these"
        return Finding(codes.WITHOUT_EFFECT, Level.INFO, endpoints, "", message)
    return None


def _parts(spec: Endpoints) -> Iterator[tuple[str, EndpointSlice]]:
    for place, subset in enumerate(spec.subsets):
        members = tuple(_members(subset))
        for version in VERSIONS:
            own = tuple(one for one in members if (":" in one.addresses[0]) == (version == V6))
            if own:
                yield (
                    f"{place} {version}",
                    EndpointSlice(address_type=f"IPv{version}", endpoints=own, ports=subset.ports),
                )


def _members(subset: EndpointSubset) -> Iterator[SliceEndpoint]:
    yield from (_member(one, ready=True) for one in subset.addresses)
    yield from (_member(one, ready=False) for one in subset.not_ready_addresses)


def _member(one: EndpointAddress, *, ready: bool) -> SliceEndpoint:
    return SliceEndpoint(
        addresses=(one.ip,),
        conditions=EndpointConditions(ready=ready),
        hostname=one.hostname,
        node_name=one.node_name,
        target_ref=one.target_ref,
    )


def _slice(obj: Object[Endpoints], part: tuple[str, EndpointSlice]) -> Object[EndpointSlice]:
    place, spec = part
    meta = replace(
        obj.meta,
        name=f"{obj.meta.name}-{digest(f'{obj.ref} {place}', 5)}",
        labels={**obj.meta.labels, SERVICE_NAME: obj.meta.name, MANAGER: MIRRORING},
        annotations={},
    )
    return Object(api_version="discovery.k8s.io/v1", kind="EndpointSlice", meta=meta, spec=spec)
