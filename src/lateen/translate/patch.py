"""A patch of an EnvoyFilter, ready to be applied to generated messages, and what came of applying some."""

import msgspec
from google.protobuf.message import Message

from lateen.api.envoy_filter import ApplyTo, EnvoyConfigObjectMatch, FilterMatch, ListenerMatch, Operation
from lateen.api.meta import Ref
from lateen.model.envoy_filters import Context
from lateen.translate.patch_value import message_of

MERGES = frozenset({"MERGE", "MERGE_AND_REPLACE_LIST"})


class Patch(msgspec.Struct, frozen=True, kw_only=True):
    """One patch; its value is known to be of the right type."""

    ref: Ref
    index: int
    """Its place in `spec.configPatches`."""
    apply_to: ApplyTo
    operation: Operation
    match: EnvoyConfigObjectMatch
    value: bytes
    """Serialised, of the type that `apply_to` says; empty for REMOVE."""

    @property
    def merges(self) -> bool:
        """The value is merged into what is there."""
        return self.operation in MERGES

    @property
    def listener(self) -> ListenerMatch:
        """The conditions on a listener; without any when none are written."""
        return self.match.listener or ListenerMatch()

    @property
    def filter(self) -> FilterMatch | None:
        """The network filter that is named."""
        chain = self.listener.filter_chain
        return chain.filter if chain else None

    def is_for(self, context: Context) -> bool:
        """Tell whether it is for resources of this context."""
        return self.match.context in (None, "ANY", context)

    def adds_in(self, context: Context) -> bool:
        """Tell whether a whole listener or cluster is added here: without a context, not to a sidecar's inbound side."""
        if self.operation != "ADD" or not self.is_for(context):
            return False
        return self.match.context == context or context != Context.SIDECAR_INBOUND

    def message(self) -> Message:
        """Return a copy of the value."""
        return message_of(self.apply_to, self.value)


class Failure(msgspec.Struct, frozen=True):
    """A patch that could not be applied, and was skipped."""

    ref: Ref
    index: int
    reason: str


class Patched(msgspec.Struct, frozen=True):
    """A resource after all patches."""

    name: str
    body: bytes | None
    """None when a patch removed it."""
    failures: tuple[Failure, ...] = ()
