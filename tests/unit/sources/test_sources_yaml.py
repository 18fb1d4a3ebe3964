import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lateen.api import codes
from lateen.api.finding import Finding, Position
from lateen.sources.yaml import LIMIT, Document, decode_text, moved, parse, position, split


def value(text):
    parsed = parse(text)
    assert parsed.findings == ()
    return parsed.value


def problem(text):
    parsed = parse(text)
    assert parsed.value is None
    [finding] = parsed.findings
    assert finding.code == codes.SYNTAX
    return finding.where.line, finding.where.column, finding.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", True), ("On", True), ("y", True), ("N", False), ("off", False), ("yES", "yES"), ("null", None), ("~", None),
        ("010", 8), ("0o17", 15), ("0o", "0o"), ("-0O", "-0O"), ("0x1F", 31), ("0b101", 5), ("1_000", 1000), ("-7", -7), ("08", 8.0), ("00", 0),
        ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("1.2.3", "1.2.3"), ("+", "+"), ("-", [None]),
        ("12:30", "12:30"), ("1:30:00", "1:30:00"), ("2020-01-01", "2020-01-01"), ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("'yes'", "yes"), ('"5"', "5"), ("!!str 5", "5"), ("!!int '5'", 5), ("18446744073709551616", 18446744073709551616.0),
        ("1__0", 10), ("٣", "٣"), ("_1", "_1"),
    ],
)  # fmt: skip
def test_scalars_as_kubernetes_reads_them(text, expected):
    found = value(f"a: {text}")["a"] if text != "-" else value("a:\n-")["a"]
    assert found == expected
    assert type(found) is type(expected)


def test_keys_are_texts():
    assert value("1: a\ntrue: b\n~: c\n1.5: d") == {"1": "a", "true": "b", "null": "c", "1.5": "d"}


def test_anchors_and_merge_keys():
    text = "base: &b {k: 1, l: 2}\nmore: &m {k: 9, z: 3}\na: {<<: *b, l: 5}\nb: {<<: [*b, *m], w: 0}\nc: *b"
    found = value(text)
    assert found["a"] == {"k": 1, "l": 5}
    assert found["b"] == {"k": 1, "l": 2, "z": 3, "w": 0}
    assert found["c"] == {"k": 1, "l": 2}


def test_duplicate_keys_are_all_reported():
    parsed = parse("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")
    assert parsed.value is None
    assert [(found.where.line, found.where.column, found.message) for found in parsed.findings] == [
        (4, 3, "the key c is set twice in one mapping"),
        (5, 1, "the key a is set twice in one mapping"),
    ]
    assert [found.where.line for found in parse('{"a": 1,\n"a": 2}').findings] == [2]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a:\n\tb: 1", 2, "cannot start any token"),
        ("a: 'x", 1, "unexpected end"),
        ("a: [1, 2", 1, "did not find"),
        ("a: b: c", 1, "mapping values"),
        ("a: *x", 1, "undefined alias"),
        ("ok: 1\n? [a]\n: b", 2, "key must be a text"),
        ("a: !!python/object:os.system x", 1, "unknown tag"),
        ("a: 1\nb: \x01", 2, "U+0001"),
        ("a: {<<: 5}", 1, "<< needs a mapping"),
        ("a: &a [*a]", 1, "contains itself"),
        ("a: 1\nb: .inf", 2, ".inf is not a finite number"),
        ("a: 1e999", 1, "1e999 is not a finite number"),
        ('{"a": 1e999}', 1, "1e999 is not a finite number"),
        ("[" * 100_000, 1, "nested more than"),
        ("- " * 5_000 + "x", 1, "nested more than"),
        ('{"a":' * 100_000, 1, "nested more than"),
    ],
)
def test_broken_texts(text, line, words):
    found = problem(text)
    assert found[0] == line
    assert words in found[2]


def test_billion_laughs_stop_early():
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    lines += [f"{name}: &{name} [{','.join(['*' + before] * 9)}]" for before, name in pairwise("abcdefghi")]
    assert problem("\n".join(lines))[2] == "aliases expand to too much"


