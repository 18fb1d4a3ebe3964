"""Conversations with a session, in the manner of mitmproxy's playbooks.

    assert Playbook(world) >> subscribe(CDS) << says(CDS, "a", "b") >> ack(CDS) >> edit(CDS, a="2") << says(CDS, "a")

`>>` does something to the session, `<<` is what it must say next. Whatever it says unasked for is an error at the next
`>>`, or at the end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from envoy.service.discovery.v3 import discovery_pb2

from lateen.compile import types
from lateen.compile.resource import Resource, resource
from lateen.xds.change import Changes, Protocol
from lateen.xds.request import Node, Request
from lateen.xds.session import Session

CDS, EDS, LDS, RDS = types.CLUSTER, types.ENDPOINT, types.LISTENER, types.ROUTE
SDS, ECDS = types.SECRET, types.EXTENSION_CONFIG
NODE = Node(id="sidecar~10.1.1.1~app.default~default.svc.cluster.local")


class World:
    """A database's stand-in: contents by type and name; equal answers are the same tuple, as with a query."""

    def __init__(self, **contents: str) -> None:
        self.contents: dict[str, dict[str, str | bytes]] = {}
        self.answers: dict[tuple, tuple[Resource, ...]] = {}
        self.broken: set[str] = set()
        self.set(CDS, **contents)

    def set(self, type_url: str, **contents: str | bytes | None) -> "World":
        """Set contents by name; None deletes."""
        table = self.contents.setdefault(type_url, {})
        table.update({name: text for name, text in contents.items() if text is not None})
        for name in [name for name, text in contents.items() if text is None]:
            table.pop(name, None)
        return self

    def resources(self, type_url: str, view: object, names: tuple[str, ...] | None) -> tuple[Resource, ...]:
        assert view == "view"
        if type_url in self.broken:
            raise ZeroDivisionError("broken")
        table = self.contents.get(type_url, {})
        found = tuple(
            resource(name, text if isinstance(text, bytes) else text.encode())
            for name, text in sorted(table.items())
            if names is None or name in names
        )
        return self.answers.setdefault((type_url, found), found)


@dataclass
class Said:
    type_url: str
    names: tuple[str, ...]
    removed: tuple[str, ...] = ()

    def __repr__(self) -> str:
        gone = f", removed={list(self.removed)}" if self.removed else ""
        return f"{types.abbreviation(self.type_url)}{list(self.names)}{gone}"


Step = Callable[["Playbook"], None]


@dataclass
class Playbook:
    world: World
    protocol: Protocol = "delta"
    changes: Changes = field(default_factory=Changes)
    session: Session = field(init=False)
    waiting: list[Said] = field(default_factory=list)
    nonces: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reconnect()

    def reconnect(self) -> None:
        self.session = Session(self.protocol, self.world.resources, lambda _: "view", self.changes)
        self.nonces.clear()

    def __rshift__(self, step: Step) -> "Playbook":
        assert not self.waiting, f"the session also said {self.waiting}"
        step(self)
        self.listen()
        return self

    def __lshift__(self, expected: Said | None) -> "Playbook":
        if expected is None:
            assert not self.waiting, f"the session said {self.waiting}"
            return self
        assert self.waiting, f"the session did not say {expected}"
        assert self.waiting.pop(0) == expected
        return self

    def __bool__(self) -> bool:
        assert not self.waiting, f"the session also said {self.waiting}"
        return True

    def request(self, type_url: str, **fields: object) -> None:
        node = NODE if self.session.node is None else None
        self.session.receive(Request(type_url=type_url, node=node, **fields))

    def listen(self) -> None:
        is_quiet = self.session.is_quiet()
        said = self.session.respond()
        assert not (is_quiet and said)
        for response in said:
            self.nonces[response.type_url] = response.nonce
            self.waiting.append(self.parse(response.message))

    def parse(self, message: bytes) -> Said:
        """Read what was really said, with the protobuf library."""
        if self.protocol == "delta":
            response = discovery_pb2.DeltaDiscoveryResponse.FromString(message)
            for item in response.resources:
                assert item.version
                assert item.resource.type_url == response.type_url
            self.versions.update({item.name: item.version for item in response.resources})
            names = tuple(item.name for item in response.resources)
            removed = tuple(response.removed_resources)
            return Said(response.type_url, names, removed)
        response = discovery_pb2.DiscoveryResponse.FromString(message)
        table = self.world.contents.get(response.type_url, {})
        by_text = {text.encode(): name for name, text in table.items()}
        return Said(
            response.type_url,
            tuple(by_text.get(item.value, item.value.decode()) for item in response.resources),
        )


def says(type_url: str, *names: str, removed: tuple[str, ...] = ()) -> Said:
    return Said(type_url, names, removed)


nothing = None


def subscribe(type_url: str, *names: str, having: dict[str, str] | None = None) -> Step:
    """Subscribe; in state of the world to these names in place of any others."""

    def step(playbook: Playbook) -> None:
        if playbook.protocol == "delta":
            playbook.request(type_url, subscribe=names, initial_versions=having or {})
        else:
            playbook.names[type_url] = names
            playbook.request(type_url, names=names, nonce=playbook.nonces.get(type_url, ""))

    return step


def unsubscribe(type_url: str, *names: str) -> Step:
    return lambda playbook: playbook.request(type_url, unsubscribe=names)


def ack(type_url: str, nonce: str = "") -> Step:
    return nack(type_url, "", nonce)


def nack(type_url: str, error: str, nonce: str = "") -> Step:
    def step(playbook: Playbook) -> None:
        playbook.request(
            type_url,
            nonce=nonce or playbook.nonces[type_url],
            error=error,
            names=playbook.names.get(type_url, ()),
        )

    return step


def edit(type_url: str, **contents: str | None) -> Step:
    return lambda playbook: playbook.world.set(type_url, **contents) and None


def lift(playbook: Playbook) -> None:
    playbook.session.lift()


def reconnect(playbook: Playbook) -> None:
    playbook.reconnect()
