"""Random edit scripts: what a long-lived database answers equals what a fresh one computes from the same facts."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lateen.engine import Database, entry_of, query, wave
from lateen.engine.cell import CycleError

NODES = 4
EXAMPLES = 500
HUBS = (1, 2, wave.HUB)


@pytest.fixture(autouse=True, params=HUBS)
def hub(request, monkeypatch):
    """Let marks stop at answers with few readers, too: the graphs here are small."""
    monkeypatch.setattr(wave, "HUB", request.param)


@query
def total(db: Database, node: int) -> int:
    """Sum a graph that is made of facts: edges that may be cyclic, weights that may be poison."""
    weight = db.read(("weight", node)) or 0
    if weight == 6:
        raise ValueError(weight)
    return weight + sum(total(db, child) for child in db.read(("edges", node)) or ())


@query
def heavy(db: Database) -> dict[int, int]:
    """An index, which crashes where a weight is poison."""
    weights = {node: db.read(("weight", node)) or 0 for node in range(NODES)}
    return {node: 12 // (6 - weight) for node, weight in weights.items() if weight > 2}


@entry_of(heavy)
def heaviness(db: Database, node: int) -> int | None:
    return heavy(db).get(node)


@query
def capped(db: Database, node: int) -> int:
    return min(total(db, node), 3) + (heaviness(db, (node + 1) % NODES) or 0)


@query
def forgiving(db: Database, node: int) -> int:
    """Catch whatever comes from below, and ask upwards again: circles through a catcher."""
    try:
        return capped(db, node) + sum(forgiving(db, child) for child in db.read(("loose", node)) or ())
    except (ArithmeticError, ValueError, CycleError):
        return -1


@query
def selected(db: Database) -> tuple[int, ...]:
    return tuple(node for node in range(NODES) if (db.read(("weight", node)) or 0) < (db.read("limit") or 4))


@query
def summary(db: Database) -> tuple[int, ...]:
    return tuple(forgiving(db, node) for node in selected(db))


QUESTIONS = [
    *((fn, (node,)) for fn in (total, heaviness, capped, forgiving) for node in range(NODES)),
    (selected, ()),
    (summary, ()),
]

nodes = st.integers(0, NODES - 1)
edges = st.lists(nodes, max_size=2, unique=True).map(tuple)
edits = st.one_of(
    st.tuples(st.tuples(st.just("weight"), nodes), st.one_of(st.none(), st.integers(0, 6))),
    st.tuples(st.tuples(st.sampled_from(["edges", "loose"]), nodes), st.one_of(st.none(), edges)),
    st.tuples(st.just("limit"), st.one_of(st.none(), st.integers(0, 6))),
)
asks = st.integers(0, len(QUESTIONS) - 1)
sweeps = st.tuples(st.just("sweep"), st.integers(0, 5))
scripts = st.lists(st.one_of(edits, edits, asks, asks, sweeps), max_size=30)


def outcome(db, question):
    fn, args = question
    try:
        return fn(db, *args)
    except (ArithmeticError, ValueError) as error:
        return repr(error)
    except CycleError:
        return "cycle"


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scripts)
def test_incremental_equals_from_scratch(script):
    db, facts = Database(), {}
    for step in script:
        match step:
            case int():
                outcome(db, QUESTIONS[step])
            case ("sweep", age):
                db.sweep(before=db.revision - age)
            case (fact, value):
                db.set(fact, value)
                facts[fact] = value
    fresh = Database()
    for fact, value in facts.items():
        fresh.set(fact, value)
    for question in QUESTIONS:
        assert outcome(db, question) == outcome(fresh, question), question


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(edits, max_size=12), st.permutations(range(len(QUESTIONS))))
def test_the_order_of_asking_does_not_matter(script, order):
    one, other = Database(), Database()
    for fact, value in script:
        one.set(fact, value)
        other.set(fact, value)
    straight = [outcome(one, question) for question in QUESTIONS]
    shuffled = {number: outcome(other, QUESTIONS[number]) for number in order}
    assert straight == [shuffled[number] for number in range(len(QUESTIONS))]
