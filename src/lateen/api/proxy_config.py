"""ProxyConfig (networking.istio.io/v1beta1): settings of proxies at start."""

from __future__ import annotations

from lateen.api.common import MatchLabels
from lateen.api.message import Int32, Message


class ProxyConfig(Message, frozen=True):
    """Start settings of the selected workloads; in the root namespace without selector, of all."""

    selector: MatchLabels | None = None
    """Workloads in the namespace; unset is all."""
    concurrency: Int32 | None = None
    """Worker threads, 0 for one per CPU; unset follows the CPU limit. Envoy: `--concurrency`."""
    environment_variables: dict[str, str] = {}
    """Environment of the proxy."""
    image: ProxyImage | None = None
    """Image of the injected proxy; without meaning outside Kubernetes."""


class ProxyImage(Message, frozen=True):
    """Which image to inject."""

    image_type: str | None = None
    """default, debug or distroless."""
