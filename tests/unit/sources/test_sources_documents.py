import io
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lateen.api import codes
from lateen.api.finding import Level
from lateen.api.meta import Ref
from lateen.sources import documents
from lateen.sources.documents import Texts
from lateen.sources.files import Files, Paths
from lateen.sources.memory import from_text, from_values

SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {}\nspec:\n  ports:\n  - port: {}\n"


def names(load):
    return [entry.ref.name for entry in load.entries]


def test_findings_name_file_line_and_column():
    text = SERVICE.format("a", 80) + "---\n" + SERVICE.format("b", "x")
    load = from_text(text, "f.yaml")
    [finding] = load.findings
    assert (str(finding.where), finding.path, finding.ref) == (
        "f.yaml:15:5",
        "spec.ports[0].port",
        Ref("Service", "default", "b"),
    )
    assert [entry.object is None for entry in load.entries] == [False, True]


def test_positions_in_lists():
    text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: a\n  spec:\n    ports: 5\n"
    [finding] = from_text(text, "f").findings
    assert (str(finding.where), finding.path) == ("f:9:5", "spec.ports")


def test_duplicates_name_both_places_and_the_first_stays():
    load = from_text(SERVICE.format("a", 80) + "---\n" + SERVICE.format("a", 81), "f")
    [finding] = load.findings
    assert (finding.code, finding.level, str(finding.where)) == (codes.DUPLICATE, Level.ERROR, "f:12:3")
    assert "f:1:1" in finding.message
    assert [obj.spec.ports[0].port for obj in load.objects] == [80]


def test_default_namespace_makes_duplicates_too():
    load = from_text(
        SERVICE.format("a", 80) + "---\n" + SERVICE.format("a\n  namespace: shop", 81), namespace="shop"
    )
    assert [finding.code for finding in load.findings] == [codes.DUPLICATE]


def test_unchanged_documents_are_the_same_objects_wherever_they_move():
    texts = Texts()
    before = texts.load([("f", SERVICE.format("a", 80) + "---\n" + SERVICE.format("b", 80))])
    after = texts.load([("f", SERVICE.format("new", 1) + "---\n" + SERVICE.format("b", 80))])
    assert after.entries[1].object is before.entries[1].object
    assert after.entries[1].origin.position("kind").line == 10


def test_one_broken_document_leaves_the_others():
    load = from_text(SERVICE.format("a", 80) + "---\na: [\n---\n" + SERVICE.format("b", 80), "f")
    assert names(load) == ["a", "b"]
    assert load.broken == {"f"}
    assert [finding.where.line for finding in load.findings] == [9]


def test_foreign_kinds_are_noted_and_not_entered():
    load = from_text("apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}")
    assert load.entries == ()
    assert [finding.level for finding in load.findings] == [Level.INFO]
    assert load.broken == frozenset()


def test_objects_from_values():
    value = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}
    assert names(from_values([value, value | {"metadata": {"name": "b"}}])) == ["a", "b"]


def test_files_directories_and_recursion(tmp_path):
    (tmp_path / "b.yml").write_text(SERVICE.format("b", 80))
    (tmp_path / "a.yaml").write_text(SERVICE.format("a", 80))
    (tmp_path / "c.json").write_text('{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "c"}}')
    (tmp_path / "notes.txt").write_text("a: [")
    (tmp_path / ".hidden.yaml").write_text("a: [")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "d.yaml").write_text(SERVICE.format("d", 80))
    assert names(Files(Paths((str(tmp_path),))).load()) == ["a", "b", "c"]
    assert names(Files(Paths((str(tmp_path),), recursive=True)).load()) == ["a", "b", "c", "d"]
    assert names(Files(Paths((str(tmp_path / "b.yml"), str(tmp_path)))).load()) == ["b", "a", "c"]


def test_standard_input_is_read_once(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SERVICE.format("a", "x").encode())))
    files = Files(Paths(("-",)))
    assert str(files.load().findings[0].where) == "<stdin>:7:5"
    assert files.load() == files.load()


def test_missing_and_undecodable_files_are_findings(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(b"\xff\xff")
    load = Files(Paths((str(tmp_path / "none.yaml"), str(bad)))).load()
    assert [finding.code for finding in load.findings] == [codes.UNREADABLE, codes.SYNTAX]
    assert load.broken == {str(tmp_path / "none.yaml"), str(bad)}


def test_secret_text_is_not_in_syntax_findings():
    load = from_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  password: hunter2: x\n"
    )
    assert load.findings
    assert "hunter2" not in repr(load.findings)


