"""A class of requests that two configurations treat differently."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from lateen.simulate.algebra.effects import Fields
from lateen.simulate.request import Connection, Request
from lateen.simulate.trace import (
    FilterChainChosen,
    ListenerChosen,
    Outcome,
    RouteTried,
    Trace,
    VirtualHostChosen,
)


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
    elsewhere: bool = False
    """The example is sent to an address of no service, although services have addresses on this port."""
    undecided: str = ""
    """Why it is not certain that a request like this exists; empty when the example was tried."""

    def covers(self, old: Decision, new: Decision) -> bool:
        """Tell whether a request about which this was decided is of the class."""
        if self.kind == "request":
            return (self.old, self.new) == (old, new)
        return (self.old.connection, self.new.connection) == (old.connection, new.connection)

    @property
    def differences(self) -> list[tuple[str, str, str]]:
        """Return (field, before, after) of what changes, in the order of importance; an unset field is empty.

        Where it is decided differently who answers at all, the policies of one side are not set against nothing.
        """
        summaries = summary(self.before), summary(self.after)
        if summaries[0][0] != summaries[1][0]:
            return [("outcome", summaries[0][1], summaries[1][1])]
        fields = dict.fromkeys((*self.before, *self.after))
        found = [(name, self.before.get(name, ""), self.after.get(name, "")) for name in fields]
        return list(_grouped([one for one in found if one[1] != one[2]], self.before, self.after))


_GROUPS = ("retries", "fault", "cors", "mirror")


def _grouped(
    found: list[tuple[str, str, str]], before: Fields, after: Fields
) -> Iterator[tuple[str, str, str]]:
    """Write policies that only one side has as one."""
    done = set()
    for name, old, new in found:
        group = next((one for one in _GROUPS if name.startswith(one)), "")
        sides = [{key: one[key] for key in one if group and key.startswith(group)} for one in (before, after)]
        if not group or all(sides):
            yield name, old, new
        elif group not in done:
            done.add(group)
            yield group, _together(group, sides[0]), _together(group, sides[1])


def _together(group: str, fields: Fields) -> str:
    if group == "retries" and fields:
        return f"{fields.get('retries.num_retries', '1')} on {fields.get('retries.retry_on', 'nothing')}"
    return ", ".join(
        f"{name.removeprefix(group).lstrip('.')} {value}".strip() for name, value in fields.items()
    )


def summary(fields: Fields) -> tuple[str, str]:
    """Return what kind of answer there is, and the answer in a few words."""
    if "connection" in fields:
        return "closed", fields["connection"]
    if fields.get("destination", "").startswith("503"):
        return "no cluster", fields["destination"]
    if "answer" in fields:
        return "no route", fields["answer"]
    if "answer.status" in fields:
        return "answer", f"{fields['answer.status']} from the proxy"
    if any(name.startswith("redirect.") for name in fields):
        words = [
            f"{name.removeprefix('redirect.')} {value}"
            for name, value in fields.items()
            if "redirect." in name
        ]
        return "redirect", f"redirect ({', '.join(words)})"
    bytes_alone = not any(name.startswith(("HTTP settings.", "timeout", "max_grpc")) for name in fields)
    if "to" in fields:
        return "bytes" if bytes_alone and "timeout" not in fields else "request", f"to {fields['to']}"
    return "HTTP", "HTTP, by its routes"


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


def outcomes(trace: Trace) -> list[Outcome]:
    """Return what can happen, without the names of where it was decided; equal outcomes are one."""
    together: dict[Outcome, float] = {}
    for one in trace.outcomes:
        bare = msgspec.structs.replace(
            one,
            listener="",
            filter_chain="",
            route_configuration="",
            virtual_host="",
            route="",
            probability=0.0,
        )
        if one.flag == "NC":  # whichever cluster is missing, nobody is asked and no policy is at work
            bare = msgspec.structs.replace(
                bare,
                cluster="",
                path="",
                authority="",
                request_headers=(),
                timeout=None,
                retry=None,
                mirrors=(),
                hash_policy=(),
            )
        together[bare] = round(together.get(bare, 0.0) + one.probability, 9)
    return sorted(
        (msgspec.structs.replace(one, probability=share) for one, share in together.items()), key=repr
    )