def test_advice():
    assert "spaces" in parse("a:\n\tb: 1").findings[0].suggestion
    assert "template" in parse("a: {{ .Values.a }}").findings[0].suggestion


def test_json_keeps_its_escapes_and_its_tabs():
    text = '\t{"a": "\\u00e9\\ud83d\\ude00\\/",\n\t"b": [1, 1.5, null]}'
    assert value(text) == {"a": "é😀/", "b": [1, 1.5, None]}


def test_documents_and_their_lines():
    text = "# head\n\n---\na: 1\n--- # second\nb: |\n  ---\n  text\n---\n---\n# nothing\n...\n---\r\nc: 3\r\n...\nd: 4\n"
    documents = list(split(text, "f"))
    assert [(document.line, value(document.text)) for document in documents] == [
        (3, {"a": 1}),
        (5, {"b": "---\ntext\n"}),
        (13, {"c": 3}),
        (16, {"d": 4}),
    ]
    assert list(split("", "f")) == list(split("---\n# x\n---\n", "f")) == []


def test_directives_stay_with_their_document():
    assert [value(document.text) for document in split("%YAML 1.1\n---\na: 1\n---\nb: 2", "f")] == [
        {"a": 1},
        {"b": 2},
    ]


def test_document_on_the_separators_line():
    assert [value(document.text) for document in split("--- {a: 1}\n--- {b: 2}\n", "f")] == [
        {"a": 1},
        {"b": 2},
    ]


def test_bytes_of_a_file():
    assert decode_text("ä: 1".encode("utf-8-sig"), "f") == "ä: 1"
    assert decode_text("ä: 1".encode("utf-16"), "f") == "ä: 1"
    bad = decode_text(b"a: 1\nb: \xff", "f")
    assert isinstance(bad, Finding)
    assert (bad.where, bad.message) == (Position("f", 2), "the text is not UTF-8")
    large = decode_text(b"x" * (LIMIT + 1), "f")
    assert isinstance(large, Finding)
    assert large.code == codes.UNREADABLE


DOCUMENT = Document(
    "f.yaml",
    10,
    """---
kind: VirtualService
metadata:
  labels:
    app.kubernetes.io/name: x
    app: y
spec:
  base: &base
    merged: 1
  http:
  - match:
    - headers:
        x-user: {exact: a}
    per_try_timeout: 5
    <<: *base
  -
    name: second
""",
)


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        ("", 11, 1),
        ("kind", 11, 1),
        ("metadata.labels[app.kubernetes.io/name]", 14, 5),
        ("metadata.labels.app.kubernetes.io/name", 14, 5),
        ("metadata.labels.app", 15, 5),
        ("metadata.name", 12, 1),
        ("spec.http", 19, 3),
        ("spec.http[0]", 20, 5),
        ("spec.http[0].match[0].headers[x-user].exact", 22, 18),
        ("spec.http[0].match[0].headers[x-user].prefix", 22, 9),
        ("spec.http[0].perTryTimeout", 23, 5),
        ("spec.http[0].merged", 18, 5),
        ("spec.http[1].name", 26, 5),
        ("spec.http[7].name", 19, 3),
        ("spec.nothing.at.all", 16, 1),
    ],
)
def test_positions(path, line, column):
    assert position(DOCUMENT, path) == Position("f.yaml", line, column)


def test_position_in_a_broken_document():
    assert position(Document("f", 4, "a: ["), "a.b") == Position("f", 4)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"#%@` \n\t0.<~?,\\\x00é\ufeff"), max_size=60))
def test_any_text_is_values_or_findings(text):
    for document in split(text, "f"):
        parsed = parse(document.text)
        for finding in parsed.findings:
            assert moved(finding, document).where.line >= document.line
        assert position(document, "spec.a[0].b").line >= document.line


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_json_reads_as_json(expected):
    text = json.dumps({"a": expected})
    assert value(text) == {"a": expected}
