"""A class of requests that two configurations treat differently."""

from typing import Literal, NamedTuple

import msgspec

from lateen.simulate.algebra.effects import Fields
from lateen.simulate.request import Connection, Request
from lateen.simulate.trace import FilterChainChosen, ListenerChosen, RouteTried, Trace, VirtualHostChosen


class Decision(NamedTuple):
    """What a configuration decided about a request."""

    listener: str = ""
    filter_chain: str = ""
    virtual_host: str = ""
    routes: tuple[int, ...] = ()
    """The places of the routes that may take it, in order."""

    @property
    def connection(self) -> "Decision":
        """Return what was decided before there was a request."""
        return Decision(self.listener, self.filter_chain)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Requests or connections whose outcome changes, by one example."""

    kind: Literal["request", "connection", "settings"]
    """`request`: these requests. `connection`: these connections, whatever is sent. `settings`: every request on these connections."""
    hosts: tuple[str, ...] = ()
    """The domains, sorted; empty where none is looked at."""
    conditions: tuple[str, ...] = ()
    """What tells these requests from others; empty: all to these hosts."""
    connection: Connection
    request: Request | None = None
    before: Fields
    after: Fields
    old: Decision
    new: Decision
    origins: tuple[str, ...] = ()
    """Where the routes, clusters and chains come from, as their metadata says."""
    clusters: tuple[str, ...] = ()
    """The clusters on the way that differ themselves."""
    undecided: str = ""
    """Why it is not certain that a request like this exists; empty when the example was tried."""

    def covers(self, old: Decision, new: Decision) -> bool:
        """Tell whether a request about which this was decided is of the class."""
        if self.kind == "request":
            return (self.old, self.new) == (old, new)
        return (self.old.connection, self.new.connection) == (old.connection, new.connection)

    @property
    def differences(self) -> list[tuple[str, str, str]]:
        """Return (field, before, after) of what changes, in the order of importance; an unset field is empty."""
        fields = dict.fromkeys((*self.before, *self.after))
        found = [(name, self.before.get(name, ""), self.after.get(name, "")) for name in fields]
        return [one for one in found if one[1] != one[2]]


def decision(trace: Trace) -> Decision:
    """Return what was decided in a trace."""
    found = Decision()
    routes: list[int] = []
    for step in trace.steps:
        if isinstance(step, ListenerChosen):
            found = found._replace(listener=step.listener)
        elif isinstance(step, FilterChainChosen):
            found = found._replace(filter_chain=step.filter_chain)
        elif isinstance(step, VirtualHostChosen):
            found = found._replace(virtual_host=step.virtual_host)
        elif isinstance(step, RouteTried) and not step.failed:
            routes.append(step.index)
    return found._replace(routes=tuple(routes))
