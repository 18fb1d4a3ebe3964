"""What a pod sees in /etc in place of the host's: resolv.conf, nsswitch.conf, hosts, hostname. Pure texts."""

from collections.abc import Mapping
from typing import Final

CLUSTER_DOMAIN: Final = "cluster.local"


def search_domains(namespace: str) -> tuple[str, ...]:
    """Kubernetes' search list for a pod of `namespace`."""
    return (f"{namespace}.svc.{CLUSTER_DOMAIN}", f"svc.{CLUSTER_DOMAIN}", CLUSTER_DOMAIN)


def etc_files(
    *, hostname: str, address: str, name_server: str, search: tuple[str, ...], nsswitch: str
) -> Mapping[str, str]:
    """File name → content. `nsswitch` is the host's own nsswitch.conf, empty if it has none.

    A pod's own name is in hosts, as in Kubernetes; service names are not, so that they always go through DNS to the
    service's address.
    """
    return {
        "hostname": f"{hostname}\n",
        "hosts": f"127.0.0.1\tlocalhost\n{address}\t{hostname}\n",
        "resolv.conf": f"nameserver {name_server}\nsearch {' '.join(search)}\noptions ndots:5\n",
        "nsswitch.conf": hosts_by_dns(nsswitch),
    }


def hosts_by_dns(nsswitch: str) -> str:
    """nsswitch.conf with names looked up in files, then DNS: not through a daemon of the host (systemd-resolved)."""
    kept = [line for line in nsswitch.splitlines() if not line.strip().startswith("hosts:")]
    return "\n".join([*kept, "hosts: files dns", ""])
