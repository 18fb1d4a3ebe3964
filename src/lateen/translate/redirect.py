"""HTTPRedirect → RedirectAction (route.go, ApplyRedirect)."""

from envoy.config.route.v3.route_components_pb2 import RedirectAction

from lateen.api.virtual_service import HTTPRedirect
from lateen.model.defaults import SCHEME_PORTS

CODES = {
    0: RedirectAction.MOVED_PERMANENTLY,
    301: RedirectAction.MOVED_PERMANENTLY,
    302: RedirectAction.FOUND,
    303: RedirectAction.SEE_OTHER,
    307: RedirectAction.TEMPORARY_REDIRECT,
    308: RedirectAction.PERMANENT_REDIRECT,
}


def redirect_action(redirect: HTTPRedirect, listener_port: int, *, tls: bool) -> RedirectAction:
    """Return the redirect.

    Args:
        redirect: the rule's; its code is one of `CODES`.
        listener_port: what `derivePort: FROM_REQUEST_PORT` stands for. Envoy cannot take it from the request.
        tls: the listener terminates TLS, so that a redirect without a scheme stays on https.
    """
    action = RedirectAction(
        host_redirect=redirect.authority or "",
        port_redirect=_port(redirect, listener_port, tls=tls),
        response_code=CODES[redirect.redirect_code or 0],
    )
    if redirect.prefix_rewrite:
        action.prefix_rewrite = redirect.prefix_rewrite
    else:
        action.path_redirect = redirect.uri or ""
    if redirect.scheme:
        action.scheme_redirect = redirect.scheme
    return action


def _port(redirect: HTTPRedirect, listener_port: int, *, tls: bool) -> int:
    """Return the port to write, 0 for none: a scheme's own port is never written."""
    derived = listener_port if redirect.derive_port == "FROM_REQUEST_PORT" else 0
    port = redirect.port or derived
    scheme = redirect.scheme or ("https" if tls else "http")
    return 0 if port == SCHEME_PORTS.get(scheme) else port
