"""What istio-config-validator says of rules that delegate: it reads rules as they are written, not what comes of them.

The first rule of the host's VirtualService whose match holds is taken, and then, for what a route is to be, the first rule of its
delegate whose own match holds (internal/pkg/unit/unit.go there). Istio joins the two matches and leaves a rule out where it cannot.
"""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from lateen.analyze.virtual_service.witness import Example, meets
from lateen.api import facts
from lateen.api.meta import Ref
from lateen.api.virtual_service import Delegate, HTTPRoute
from lateen.engine import Database
from lateen.expectations.imagined import virtual_services
from lateen.model.delegates import delegate_ref, qualified_routes
from lateen.simulate.explain_request import Request, parts_of


class Taken(msgspec.Struct, frozen=True):
    """The rules that a request meets."""

    delegate: Delegate
    root: HTTPRoute
    leaf: HTTPRoute | None
    """None: there is no such VirtualService, or none of its rules holds."""

    def rule(self, *, of_leaf: bool, parts: tuple[str, ...]) -> bytes | None:
        """Write some parts of the rule that counts as JSON."""
        one = self.leaf if of_leaf else self.root
        if one is None:
            return None
        written: dict[str, Any] = msgspec.to_builtins(one, enc_hook=str)
        return msgspec.json.encode({key: value for key, value in written.items() if key in parts})


def taken(db: Database, request: Request) -> Taken | None:
    """Return the rules that a request meets when the first of them delegates; None when it does not.

    Raises:
        RequestError: the request cannot be made.
    """
    asked = _example(request)
    for obj in virtual_services(db):
        if asked.host in obj.spec.hosts:
            root = _first(qualified_routes(db, obj.ref), asked)
            if root is None:
                continue
            if root.delegate is None:
                return None
            target = _target(db, root, obj.meta.namespace)
            leaf = _first(qualified_routes(db, target), asked) if target is not None else None
            return Taken(root.delegate, root, leaf)
    return None


def _target(db: Database, root: HTTPRoute, namespace: str) -> Ref | None:
    """Find the delegate; without a namespace it may be in any, the root's first."""
    own = delegate_ref(root, namespace)
    if own is None or facts.get(db, own) is not None or (root.delegate and root.delegate.namespace):
        return own
    return next((ref for ref in facts.refs(db, "VirtualService") if ref.name == own.name), None)


def _first(routes: tuple[HTTPRoute, ...], asked: Example) -> HTTPRoute | None:
    return next(
        (one for one in routes if not one.match or any(meets(asked, match) for match in one.match)), None
    )


def _example(request: Request) -> Example:
    parts = parts_of(request)
    split = urlsplit(parts.path)
    return Example(
        method=request.method,
        scheme=parts.scheme,
        host=parts.host,
        port=parts.port,
        path=split.path or "/",
        query=tuple(parse_qsl(split.query, keep_blank_values=True)),
        headers=request.pairs,
    )
