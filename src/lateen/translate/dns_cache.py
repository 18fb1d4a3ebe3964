"""The cache of names of a dynamic forward proxy; filter and cluster name the same one."""

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.extensions.common.dynamic_forward_proxy.v3.dns_cache_pb2 import DnsCacheConfig

from lateen.translate.message import uint32

ALLOW_ANY_CACHE = "allow_any_dfp_dns_cache"  # util.go AllowAnyDFPDNSCacheName
ALLOW_ANY_HOSTS = 1024  # pilot/pkg/features: PILOT_ALLOW_ANY_DYNAMIC_DNS_MAX_HOSTS


def dns_cache_name(host: str) -> str:
    """Name the cache of a wildcard host's cluster (service.go BuildDNSCacheName)."""
    return f"{host}_dfp_dns_cache"


def dns_cache(name: str, *, only_v6: bool) -> DnsCacheConfig:
    """Return the settings of a cache; all users of a name must have equal ones, or Envoy refuses."""
    family = Cluster.V6_ONLY if only_v6 else Cluster.V4_ONLY
    limit = uint32(ALLOW_ANY_HOSTS) if name == ALLOW_ANY_CACHE else None
    return DnsCacheConfig(name=name, dns_lookup_family=family, max_hosts=limit)
