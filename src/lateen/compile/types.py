"""The type URLs of everything that is served over xDS, and how people call them.

The URL is the name of the protobuf message; the abbreviation is Envoy's and istioctl's ("CDS" is the cluster
discovery service).
"""

from typing import Final

_PREFIX: Final = "type.googleapis.com/"

CLUSTER: Final = _PREFIX + "envoy.config.cluster.v3.Cluster"
ENDPOINT: Final = _PREFIX + "envoy.config.endpoint.v3.ClusterLoadAssignment"
LISTENER: Final = _PREFIX + "envoy.config.listener.v3.Listener"
ROUTE: Final = _PREFIX + "envoy.config.route.v3.RouteConfiguration"
SECRET: Final = _PREFIX + "envoy.extensions.transport_sockets.tls.v3.Secret"
EXTENSION_CONFIG: Final = _PREFIX + "envoy.config.core.v3.TypedExtensionConfig"
NAME_TABLE: Final = _PREFIX + "istio.networking.nds.v1.NameTable"
"""Istio's table of names for a DNS server beside the proxy."""

ABBREVIATIONS: Final = {
    CLUSTER: "CDS",
    ENDPOINT: "EDS",
    LISTENER: "LDS",
    ROUTE: "RDS",
    SECRET: "SDS",
    EXTENSION_CONFIG: "ECDS",
    NAME_TABLE: "NDS",
}


def abbreviation(type_url: str) -> str:
    """Return "CDS" for clusters and so on; an unknown type is called by its URL."""
    return ABBREVIATIONS.get(type_url, type_url)
