"""What the runner of docs/ takes for true, and what not."""

from pathlib import Path

import pytest

from support.docs_output import begins, matches
from support.docs_page import parse, replaced

PAGE = """# Lesson

```yaml file=a.yaml
kind: A
```

```console until within=3
$ echo one &&
> echo two
one
two
$ true
```

```console terminal=mesh
later
^C
stopped
```

```sh
not for us
```
"""


def test_blocks_and_their_options():
    file, console, terminal = parse(PAGE).blocks
    assert (file.options["file"], file.lines) == ("a.yaml", ("kind: A",))
    assert console.options == {"until": "", "within": "3"}
    assert [(step.command, step.output) for step in console.steps] == [
        ("echo one &&\necho two", ("one", "two")),
        ("true", ()),
    ]
    assert [(step.command, step.output) for step in terminal.steps] == [
        ("", ("later",)),
        ("^C", ("stopped",)),
    ]


def test_other_outputs_are_written_where_they_belong():
    page = parse(PAGE)
    first, second = page.blocks[1].steps
    text = replaced(page, {first.first: (first, ["1", "2", "3"]), second.first: (second, ["new"])})
    assert "> echo two\n1\n2\n3\n$ true\nnew\n```" in text
    assert replaced(page, {}) == PAGE


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (["a"], ["a"]),
        (["a …"], ["a b c"]),
        (["…", "b"], ["a", "a", "b"]),
        (["a", "…"], ["a"]),
        (["in force after 9 ms"], ["in force after 120 ms"]),
        (["x   38s"], ["x   4m2s"]),
        (["ready in 0.6 s: 7"], ["ready in 1.4 s: 7"]),
        (["NAME   AGE"], ["NAME     AGE"]),
    ],
)
def test_the_same(expected, actual):
    assert matches(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ([], ["a"]),
        (["a"], []),
        (["a"], ["b"]),
        (["a"], ["a", "b"]),
        (["…", "b"], ["a", "b", "c"]),
        (["a … c"], ["a b d"]),
        (["7 of 7 proxies after 9 ms"], ["6 of 7 proxies after 9 ms"]),
        (["200"], ["2000"]),
    ],
)
def test_not_the_same(expected, actual):
    assert not matches(expected, actual)


def test_numbers_within_a_distance():
    assert matches(["   50 v1", "   50 v3"], ["   47 v1", "   53 v3"], within=3)
    assert not matches(["   50 v1", "   50 v3"], ["   46 v1", "   54 v3"], within=3)
    assert not matches(["   50 v1", "   50 v3"], ["   50 v1"], within=3)
    assert matches(["504 after 0.51"], ["504 after 0.6"], within=0.4)
    assert not matches(["504 after 0.51"], ["200 after 0.6"], within=0.4)


def test_what_a_terminal_shows_is_compared_from_the_beginning():
    assert begins(["…", "ready"], ["a", "ready", "more"]) == 2
    assert begins(["…", "ready"], ["a"]) is None
    assert begins([], ["a"]) == 0


def test_a_page_whose_mesh_does_not_start_is_left(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "support"))
    from docs_runner import Reader

    page = parse("```console terminal=one\n$ echo no\nyes\n```\n\n```console\n$ touch done\n```\n")
    reader = Reader(page, tmp_path, {})
    reader.read()
    assert reader.wrong == ["line 2: does not start; the rest was left out"]
    assert not (tmp_path / "done").exists()


def test_what_differs_is_shown_with_the_status(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "support"))
    from docs_runner import Reader, difference

    page = parse("```text file=a\none\n```\n\n```console\n$ cat a\ntwo\n$ exit 3\n```\n")
    reader = Reader(page, tmp_path, {})
    reader.read()
    shown = difference(Path("page.md"), page, reader)
    assert "-two\n+one\n" in shown
    assert "line 8: exit 3\n  ends with status 3" in shown
