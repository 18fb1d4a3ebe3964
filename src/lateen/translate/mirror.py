"""Mirrors → RequestMirrorPolicy (route.go, TranslateRequestMirrorPolicy)."""

from envoy.config.route.v3.route_components_pb2 import RouteAction

from lateen.model.routing import Mirror
from lateen.translate import message, names
from lateen.translate.percent import runtime_fraction


def mirror_policy(mirror: Mirror) -> RouteAction.RequestMirrorPolicy:
    """Return a shadow: not traced, and with the Host that the client sent (no `-shadow` behind it)."""
    target = mirror.target
    return RouteAction.RequestMirrorPolicy(
        cluster=names.outbound_cluster(target.host, target.port, target.subset),
        runtime_fraction=runtime_fraction(mirror.share),
        trace_sampled=message.boolean(False),
        disable_shadow_host_suffix_append=True,
    )
