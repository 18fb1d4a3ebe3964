"""One aggregated discovery stream of one proxy, in either protocol, without any I/O: requests in, responses out.

    session = Session("delta", resources, view_of, Changes())
    session.receive(request)              # for each message that arrives
    for response in session.respond():    # after that, and whenever the database has moved
        send(response.message)

Each type has at most one response under way; what happens in the meantime goes into the next one. Which types wait for
which is in `order`, what a client wants in `subscription`, what it has in `watch`.
"""

from collections.abc import Callable, Hashable
from typing import Any

import msgspec

from lateen.compile import types
from lateen.compile.blocks import Resources
from lateen.xds import order, step, wire
from lateen.xds.change import Changes, Protocol, merged
from lateen.xds.request import Node, ProtocolError, Request
from lateen.xds.state import SessionState
from lateen.xds.step import Step
from lateen.xds.watch import Outstanding, Watch

Ask = Callable[[str, Hashable, tuple[str, ...] | None], Resources]
"""`resources(type_url, view, names)`: sorted by name; names None = everything, else those of them (sorted) that exist."""
ViewOf = Callable[[Any], Hashable]
"""What of a proxy configuration depends on. Asked anew whenever the database has moved."""
ProxyOf = Callable[[Node], Any]
"""What a node says of itself, read once for each stream. ValueError refuses the node."""


def as_announced(node: Node) -> Node:
    """Take a node as it is."""
    return node


class Response(msgspec.Struct, frozen=True):
    """A message for the client."""

    type_url: str
    nonce: str
    names: tuple[str, ...]
    """What it holds, sorted."""
    removed: tuple[str, ...]
    message: bytes
    """The serialised DeltaDiscoveryResponse or DiscoveryResponse."""


