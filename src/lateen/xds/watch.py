"""One type of one stream: what the client has, what it is owed, what it has not answered yet.

A *watch* remembers what the client was sent as the very tuple that the database answered with, so that proxies which
have the same share it, and the next difference is found by identity.
"""

import msgspec

from lateen.compile.blocks import Resources
from lateen.compile.resource import Resource
from lateen.xds import order
from lateen.xds.change import Protocol
from lateen.xds.request import Request
from lateen.xds.state import Rejection, SyncState, TypeState
from lateen.xds.subscription import Subscription, change_names, set_names


class Outstanding(msgspec.Struct, frozen=True):
    """A response that is not answered yet."""

    nonce: str
    version: str
    resources: Resources
    removed: tuple[str, ...]


class Watch:
    """The state of one type on one stream.

    Attributes:
        sent: what the client has if it accepted everything; sorted by name.
        answer: the database's answer that `sent` was last brought up to, or None.
        resend: names that are owed whatever their version: asked for again, or endpoints of a cluster just sent.
        tell: names of which absence must be told as well.
        owed: a response is owed even if there is nothing to say.
        alone: resources of a rejected response, to be sent one by one to find out which it was.
    """

    def __init__(self, type_url: str, protocol: Protocol) -> None:
        self.type_url, self.protocol = type_url, protocol
        named = type_url in order.BY_NAME
        self.subscription = Subscription.nothing() if named else Subscription.everything()
        self.sent: Resources = ()
        self.answer: Resources | None = None
        self.resend: set[str] = set()
        self.tell: set[str] = set()
        self.owed = False
        self.outstanding: Outstanding | None = None
        self.nonce = ""
        self.version = ""
        self.rejections: tuple[Rejection, ...] = ()
        self.alone: list[str] = []
        self.failure = ""

    @property
    def is_partial(self) -> bool:
        """A response may hold some resources only. State of the world means everything for the other types."""
        return self.protocol == "delta" or self.type_url in order.BY_NAME

    def begin(self, request: Request) -> None:
        """Take the first request of this type on the stream."""
        if self.protocol == "delta":
            self.subscription = change_names(self.subscription, request.subscribe, request.unsubscribe)
            known = request.initial_versions
            self.sent = tuple(
                Resource(name, version, b"")
                for name, version in sorted(known.items())
                if self.subscription.covers(name)
            )
            self.tell = set(self.subscription.names)
            self.resend = self.tell - known.keys()
            # A client that starts up waits for an answer; one that comes back with what it had does not.
            self.owed = self.subscription.wildcard and not known
        else:
            self.subscription = set_names(self.subscription, request.names)
            self.owed = self.subscription.wildcard or bool(self.subscription.names)

    def update(self, request: Request) -> None:
        """Take a later request: an acknowledgement, another subscription, or both."""
        if self.protocol == "delta":
            self._acknowledge(request)
            self._change_names(request)
        # A stale nonce is about a response that was overtaken: the request is ignored, names and all.
        elif request.nonce == self.nonce:
            self._acknowledge(request)
            self._set_names(request)

    def again(self, names: tuple[str, ...]) -> None:
        """Owe the client these resources again, as far as it has asked for them."""
        wanted = self.subscription.names.intersection(names)
        self.resend |= wanted
        self.tell |= wanted

    def is_up_to(self, answer: Resources) -> bool:
        """Tell whether the client has been sent all of an answer, and is owed nothing else."""
        return answer is self.answer and not (
            self.resend or self.tell or self.owed or self.alone or self.failure
        )

    def forget_vanished(self, answer: Resources) -> None:
        """Forget rejections of resources that are no more and that the client, asking by name, is not told so of.

        If one comes back as it was, it is sent and rejected again.
        """
        if self.rejections and self.type_url in order.BY_NAME:
            vanished = {r.resource for r in self.rejections} - {resource.name for resource in answer} - {""}
            self._forget(vanished)

    def state(self) -> TypeState:
        """Return what is to be shown."""
        return TypeState(
            self.type_url, self._sync(), len(self.sent), self.version, self.rejections, self.failure
        )

    def _sync(self) -> SyncState:
        if self.rejections:
            return SyncState.ERROR
        if self.outstanding or self.failure:
            return SyncState.STALE
        return SyncState.SYNCED if self.nonce or self.sent else SyncState.NOT_SENT

    def _change_names(self, request: Request) -> None:
        if not request.subscribe and not request.unsubscribe:
            return
        before = self.subscription
        self.subscription = change_names(before, request.subscribe, request.unsubscribe)
        asked = self.subscription.names.intersection(request.subscribe)
        if before.wildcard and self.subscription.wildcard:
            asked |= before.names.intersection(request.unsubscribe)
        self.resend |= asked
        self.tell |= asked
        self._forget_unwanted(frozenset(request.unsubscribe))
        self.answer = None

    def _set_names(self, request: Request) -> None:
        before = self.subscription
        self.subscription = set_names(before, request.names)
        if self.subscription == before:
            return
        self.resend |= self.subscription.names - before.names
        self.owed = bool(self.resend) or (self.subscription.wildcard and not before.wildcard)
        self._forget_unwanted(before.names)
        self.answer = None

    def _forget_unwanted(self, candidates: frozenset[str]) -> None:
        """Forget what the client no longer wants; when it wants it again, it is sent again."""
        covers = self.subscription.covers
        if candidates and not self.subscription.wildcard:
            self.sent = tuple(resource for resource in self.sent if covers(resource.name))
            self.resend = {name for name in self.resend if covers(name)}
            self.tell = {name for name in self.tell if covers(name)}
            self._forget({r.resource for r in self.rejections if r.resource and not covers(r.resource)})

    def _forget(self, rejected: set[str]) -> None:
        if rejected:
            self.rejections = tuple(r for r in self.rejections if r.resource not in rejected)
            self.sent = tuple(resource for resource in self.sent if resource.name not in rejected)
            self.answer = None

    def _acknowledge(self, request: Request) -> None:
        answered = self.outstanding
        if answered is None or request.nonce != answered.nonce:
            return
        self.outstanding = None
        settled = {resource.name for resource in answered.resources}.union(answered.removed)
        if not self.alone:
            settled.add("")
        self.rejections = tuple(r for r in self.rejections if r.resource not in settled)
        if request.error:
            self._reject(answered, request.error)

    def _reject(self, answered: Outstanding, message: str) -> None:
        """Keep a NACK, attributed to a resource if that is possible.

        Envoy applies what is good of clusters and listeners, and names the others in its message. Of other types, one
        bad resource may have kept the rest of the response from being applied.
        """
        resources = tuple(r for r in answered.resources if self.subscription.covers(r.name))
        if answered.resources and not resources:
            return  # given up meanwhile
        by_name = self.type_url in order.BY_NAME
        blamed = [
            r for r in resources if len(answered.resources) == 1 or (not by_name and f"{r.name}: " in message)
        ]
        if not blamed:
            blamed = [Resource("", answered.version, b"")]
            if self.is_partial:
                self.alone = [resource.name for resource in resources]
        self.rejections += tuple(Rejection(self.type_url, r.name, r.version, message) for r in blamed)
