"""The query database: what is remembered, what is run again, and what a failure does."""

import gc
import sys
import weakref

import pytest

from lateen.engine import Database, deferred, entry_of, query, wave
from lateen.engine.cell import CycleError
from lateen.engine.counters import counts, reset, runs
from lateen.engine.explain import dependents, explain


@query
def parity(db: Database, name: str) -> int:
    return (db.read(name) or 0) % 2


@query
def word(db: Database, name: str) -> str:
    return "odd" if parity(db, name) else "even"


@query
def inverse(db: Database, name: str) -> float:
    return (db.read("numerator") or 1) / db.read(name)


@query
def guarded(db: Database, name: str) -> float | None:
    try:
        return inverse(db, name)
    except ZeroDivisionError:
        return None


@query
def follow(db: Database, name: str) -> str:
    """Follow facts that name other facts to the end."""
    further = db.read(name)
    return follow(db, further) if further else name


@query
def follow_or_give_up(db: Database, name: str) -> str:
    try:
        further = db.read(name)
        return follow_or_give_up(db, further) if further else name
    except CycleError:
        return "nowhere"


@query
def chain(db: Database, length: int) -> int:
    return sum(chain(db, length - 1) for _ in "1") + 1 if length else db.read("start")


@query
def meddle(db: Database) -> None:
    db.set("x", 1)


def test_an_answer_is_remembered():
    db = Database()
    db.set("x", 1)
    assert [word(db, "x"), word(db, "x"), word(db, "x")] == ["odd"] * 3
    assert counts(db)["test_database.word"] == 1


def test_an_equal_answer_stops_the_wave():
    db = Database()
    db.set("x", 1)
    word(db, "x")
    reset(db)
    db.set("x", 3)
    assert word(db, "x") == "odd"
    assert (counts(db).get("test_database.parity"), counts(db).get("test_database.word")) == (1, None)
    db.set("x", 4)
    assert word(db, "x") == "even"
    assert runs(db) == 3


def test_an_equal_fact_is_no_change():
    db = Database()
    db.set("x", (1, 2))
    revision = db.revision
    db.set("x", (1, 2))
    assert db.revision == revision


def test_an_unrelated_fact_runs_nothing():
    db = Database()
    db.set("x", 1)
    word(db, "x")
    reset(db)
    db.set("y", 1)
    word(db, "x")
    assert runs(db) == 0


def test_an_absent_fact_is_a_dependency_and_none_deletes():
    db = Database()
    assert word(db, "x") == "even"
    db.set("x", 1)
    assert word(db, "x") == "odd"
    db.set("x", None)
    assert word(db, "x") == "even"


