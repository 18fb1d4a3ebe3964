"""Patches that are being applied to one resource: those of its context, and what has failed so far."""

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.message import Message

from lateen.model.envoy_filters import Context
from lateen.translate.patch import Failure, Patch
from lateen.translate.patch_merge import MergeError, merge, merge_any


class Run:
    """One resource's patches.

    Attributes:
        failures: the patches that were skipped, each once.
    """

    def __init__(self, context: Context, patches: Iterable[Patch]) -> None:
        self._patches = tuple(one for one in patches if one.is_for(context))
        self._failures: dict[Failure, None] = {}

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The patches that were skipped."""
        return tuple(self._failures)

    def of(self, *kinds: str) -> Sequence[Patch]:
        """Return the patches of these `applyTo`, in order."""
        return [one for one in self._patches if one.apply_to in kinds]

    def fail(self, patch: Patch, reason: object) -> None:
        """Remember that a patch was skipped."""
        self._failures[Failure(patch.ref, patch.index, str(reason))] = None

    def merge(self, target: Message, patch: Patch) -> None:
        """Merge a patch's value into a message of its type."""
        merge(target, patch.message(), replace_lists=patch.operation == "MERGE_AND_REPLACE_LIST")

    def merge_filter(self, target: Any, patch: Patch, *, renames: bool = True) -> None:
        """Merge a patch into a filter: its configuration, if that is of the same type, and its name.

        A filter whose configuration comes over ECDS is left alone.
        """
        if patch.operation != "MERGE" or not target.HasField("typed_config"):
            return
        value: Any = patch.message()
        if value.HasField("typed_config"):
            try:
                merge_any(target.typed_config, value.typed_config)
            except MergeError as error:
                self.fail(patch, error)
                return
        if renames and value.name:
            target.name = value.name

    def merge_transport_socket(self, target: Any, value: Any, patch: Patch) -> None:
        """Merge a transport socket into one of the same name: what is inside of them."""
        if not (target.HasField("typed_config") and value.HasField("typed_config")):
            return
        try:
            merge_any(target.typed_config, value.typed_config)
        except MergeError as error:
            self.fail(patch, error)
