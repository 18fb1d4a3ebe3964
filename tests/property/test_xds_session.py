"""Random conversations: a model of Envoy that accepts and rejects at random ends with exactly what the database says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lateen.compile import types
from lateen.compile.resource import resource
from lateen.xds.change import Changes
from lateen.xds.request import Node, Request
from lateen.xds.session import Session

CDS, EDS, LDS, RDS = types.CLUSTER, types.ENDPOINT, types.LISTENER, types.ROUTE
WILDCARD, NAMED = (CDS, LDS), (EDS, RDS)
NAMES = "abc"
ABSENT = None
BAD = "bad"


class Envoy:
    """What an Envoy keeps: what it was sent and accepted, whom it asked, what it has not answered."""

    def __init__(self, world, protocol):
        self.world, self.protocol = world, protocol
        self.changes = Changes()
        self.have = {type_url: {} for type_url in (*WILDCARD, *NAMED)}
        self.connect()

    def connect(self):
        self.session = Session(self.protocol, self.world.resources, lambda _: "view", self.changes)
        self.inbox, self.names, self.nonces = [], {EDS: set(), RDS: set()}, {}
        for type_url in WILDCARD:
            having = {name: version for name, (version, _) in self.have[type_url].items()}
            self.send(type_url, initial_versions=having if self.protocol == "delta" else {})

    def send(self, type_url, **fields):
        node = Node(id="n") if self.session.node is None else None
        self.session.receive(Request(type_url=type_url, node=node, **fields))
        self.listen()

    def listen(self):
        is_quiet = self.session.is_quiet()
        said = self.session.respond()
        assert not (is_quiet and said)
        for response in said:
            kept = {r.name: (r.version, r.body) for r in self.session._watches[response.type_url].sent}
            whole = self.protocol == "sotw" and response.type_url in WILDCARD
            self.inbox.append((response, {n: kept[n] for n in (kept if whole else response.names)}, whole))
            assert sum(r.type_url == response.type_url for r, *_ in self.inbox) == 1, "two under way"

    def answer(self, index):
        if not self.inbox:
            return
        # Envoy answers in order within a type; across types it may take its time.
        response, resources, whole = self.inbox.pop(index % len(self.inbox))
        type_url = response.type_url
        bad = [name for name, (_, body) in resources.items() if body == BAD.encode()]
        if not bad:
            if whole:
                self.have[type_url] = dict(resources)
            wanted = self.names.get(type_url, resources)  # what was given up meanwhile is not kept
            self.have[type_url].update({name: r for name, r in resources.items() if name in wanted})
            for name in response.removed:
                self.have[type_url].pop(name, None)
        elif type_url in WILDCARD:  # the good ones are taken
            self.have[type_url].update({n: r for n, r in resources.items() if n not in bad})
            for name in response.removed:
                self.have[type_url].pop(name, None)
            if whole:
                self.have[type_url] = {n: r for n, r in self.have[type_url].items() if n in resources}
        error = "; ".join(f"{name}: no" if type_url in WILDCARD else "no" for name in bad)
        self.nonces[type_url] = response.nonce
        self.send(type_url, nonce=response.nonce, error=error, names=self.wanted(type_url))

    def wanted(self, type_url):
        return tuple(sorted(self.names.get(type_url, ()))) if self.protocol == "sotw" else ()

    def toggle(self, type_url, name):
        """Ask for a name, or give it up."""
        leaving = name in self.names[type_url]
        self.names[type_url] ^= {name}
        if leaving:
            self.have[type_url].pop(name, None)
        if self.protocol == "sotw":
            nonce = self.session._watches[type_url].nonce if type_url in self.session._watches else ""
            if any(r.type_url == type_url for r, *_ in self.inbox):
                return  # it tells with the next acknowledgement
            self.send(type_url, nonce=nonce, names=self.wanted(type_url))
        elif leaving:
            self.send(type_url, unsubscribe=(name,))
        else:
            self.send(type_url, subscribe=(name,))

    def drain(self):
        for _ in range(500):
            self.listen()
            if not self.inbox:
                return
            self.answer(0)
        raise AssertionError("the conversation does not end")


class World:
    def __init__(self):
        self.tables = {type_url: {} for type_url in (*WILDCARD, *NAMED)}
        self.answers = {}

    def resources(self, type_url, view, names):
        assert view == "view"
        found = tuple(
            resource(name, body.encode())
            for name, body in sorted(self.tables[type_url].items())
            if names is None or name in names
        )
        return self.answers.setdefault((type_url, found), found)


type_urls = st.sampled_from((*WILDCARD, *NAMED))
steps = st.one_of(
    st.tuples(st.just("edit"), type_urls, st.sampled_from(NAMES), st.sampled_from(["1", "2", BAD, ABSENT])),
    st.tuples(st.just("answer"), st.integers(0, 3)),
    st.tuples(st.just("answer"), st.integers(0, 3)),
    st.tuples(st.just("toggle"), st.sampled_from(NAMED), st.sampled_from(NAMES)),
    st.tuples(st.just("push")),
    st.tuples(st.just("reconnect")),
    st.tuples(st.just("lift")),
)


def play(script, protocol):
    world = World()
    envoy = Envoy(world, protocol)
    for step in script:
        match step:
            case ("edit", type_url, name, body):
                table = world.tables[type_url]
                table.pop(name, None) if body is ABSENT else table.update({name: body})
            case ("answer", index):
                envoy.answer(index)
            case ("toggle", type_url, name):
                envoy.toggle(type_url, name)
            case ("push",):
                envoy.listen()
            case ("lift",):
                envoy.session.lift()
            case ("reconnect",):
                envoy.have[EDS], envoy.have[RDS] = {}, {}
                envoy.connect()
    envoy.drain()
    for table in world.tables.values():  # what is bad is repaired, so that nothing stands in the way any more
        table.update({name: "good" for name, body in table.items() if body == BAD})
    envoy.drain()
    return world, envoy


@settings(max_examples=400, deadline=None)
@given(st.lists(steps, max_size=40), st.sampled_from(["delta", "sotw"]))
def test_envoy_ends_with_what_the_database_says(script, protocol):
    world, envoy = play(script, protocol)
    lingering = any(name not in world.tables[RDS] for name in envoy.names[RDS] & envoy.have[RDS].keys())
    for type_url in WILDCARD:
        have = {name: body.decode() for name, (_, body) in envoy.have[type_url].items()}
        table = world.tables[type_url]
        if type_url == CDS and lingering:  # clusters stay while an old route is still named
            assert table.items() <= have.items()
        else:
            assert have == table
    for type_url in NAMED:
        have = {name: body.decode() for name, (_, body) in envoy.have[type_url].items()}
        expected = {n: b for n, b in world.tables[type_url].items() if n in envoy.names[type_url]}
        assert {name: body for name, body in have.items() if name in world.tables[type_url]} == expected


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=40), st.sampled_from(["delta", "sotw"]))
def test_a_settled_session_has_nothing_more_to_say(script, protocol):
    _, envoy = play(script, protocol)
    assert envoy.session.settled
    assert envoy.session.respond() == ()
    assert all(not state.rejections for state in envoy.session.state().types)
