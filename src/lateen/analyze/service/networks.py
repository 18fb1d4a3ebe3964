"""IST0126: networks of endpoints that come from a registry that nobody knows (analyzers/multicluster/meshnetworks.go)."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.kubernetes import Secret
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model.defaults import ROOT_NAMESPACE

REGISTRIES = ("Kubernetes", "External", "Mock")
CLUSTER = "istio/multiCluster"
"""Label of a Secret whose keys are names of clusters."""


@deferred
def networks(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Judge the networks in the ConfigMap that holds the mesh's settings."""
    if (ref.namespace, ref.name) != (ROOT_NAMESPACE, "istio"):
        return ()
    known = {*REGISTRIES, *_clusters(db)}
    return tuple(
        found(
            Code.UNKNOWN_REGISTRY,
            ref,
            "data[meshNetworks]",
            f"networks[{name}].endpoints[{index}]: there is no registry {endpoints.from_registry}",
            f"known registries: {joined(sorted(known))}",
        )
        for name, network in facts.mesh_networks(db).networks.items()
        for index, endpoints in enumerate(network.endpoints)
        if endpoints.from_registry is not None and endpoints.from_registry not in known
    )


def _clusters(db: Database) -> Iterator[str]:
    for ref in facts.refs(db, "Secret"):
        one = facts.get(db, ref)
        if one is not None and isinstance(one.spec, Secret) and one.meta.labels.get(CLUSTER) == "true":
            yield from one.spec.data