MANIFEST = (
    SERVICE.format("a", 80)
    + """---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, labels: &labels {app: x}}
spec:
  hosts: [reviews]
  http:
  - match:
    - sourceLabels: *labels
    route:
    - destination: {host: reviews}
    timeout: 5s
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {a: "hunter2"}
"""
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_text_is_objects_or_findings_with_a_place(data):
    text = MANIFEST
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 12))
        text = (
            text[:start]
            + data.draw(st.text(alphabet=" \n\t:-[]{}&*'\"a5%é", max_size=6))
            + text[start + length :]
        )
    load = from_text(text, "f")
    lines = text.count("\n") + 1
    for finding in load.findings:
        assert finding.where.file == "f"
        assert 1 <= finding.where.line <= lines


def test_expectations_beside_the_configuration_are_no_objects():
    load = Texts().load([("tests.yaml", "expectations:\n- {request: GET http://a/}\n---\ntestCases: []\n")])
    assert (load.entries, load.findings) == ((), ())
    load = Texts().load([("tests.yaml", "expectation: []\n")])
    assert [finding.code for finding in load.findings] == ["IST0106"]


def test_documents_that_stay_beside_one_that_changes_are_the_same_objects() -> None:
    """Whether they are alike, lists, moved to another file, or have findings."""
    texts = Texts()
    items = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
        f"- {{apiVersion: v1, kind: Service, metadata: {{name: {name}}}}}\n" for name in "xz"
    )
    warned = SERVICE.format("w", 1) + "  selectr: {}\n"
    own, changed, other = (f"---\n{SERVICE.format(*one)}" for one in (("b", 1), ("b", 2), ("c", 1)))
    stay = "".join(f"---\n{text}" for text in (SERVICE.format("a", 1), SERVICE.format("a", 1), items, warned))
    before = texts.load([("f", own + stay), ("g", other)])
    after = texts.load([("f", changed + other), ("h", stay)])
    first, second = ({entry.ref.name: entry.object for entry in load.entries} for load in (before, after))
    assert second.keys() == first.keys()
    assert [name for name in first if first[name] is not second[name]] == ["b"]
    codes_of = [[(one.code, one.ref and one.ref.name) for one in load.findings] for load in (before, after)]
    assert codes_of[0] == codes_of[1] == [(codes.DUPLICATE, "a"), (codes.MISSPELT, "w")]


def test_the_entries_of_a_text_that_stays_the_same_are_kept() -> None:
    texts = Texts()
    document = "apiVersion: v1\nkind: Service\nmetadata: {{name: {}}}\nspec: {{ports: [{{port: 80}}]}}\n"
    first = texts.load([("a", document.format("a")), ("b", document.format("b"))])
    second = texts.load([("a", document.format("a")), ("b", "# moved\n" + document.format("b"))])
    assert second.entries[0] is first.entries[0]
    assert second.entries[1] is not first.entries[1]
    assert second.entries[1].origin.position("metadata.name").line == 4


def test_short_documents_are_read_once_wherever_they_stand() -> None:
    text = "---\n" + SERVICE.format("a", 80)
    [one], [other] = (from_text(before + text).entries for before in ("", "#\n"))
    assert other.object is one.object
    assert [str(entry.origin.position("kind")) for entry in (one, other)] == ["<memory>:3:1", "<memory>:4:1"]
    elsewhere = from_text(text, namespace="shop")
    assert elsewhere.entries[0].ref == Ref("Service", "shop", "a"), "the namespace is part of what is read"
    assert one.ref == Ref("Service", "default", "a")


@pytest.mark.parametrize("kind", ["Secret", '"\\u0053ecret"', "&kind Secret", '"Sec\\\n  ret"'])
def test_secrets_are_not_remembered(kind: str) -> None:
    text = f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\nstringData: {{password: hunter2}}\n"
    documents._recently_read.cache_clear()
    [entry] = from_text(text).entries
    assert entry.ref.kind == "Secret"
    assert documents._recently_read.cache_info().currsize == 0


def test_what_is_remembered_is_bounded() -> None:
    for number in range(documents.RECENT + 10):
        from_text(f"# {number}\n" + SERVICE.format("a", 80))
    assert documents._recently_read.cache_info().currsize == documents.RECENT
    documents._recently_read.cache_clear()
    from_text("#" * documents.SHORT + "\n" + SERVICE.format("a", 80))
    assert documents._recently_read.cache_info().currsize == 0, "long ones are not kept"