def test_a_crash_is_remembered_until_what_it_read_changes():
    db = Database()
    db.set("x", 0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            inverse(db, "x")
    assert counts(db)["test_database.inverse"] == 1
    db.set("x", 4)
    assert inverse(db, "x") == 0.25


def test_a_remembered_crash_does_not_grow_a_traceback():
    db = Database()
    db.set("x", 0)

    def depth() -> int:
        with pytest.raises(ZeroDivisionError) as caught:
            inverse(db, "x")
        return len(caught.traceback)

    depth()
    assert depth() == depth()


def test_who_catches_a_crash_recovers_with_it():
    db = Database()
    db.set("x", 0)
    assert guarded(db, "x") is None
    db.set("x", 2)
    assert guarded(db, "x") == 0.5


def test_an_equal_crash_stops_the_wave():
    db = Database()
    db.set("x", 0)
    guarded(db, "x")
    reset(db)
    db.set("numerator", 5)
    assert guarded(db, "x") is None
    assert (counts(db)["test_database.inverse"], counts(db).get("test_database.guarded")) == (1, None)


def test_a_keyboard_interrupt_is_not_an_answer():
    db = Database()

    @query
    def interrupted(db: Database) -> int:
        if db.read("stop"):
            raise KeyboardInterrupt
        return 1

    db.set("stop", 1)
    with pytest.raises(KeyboardInterrupt):
        interrupted(db)
    with pytest.raises(KeyboardInterrupt):
        interrupted(db)
    assert counts(db)["test_database.interrupted"] == 2
    db.set("stop", None)
    assert interrupted(db) == 1


def test_a_cycle_is_an_error_that_names_the_path_wherever_it_is_entered():
    db = Database()
    for name, further in ("a", "b"), ("b", "c"), ("c", "b"):
        db.set(name, further)
    for name in "abc":
        with pytest.raises(CycleError, match=r"^follow\('b'\) → follow\('c'\) → follow\('b'\)$"):
            follow(db, name)
    db.set("c", None)
    assert [follow(db, name) for name in "abc"] == ["c", "c", "c"]


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_catching_a_cycle_does_not_make_the_answer_depend_on_the_order_of_asking(order):
    db = Database()
    db.set("a", "b")
    db.set("b", "a")
    for name in order:
        with pytest.raises(CycleError):
            follow_or_give_up(db, name)
    db.set("start", "a")
    assert follow_or_give_up(db, "start") == "nowhere"


def test_a_cycle_that_arises_while_old_answers_are_checked():
    db = Database()
    db.set("a", "b")
    assert follow(db, "a") == "b"
    db.set("b", "a")
    with pytest.raises(CycleError):
        follow(db, "a")
    db.set("unrelated", 1)
    with pytest.raises(CycleError):
        follow(db, "b")
    db.set("b", "c")
    assert follow(db, "a") == "c"


def test_a_cycle_that_is_closed_from_the_other_end():
    db = Database()
    db.set("b", "a")
    assert follow(db, "b") == "a"
    db.set("a", "b")
    with pytest.raises(CycleError):
        follow(db, "a")
    with pytest.raises(CycleError):
        follow(db, "b")


def test_a_chain_of_a_hundred_queries_fits_the_stack():
    db = Database()
    db.set("start", 1)
    assert sys.getrecursionlimit() <= 1000
    assert chain(db, 100) == 101
    db.set("start", 2)
    assert chain(db, 100) == 102


def test_a_stack_overflow_is_not_remembered():
    db = Database()
    db.set("start", 0)
    with pytest.raises(RecursionError):
        chain(db, 2000)
    for length in range(0, 2001, 50):
        assert chain(db, length) == length


def test_a_query_must_not_set_a_fact():
    with pytest.raises(RuntimeError, match=r"meddle\(\) is a query and must not set 'x'"):
        meddle(Database())


def test_a_fork_has_the_facts_and_none_of_the_edits():
    db = Database()
    db.set("x", 1)
    word(db, "x")
    other = db.fork()
    other.set("x", 2)
    assert (word(db, "x"), word(other, "x")) == ("odd", "even")


class Held:
    """Something of which one sees whether it is still in memory."""


@query
def holding(db: Database, name: str) -> Held:
    return Held() if word(db, name) else db.read(name)


@query
def above(db: Database, name: str) -> bool:
    return holding(db, name) is holding(db, "x")


def test_a_database_that_nobody_holds_is_gone_at_once():
    db = Database()
    db.set("x", 1)
    assert (above(db, "x"), above(db, "y")) == (True, False)
    answer, gone = weakref.ref(holding(db, "x")), weakref.ref(db)
    gc.collect()
    del db
    assert (gone(), answer()) == (None, None)


def test_sweeping_forgets_old_answers_and_deleted_facts():
    db = Database()
    db.set("x", 1)
    db.set("y", 1)
    word(db, "x")
    db.set("x", None)
    word(db, "y")
    assert db.sweep(before=db.revision) == 3  # word(x), parity(x) and the deleted fact
    assert sorted(str(cell) for cell in db) == ["'y'", "parity('y')", "word('y')"]
    db.set("x", 3)
    db.set("y", 2)
    assert (word(db, "x"), word(db, "y")) == ("odd", "even")


def test_sweeping_keeps_what_kept_answers_read():
    db = Database()
    assert word(db, "absent") == "even"
    assert db.sweep(before=db.revision) == 0
    db.set("absent", 1)
    assert word(db, "absent") == "odd"


def test_explain_names_the_facts_in_the_order_of_reading():
    db = Database()
    db.set("a", "b")
    explanation = explain(db, follow, "a")
    assert explanation.facts() == ("a", "b")
    assert list(explanation.lines()) == ["follow('a')", "  'a'", "  follow('b')", "    'b'"]


def test_explain_a_crash():
    db = Database()
    db.set("x", 0)
    assert explain(db, guarded, "x").facts() == ("numerator", "x")
    assert explain(db, inverse, "x").facts() == ("numerator", "x")


def test_dependents_are_the_answers_that_a_fact_reaches():
    db = Database()
    word(db, "x")
    word(db, "y")
    assert [str(question) for question in dependents(db, "x")] == ["parity('x')", "word('x')"]
    assert dependents(db, "never read") == ()


@query
def middle(db: Database, name: str) -> int:
    return parity(db, name)


@query
def switched(db: Database) -> int:
    """Read what is above `middle` only when told to."""
    return reader(db, 0) if db.read("switch") else 0


@query
def reader(db: Database, number: int) -> int:
    return middle(db, "x") * 10 + number


@query
def listener(db: Database, number: int) -> int:
    return switched(db) + number


@pytest.fixture
def hubs(monkeypatch):
    """A database in which `middle` and the lower `switched` are hubs, both of which wait for being checked."""
    monkeypatch.setattr(wave, "HUB", 2)
    db = Database()
    db.set("x", 0)
    assert [reader(db, number) for number in range(3)] == [0, 1, 2]
    assert [listener(db, number) for number in range(3)] == [0, 1, 2]
    reset(db)
    return db


def test_marks_stop_at_an_equal_answer_that_many_read(hubs):
    hubs.set("x", 2)
    hubs.settle()
    assert counts(hubs) == {"test_database.parity": 1}
    assert all(cell.fresh for cell in hubs)


def test_marks_go_on_above_an_answer_that_differs(hubs):
    hubs.set("x", 1)
    hubs.settle()
    assert {str(cell) for cell in hubs if not cell.fresh} == {f"reader({number})" for number in range(3)}
    assert [reader(hubs, number) for number in range(3)] == [10, 11, 12]


def test_a_query_that_reads_above_an_unsettled_answer_reads_what_is_right(hubs):
    hubs.set("x", 1)
    hubs.set("switch", 1)
    assert [listener(hubs, number) for number in range(3)] == [10, 11, 12]
    assert counts(hubs)["test_database.switched"] == counts(hubs)["test_database.middle"] == 1


def test_an_interrupted_settling_leaves_nothing_for_fresh(hubs):
    @query
    def interrupted(db: Database, name: str) -> int:
        if db.read("stop"):
            raise KeyboardInterrupt
        return middle(db, name)

    @query
    def above(db: Database, number: int) -> int:
        return interrupted(db, "x") + number

    assert [above(hubs, number) for number in range(3)] == [0, 1, 2]
    hubs.set("stop", 1)
    with pytest.raises(KeyboardInterrupt):
        hubs.settle()
    hubs.set("stop", None)
    hubs.set("x", 1)
    assert [above(hubs, number) for number in range(3)] == [1, 2, 3]


@query
def words(db: Database) -> dict[str, str]:
    return {name: word(db, name) for name in db.read("names")}


@entry_of(words)
def word_of(db: Database, name: str) -> str | None:
    return words(db).get(name)


@query
def shout(db: Database, name: str) -> str:
    return (word_of(db, name) or "none").upper()


def test_an_index_that_differs_reaches_only_who_finds_something_else(monkeypatch):
    monkeypatch.setattr(wave, "HUB", 2)
    db = Database()
    db.set("names", ("a", "b", "c"))
    assert [shout(db, name) for name in "abcd"] == ["EVEN", "EVEN", "EVEN", "NONE"]
    reset(db)
    db.set("b", 1)
    assert [shout(db, name) for name in "abcd"] == ["EVEN", "ODD", "EVEN", "NONE"]
    ran = {f"test_database.{name}": 1 for name in ("parity", "shout", "word", "words")}
    assert counts(db) == ran
    db.set("names", ("b", "c", "d"))
    assert [shout(db, name) for name in "abcd"] == ["NONE", "ODD", "EVEN", "EVEN"]


@deferred
def report(db: Database) -> int:
    return parity(db, "x")


@query
def line(db: Database, number: int) -> int:
    return report(db) * 10 + number


def test_what_is_deferred_is_not_computed_before_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(wave, "HUB", 2)
    db = Database()
    assert [line(db, number) for number in range(3)] == [0, 1, 2]
    reset(db)
    db.set("x", 1)
    db.settle()
    assert runs(db) == 0
    assert [line(db, number) for number in range(3)] == [10, 11, 12]
