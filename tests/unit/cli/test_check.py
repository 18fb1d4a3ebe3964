"""`lateen check`: input, forms of output, thresholds, suppressions, exit codes."""

import json
from xml.etree import ElementTree as ET

import pytest
import yaml
from click.testing import CliRunner

from lateen.cli.__main__ import lateen
from lateen.cli.check_reports import as_github, as_sarif
from lateen.sources.documents import Texts

WRONG = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop, subset: v9}
"""
SHOP = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  ports: [{name: http, port: 80}]
"""
RELATIVE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec:
  host: shop
  trafficPolicy: {tls: {mode: SIMPLE}}
"""


@pytest.fixture
def check(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
        result = CliRunner().invoke(lateen, ["check", *arguments], standalone_mode=False)
        return (
            (result.return_value if result.exception is None else result.exception),
            result.stdout,
            result.stderr,
        )

    return call


def test_a_finding_shows_its_line_advice_and_page(check):
    code, out, err = check("a.yaml", "b.yaml", a=SHOP, b=WRONG)
    assert code == 1
    assert out == (
        "Error [IST0101] VirtualService default/shop (b.yaml:9): subset v9 of shop is not found: requests for it are answered 503\n"
        "    9 |     - destination: {host: shop, subset: v9}\n"
        "      |                                 ^\n"
        "  add a DestinationRule with host: shop.default.svc.cluster.local and subsets: - name: v9, labels: {version: v9}\n"
        "  see docs/reference/findings/IST0101.md\n"
    )
    assert err == "1 error\n"


def test_without_findings_it_says_so(check):
    assert check("a.yaml", a=SHOP) == (0, "", "no findings\n")


@pytest.mark.parametrize(("threshold", "code"), [("Error", 0), ("Warning", 1), ("info", 1)])
def test_the_threshold_decides_the_exit_code(check, threshold, code):
    assert check("a.yaml", "b.yaml", "--failure-threshold", threshold, a=SHOP, b=RELATIVE)[0] == code


@pytest.mark.parametrize(
    "suppression",
    [
        "IST0101=VirtualService shop.default",
        "IST0101=VirtualService default/*",
        "IST0101=*",
        "IST0101",
        "*=VirtualService *.default",
    ],
)
def test_a_finding_can_be_suppressed_by_flag(check, suppression):
    assert check("a.yaml", "b.yaml", "-S", suppression, a=SHOP, b=WRONG)[:2] == (0, "")


def test_a_suppression_of_another_object_leaves_the_finding(check):
    assert check("a.yaml", "b.yaml", "-S", "IST0101=VirtualService shop.other", a=SHOP, b=WRONG)[0] == 1


@pytest.mark.parametrize(
    ("codes", "code"), [("IST0101", 0), ("IST0173, IST0101", 0), ("*", 0), ("IST0109", 1)]
)
def test_a_finding_can_be_suppressed_by_annotation(check, codes, code):
    annotated = WRONG.replace(
        "  name: shop\n", f"  name: shop\n  annotations: {{galley.istio.io/analyze-suppress: '{codes}'}}\n"
    )
    assert check("a.yaml", "b.yaml", a=SHOP, b=annotated)[0] == code


def test_an_annotation_silences_what_is_wrong_with_an_object_alone(check):
    annotated = SHOP.replace("port: 80", "port: 80, protocol: HTTP")
    assert check("a.yaml", a=annotated)[0] == 1
    silent = annotated.replace(
        "{name: shop}", "{name: shop, annotations: {galley.istio.io/analyze-suppress: IST0106}}"
    )
    assert check("a.yaml", a=silent) == (0, "", "no findings\n")


def test_a_code_that_nobody_has_is_told(check):
    code, _, err = check("a.yaml", "-S", "IST9999=*", a=SHOP)
    assert (code, "there is no code IST9999" in err) == (0, True)


def test_findings_below_a_level_count_without_being_printed(check):
    code, out, _ = check(
        "a.yaml",
        "b.yaml",
        "--output-threshold",
        "error",
        "--failure-threshold",
        "warning",
        a=SHOP,
        b=RELATIVE,
    )
    assert (code, out) == (1, "")


def test_yaml_has_the_same_as_json(check):
    _, text, _ = check("a.yaml", "b.yaml", "-o", "yaml", a=SHOP, b=WRONG)
    assert yaml.safe_load(text) == json.loads(check("a.yaml", "b.yaml", "-o", "json", a=SHOP, b=WRONG)[1])


def test_junit_fails_what_reaches_the_threshold(check):
    _, out, _ = check("a.yaml", "b.yaml", "-o", "junit", a=SHOP, b=RELATIVE)
    suite = ET.fromstring(out)
    assert (suite.get("failures"), [one.tag for one in suite[0]]) == ("0", ["system-out"])


def test_text_without_a_file_has_no_place_in_reports():
    row = {"code": "IST0101", "level": "Error", "message": "no", "file": "<stdin>", "line": 3}
    assert as_github([row]) == "::error line=3,title=IST0101::no"
    assert "locations" not in json.loads(as_sarif([row]))["runs"][0]["results"][0]


def test_json_has_every_part(check):
    _, out, _ = check("a.yaml", "b.yaml", "-o", "json", a=SHOP, b=WRONG)
    [row] = json.loads(out)
    assert row["code"] == "IST0101"
    assert (row["file"], row["line"], row["column"]) == ("b.yaml", 9, 33)
    assert row["path"] == "spec.http[0].route[0].destination.subset"
    assert row["documentation"] == "docs/reference/findings/IST0101.md"


def test_json_without_findings_is_an_empty_list(check):
    assert json.loads(check("a.yaml", "-o", "json", a=SHOP)[1]) == []


def test_sarif_names_rule_and_region(check):
    _, out, _ = check("a.yaml", "b.yaml", "-o", "sarif", a=SHOP, b=WRONG)
    log = json.loads(out)
    [run] = log["runs"]
    assert (log["version"], run["tool"]["driver"]["rules"][0]["id"]) == ("2.1.0", "IST0101")
    [result] = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["level"], place["artifactLocation"]["uri"]) == ("error", "b.yaml")
    assert place["region"] == {"startLine": 9, "startColumn": 33}


def test_junit_has_a_failure_per_finding(check):
    suite = ET.fromstring(check("a.yaml", "b.yaml", "-o", "junit", a=SHOP, b=WRONG)[1].split("\n", 1)[1])
    assert suite.attrib["failures"] == "1"
    assert [case.find("failure").attrib["type"] for case in suite] == ["Error"]


def test_junit_without_findings_has_a_case_that_passed(check):
    suite = ET.fromstring(check("a.yaml", "-o", "junit", a=SHOP)[1].split("\n", 1)[1])
    assert [len(case) for case in suite] == [0]


def test_github_commands_name_the_place(check):
    _, out, _ = check("a.yaml", "b.yaml", "-o", "github", a=SHOP, b=WRONG)
    assert out.startswith(
        "::error file=b.yaml,line=9,col=33,title=IST0101::VirtualService default/shop: subset v9 of shop is"
    )


def test_github_commands_escape_what_they_must():
    row = {"code": "LAT0001", "level": "Info", "message": "50%\nleft", "file": "a,b:c.yaml", "line": 1}
    assert as_github([row]) == "::notice file=a%2Cb%3Ac.yaml,line=1,title=LAT0001::50%25%0Aleft"


def test_a_path_that_is_not_there_is_misuse(check):
    error, _, _ = check("nowhere.yaml")
    assert (error.exit_code, error.message) == (2, "nowhere.yaml: no such file or directory")


def test_a_directory_without_yaml_is_misuse(check, tmp_path):
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    (tmp_path / "empty" / "deeper" / "a.yaml").write_text(SHOP, "utf-8")
    error, _, _ = check("empty")
    assert error.exit_code == 2
    assert "-R looks into the directories below" in error.message
    assert check("empty", "-R")[0] == 0


@pytest.mark.parametrize("text", ["=x", "IST0101="])
def test_a_suppression_that_is_none_is_misuse(check, text):
    assert check("a.yaml", "-S", text, a=SHOP)[0].exit_code == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- 1\n- 2\n", "got a list"),
        ("a:\n\tb: 1\n", "indent with spaces"),
        ("kind: [\n", "LAT0001"),
        (SHOP + "---\n" + SHOP, "the object is already defined at a.yaml:1:1"),
    ],
)
def test_bad_text_is_named_with_its_place(check, text, words):
    code, out, _ = check("a.yaml", a=text)
    assert code == 1
    assert words in out
    assert "(a.yaml:" in out


def test_text_that_is_not_utf8_is_named(check, tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"a: \xff\n")
    code, out, _ = check("a.yaml")
    assert code == 1
    assert "the text is not UTF-8" in out


def test_the_line_of_a_secret_is_never_shown(check):
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  token: 'not base64!'\n"
    _, out, _ = check("a.yaml", a=secret)
    assert "not base64!" not in out


def test_all_codes_can_be_listed(check):
    assert "IST0101  Error    ReferencedResourceNotFound" in check("--codes")[1]


def test_without_a_path_it_judges_the_running_mesh(mesh, run):
    mesh.plane.apply(Texts().load([("b.yaml", WRONG)]))
    found = run("check", "-o", "json")
    assert found.exit_code == 1
    assert {(row["code"], row["name"]) for row in json.loads(found.stdout) if row["level"] == "Error"} == {
        ("IST0101", "shop")
    }
    assert run("check", "-S", "IST0101").exit_code == 0


def test_without_a_path_and_a_mesh_it_says_so(home, run):
    assert run("check").exit_code == 3


NAMELESS = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {namespace: default}\n"


@pytest.mark.parametrize("form", ["text", "json", "yaml", "sarif", "junit", "github"])
def test_an_object_without_a_name_is_named_as_far_as_it_can_be(check, form):
    code, output, _ = check("a.yaml", "-o", form, a=NAMELESS)
    assert code == 1
    assert "needs a name" in output


@pytest.mark.parametrize("form", ["text", "json", "junit", "github"])
def test_control_characters_are_spelt_out(check, form):
    text = WRONG.replace("  hosts:", '  "\\e[31m\\x01": 1\n  hosts:')
    _, output, _ = check("a.yaml", "-o", form, a=text)
    assert "x1b[31m" in output
    assert not set(output) & {"\x1b", "\x01"}
    if form == "junit":
        ET.fromstring(output)
