"""What a client wants of one type: a value, and the protocol's rules for how requests change it.

Source: "How the client specifies what resources to return" and "Unsubscribing" in
https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol. In short:

1. A client that has never named anything of a type wants everything of it (*legacy wildcard*): clusters and listeners
   only. Types that are always asked for by name start out with nothing.
2. Naming anything ends that for good. State of the world: the names are then all it wants. Delta: it goes on wanting
   everything until it unsubscribes from `*`.
3. `*` is the explicit wildcard and may stand beside names.
4. Naming something again is a request to send it again.
5. Delta, a wildcard client that unsubscribes from a name must be told what becomes of it: it may still be covered by
   the wildcard (sent again) or be gone (named as removed).
"""

from collections.abc import Iterable
from typing import Self
from weakref import WeakValueDictionary

import msgspec

from lateen.translate.names import once

WILDCARD = "*"


class Names(tuple[str, ...]):  # noqa: SLOT001  a tuple has room for none
    """Names, sorted, that know their hash: thousands are looked up for each proxy after each change."""

    def __new__(cls, names: Iterable[str]) -> Self:
        """Sort names."""
        return super().__new__(cls, sorted(names))

    def __init__(self, _: Iterable[str]) -> None:
        self._hash = super().__hash__()

    def __hash__(self) -> int:
        return self._hash


class Subscription(msgspec.Struct, frozen=True, cache_hash=True, weakref=True):
    """What a client wants of one type at this moment."""

    wildcard: bool
    legacy: bool
    """It has named nothing so far, and that means everything."""
    names: frozenset[str]
    """Named explicitly; without `*`."""
    wanted: tuple[str, ...] | None
    """What to ask the database for: None = everything, else the names, sorted."""

    @classmethod
    def nothing(cls) -> Self:
        """Before the first request of a type that is asked for by name."""
        return cls(False, False, frozenset(), ())

    @classmethod
    def everything(cls) -> Self:
        """Before the first request of a type that has a legacy wildcard."""
        return cls(True, True, frozenset(), None)

    def covers(self, name: str) -> bool:
        """Tell whether a resource of this name is wanted, if there is one."""
        return self.wildcard or name in self.names

    def _with(self, names: Iterable[str], wildcard: bool) -> Self:  # noqa: FBT001  a value to store
        wanted = None if wildcard else Names(names)
        return type(self)(wildcard, False, frozenset(names), wanted)


class Subscriptions:
    """Those of all proxies, each only once: hundreds of proxies name the same thousands of clusters."""

    def __init__(self) -> None:
        self._known = WeakValueDictionary[
            int, Subscription
        ]()  # by hash; of two that collide one is not shared

    def __len__(self) -> int:
        return len(self._known)

    def shared(self, subscription: Subscription) -> Subscription:
        """Return the equal one that somebody holds, if there is one; else it, with names that others hold."""
        known = self._known.get(hash(subscription))
        if known == subscription:
            return known
        return self._known.setdefault(hash(subscription), _interned(subscription))


def _interned(subscription: Subscription) -> Subscription:
    names, wanted = subscription.names, subscription.wanted
    own = wanted if wanted is None else Names(map(once, wanted))
    return msgspec.structs.replace(subscription, names=frozenset(map(once, names)), wanted=own)


def set_names(subscription: Subscription, names: Iterable[str]) -> Subscription:
    """Apply a state-of-the-world request: these names are all the client wants."""
    wanted = set(names)
    if subscription.legacy and not wanted:
        return subscription
    return subscription._with(wanted - {WILDCARD}, WILDCARD in wanted)  # noqa: SLF001  same module


def change_names(
    subscription: Subscription, subscribe: Iterable[str], unsubscribe: Iterable[str]
) -> Subscription:
    """Apply a delta request: subscriptions first, then the opposite."""
    new, old = set(subscribe), set(unsubscribe)
    if not new and (subscription.legacy or not old):
        return subscription
    wildcard = (subscription.wildcard or WILDCARD in new) and WILDCARD not in old
    return subscription._with((subscription.names | new) - old - {WILDCARD}, wildcard)  # noqa: SLF001  same module