class Session:
    """The protocol's state of one stream.

    Attributes:
        node: what the client said of itself; None before the first request.
        held: changes wait for the acknowledgement of others. `lift()` stops the waiting.
    """

    def __init__(
        self,
        protocol: Protocol,
        resources: Ask,
        view_of: ViewOf,
        changes: Changes,
        proxy_of: ProxyOf = as_announced,
    ) -> None:
        self.node: Node | None = None
        self.protocol: Protocol = protocol
        self.held = False
        self._ask, self._view_of, self._changes, self._proxy_of = resources, view_of, changes, proxy_of
        self._proxy: Any = None
        self._watches: dict[str, Watch] = {}  # in the order of sending
        self._nonce = 0
        self._lifted = False
        self._early: set[str] = set()  # clusters sent before the client asked for any endpoints

    def receive(self, request: Request) -> None:
        """Take a request.

        Raises:
            ProtocolError: the first request has no node id, or one that is refused; or a request has no type.
        """
        if self.node is None:
            self._introduce(request.node)
        if not request.type_url:
            raise ProtocolError("a request on an aggregated stream needs a type URL")
        watch = self._watches.get(request.type_url)
        if watch is None or (self.protocol == "sotw" and not request.nonce and watch.nonce):
            self._begin(request)
        else:
            watch.update(request)
        if request.names or request.subscribe or request.unsubscribe:
            watch = self._watches[request.type_url]
            watch.subscription = self._changes.subscriptions.shared(watch.subscription)
        if self._lifted and not self._unanswered(types.CLUSTER, types.ENDPOINT):
            self._lifted = False

    def respond(self) -> tuple[Response, ...]:
        """Return what can be sent now, in the order in which to send it; it counts as sent."""
        if self.node is None:
            return ()
        self.held = False
        answers = self._answers()
        if self._has_no_news(answers):
            return ()
        removable = self._removable(answers)
        responses = []
        for watch in self._watches.values():
            say = self._next(watch, answers[watch.type_url], removable)
            if say is not None:
                responses.append(self._send(watch, say))
        return tuple(responses)

    def is_quiet(self) -> bool:
        """Tell at little cost whether `respond()` has nothing to say: the answers are the very ones that the client has."""
        return self.node is None or (not self.held and self._has_no_news(self._answers()))

    def lift(self) -> None:
        """Stop waiting for clusters to get warm: what is held goes out with the next `respond()`."""
        self._lifted = True

    @property
    def settled(self) -> bool:
        """Everything that the last `respond()` knew of was sent, and accepted or rejected."""
        return not self.held and not any(watch.outstanding or watch.alone for watch in self._watches.values())

    def state(self) -> SessionState:
        """Return what is to be shown of this proxy."""
        return SessionState(
            node=self.node or Node(id=""),
            protocol=self.protocol,
            types=tuple(watch.state() for t, watch in self._watches.items() if order.is_known(t)),
            unknown_types=tuple(sorted(t for t in self._watches if not order.is_known(t))),
        )

    def _introduce(self, node: Node | None) -> None:
        if node is None or not node.id:
            raise ProtocolError("the first request of a stream needs a node with an id")
        try:
            self._proxy = self._proxy_of(node)
        except ValueError as error:
            raise ProtocolError(str(error)) from error
        self.node = node

    def _begin(self, request: Request) -> None:
        watch = self._watches[request.type_url] = Watch(request.type_url, self.protocol)
        self._watches = {type_url: self._watches[type_url] for type_url in order.in_order(self._watches)}
        watch.begin(request)
        if watch.type_url == types.ENDPOINT:
            watch.again(tuple(self._early))
            self._early.clear()

    def _answers(self) -> dict[str, Resources]:
        view = self._view_of(self._proxy)
        return {type_url: self._answer(watch, view) for type_url, watch in self._watches.items()}

    def _has_no_news(self, answers: dict[str, Resources]) -> bool:
        return all(watch.is_up_to(answers[type_url]) for type_url, watch in self._watches.items())

    def _answer(self, watch: Watch, view: Hashable) -> Resources:
        """Ask the database; what cannot be computed stays as it is at the client."""
        wanted = watch.subscription.wanted
        if not order.is_known(watch.type_url):
            return ()
        try:
            answer = self._ask(watch.type_url, view, wanted)
            if wanted is None and watch.subscription.names:
                present = {resource.name for resource in answer}
                further = tuple(sorted(watch.subscription.names - present))
                answer = merged(answer, self._ask(watch.type_url, view, further) if further else ())
        except Exception as error:  # noqa: BLE001  a defect of ours must not take the proxy's configuration away
            watch.failure = f"{type(error).__name__}: {error}"
            return watch.sent
        watch.failure = ""
        watch.forget_vanished(answer)
        return answer

    def _unanswered(self, *type_urls: str) -> bool:
        """Tell whether a response of one of these types is under way."""
        return any(t in self._watches and self._watches[t].outstanding for t in type_urls)

    def _removable(self, answers: dict[str, Resources]) -> frozenset[str]:
        """Return the types whose removed resources nothing uses any more."""
        return frozenset(
            type_url
            for type_url in answers
            if all(self._replaced(user, answers) for user in order.REMOVALS_WAIT_FOR.get(type_url, ()))
        )

    def _replaced(self, type_url: str, answers: dict[str, Resources]) -> bool:
        """Tell whether the client is known to use nothing older than what the database says of this type.

        A route configuration that is no more but that the client has not given up is still used by a listener which
        is draining.
        """
        watch = self._watches.get(type_url)
        if watch is None:
            return True
        busy = watch.outstanding or watch.rejections or watch.failure
        return not busy and (
            watch.sent is answers[type_url] or not self._difference(watch, answers[type_url])
        )

    def _difference(self, watch: Watch, answer: Resources) -> bool:
        return bool(self._changes.between(watch.sent, answer).difference)

    def _next(self, watch: Watch, answer: Resources, removable: frozenset[str]) -> Step | None:
        """Work out what to say about one type now, if anything."""
        if watch.outstanding or watch.failure:
            return None
        if watch.alone and (lone := step.alone(watch, answer)):
            return lone
        if self._waits(watch):
            self.held = self.held or (answer is not watch.answer and self._difference(watch, answer))
            return step.owed(watch, answer)
        if answer is watch.answer and not (watch.resend or watch.tell or watch.owed):
            return None
        change = self._changes.between(watch.sent, answer)
        return step.full(watch, change, removable=watch.type_url in removable)

    def _waits(self, watch: Watch) -> bool:
        first = not watch.nonce and not watch.sent
        before = order.CHANGES_WAIT_FOR.get(watch.type_url, ())
        return not first and not self._lifted and self._unanswered(*before)

    def _send(self, watch: Watch, say: Step) -> Response:
        self._nonce += 1
        nonce, said = str(self._nonce), say.said
        if watch.type_url == types.CLUSTER:
            self._endpoints_follow(said.names)
        body = self._body(watch, say)
        watch.sent, watch.nonce, watch.version = say.sent, nonce, said.version
        if not say.lone:
            watch.owed, watch.resend, watch.tell = False, set(), set()
        resources = said.resources if watch.is_partial else say.sent
        watch.outstanding = Outstanding(nonce, said.version, resources, said.removed)
        return Response(watch.type_url, nonce, said.names, said.removed, wire.with_nonce(body, nonce))

    def _body(self, watch: Watch, say: Step) -> bytes:
        if self.protocol == "delta":
            return self._changes.delta_body(watch.type_url, say.said)
        resources = say.said.resources if watch.is_partial else say.sent
        return self._changes.body(self.protocol, watch.type_url, say.said.version, resources)

    def _endpoints_follow(self, clusters: tuple[str, ...]) -> None:
        endpoints = self._watches.get(types.ENDPOINT)
        if endpoints is None:
            self._early.update(clusters)
        else:
            endpoints.again(clusters)
