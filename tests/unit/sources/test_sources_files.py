"""Which files are opened when they are read again."""

import os
import time
from pathlib import Path

import pytest

from lateen.api import codes
from lateen.sources.files import TICK_NS, Files, Paths
from lateen.sources.yaml import decode_text

SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {}\nspec:\n  ports:\n  - port: {}\n"
OLD = 10**9  # seconds since 1970


@pytest.fixture
def opened(monkeypatch):
    """The last names of the files that were read."""
    names = []

    def note(raw, name):
        names.append(Path(name).name)
        return decode_text(raw, name)

    monkeypatch.setattr("lateen.sources.files.decode_text", note)
    return names


class Clock:
    """The reader's clock."""

    ahead = 10 * TICK_NS
    """How much later than now it is: long after everything was written."""

    def time_ns(self):
        return time.time_ns() + self.ahead


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("lateen.sources.files.time", clock)
    return clock


@pytest.fixture
def mesh(tmp_path, clock):
    for name in "abc":
        (tmp_path / f"{name}.yaml").write_text(SERVICE.format(name, 1))
    return tmp_path


def ports(load):
    return {obj.meta.name: obj.spec.ports[0].port for obj in load.objects}


def test_files_that_look_as_they_did_are_not_opened(mesh, opened):
    files = Files(Paths((str(mesh),)))
    files.load()
    assert opened == ["a.yaml", "b.yaml", "c.yaml"]
    (mesh / "b.yaml").write_text(SERVICE.format("b", 2))
    assert ports(files.load()) == {"a": 1, "b": 2, "c": 1}
    (mesh / "a.yaml").unlink()
    (mesh / "d.yaml").write_text(SERVICE.format("d", 3))
    assert ports(files.load()) == {"b": 2, "c": 1, "d": 3}
    assert opened[3:] == ["b.yaml", "d.yaml"]


def test_a_change_that_leaves_size_and_time_is_seen(mesh):
    """Programs that copy files keep their times."""
    files = Files(Paths((str(mesh),)))
    os.utime(mesh / "a.yaml", (OLD, OLD))
    files.load()
    (mesh / "a.yaml").write_text(SERVICE.format("a", 2))
    os.utime(mesh / "a.yaml", (OLD, OLD))
    assert ports(files.load())["a"] == 2


def test_a_file_that_was_just_written_is_opened_again(mesh, clock, opened):
    """Its next change may come before the file system's clock ticks."""
    clock.ahead = -TICK_NS
    files = Files(Paths((str(mesh),)))
    files.load()
    files.load()
    assert opened == ["a.yaml", "b.yaml", "c.yaml"] * 2


def test_only_what_is_said_to_have_changed_is_looked_at(mesh, opened):
    files = Files(Paths((str(mesh),)))
    files.load()
    for name in "ab":
        (mesh / f"{name}.yaml").write_text(SERVICE.format(name, 2))
    assert ports(files.load(frozenset({str(mesh / "a.yaml")}))) == {"a": 2, "b": 1, "c": 1}
    assert opened[3:] == ["a.yaml"]
    assert ports(files.load()) == {"a": 2, "b": 2, "c": 1}


def test_files_that_come_and_go_are_listed_anew(mesh):
    files = Files(Paths((str(mesh),)))
    files.load()
    (mesh / "aa.yaml").write_text(SERVICE.format("a", 2))
    load = files.load(frozenset({str(mesh / "aa.yaml")}))
    assert [entry.ref.name for entry in load.entries] == ["a", "b", "c"]
    assert [str(one.where) for one in load.findings] == [f"{mesh / 'aa.yaml'}:4:3"]
    (mesh / "a.yaml").unlink()
    load = files.load(frozenset({str(mesh / "a.yaml")}))
    assert (ports(load), load.findings) == ({"a": 2, "b": 1, "c": 1}, ())


def test_changed_files_are_known_by_relative_paths_too(mesh, monkeypatch, opened):
    monkeypatch.chdir(mesh)
    for path in (".", "a.yaml", "./a.yaml"):
        files = Files(Paths((path,)))
        files.load()
        del opened[:]
        (mesh / "a.yaml").write_text(SERVICE.format("a", len(path) + 1))
        assert ports(files.load(frozenset({str(mesh / "a.yaml")})))["a"] == len(path) + 1
        assert opened == ["a.yaml"], path


def test_what_cannot_be_read_is_still_said_when_another_file_changes(mesh):
    (mesh / "c.yaml").unlink()
    files = Files(Paths((str(mesh / "c.yaml"), str(mesh / "a.yaml"))))
    assert [one.code for one in files.load().findings] == [codes.UNREADABLE]
    load = files.load(frozenset({str(mesh / "a.yaml")}))
    assert [one.code for one in load.findings] == [codes.UNREADABLE]
    assert load.broken == {str(mesh / "c.yaml")}
