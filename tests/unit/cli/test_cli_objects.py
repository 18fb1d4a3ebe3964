"""get, describe, apply and delete against a mesh without workloads."""

import json
import re

import pytest
import yaml
from click.shell_completion import ShellComplete

from lateen.cli.__main__ import lateen

BROKEN = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts: [reviews]
  http:
  - route: [{destination: {host: reviews, subset: v1}}]
    timeot: 3s
"""
DANGLING = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts: [reviews]
  http:
  - route:
    - destination:
        host: reviews
        subset: v9
"""
GOOD = DANGLING.replace("v9", "v1")
NEW = GOOD.replace("name: reviews", "name: another").replace("hosts: [reviews]", "hosts: [ratings]")


@pytest.fixture
def file(tmp_path):
    def write(text, name="rules.yaml"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


def subset(run):
    return json.loads(run("get", "vs", "reviews", "-o", "json").stdout)["spec"]["http"][-1]["route"][0][
        "destination"
    ]["subset"]


def without_ages(text):
    return re.sub(r"\b\d+s\b", "0s", text)


def test_get_prints_the_columns_of_the_kind(mesh, run):
    found = run("get", "vs")
    assert found.exit_code == 0
    assert without_ages(found.stdout) == (
        "NAME       GATEWAYS               HOSTS         AGE\n"
        'bookinfo   ["bookinfo-gateway"]   ["*"]         0s\n'
        'reviews                           ["reviews"]   0s\n'
    )
    assert found.stderr == ""


def test_get_several_kinds_and_all_namespaces(mesh, run):
    found = without_ages(run("get", "gw,vs", "-A").stdout)
    assert found.startswith(
        "NAMESPACE   NAME                                           AGE\n"
        "default     gateway.networking.istio.io/bookinfo-gateway   0s\n\nNAMESPACE"
    )


def test_get_names(mesh, run):
    assert run("get", "vs/reviews", "svc/ratings", "-o", "name").stdout == (
        "virtualservice.networking.istio.io/reviews\nservice/ratings\n"
    )


def test_get_by_labels(mesh, run):
    assert (
        run("get", "svc", "-l", "app in (ratings, details),service!=details", "-o", "name").stdout
        == "service/ratings\n"
    )


def test_get_yaml_is_the_document_as_it_was_written_and_can_be_applied_again(mesh, run, file):
    text = run("get", "vs", "reviews", "-o", "yaml").stdout
    assert yaml.safe_load(text)["spec"]["http"][0]["match"] == [{"headers": {"end-user": {"exact": "jason"}}}]
    assert run("apply", "-f", file(text)).stdout == "virtualservice.networking.istio.io/reviews unchanged\n"


def test_service_shows_its_address(mesh, run):
    assert re.search(
        r"^ratings +ClusterIP +10\.96\.\d+\.\d+ +<none> +9080/TCP ", run("get", "svc").stdout, re.MULTILINE
    )


def test_wide_says_where_an_object_is_written(mesh, run):
    assert re.search(r"^reviews .* rules\.yaml:2$", run("get", "vs", "-o", "wide").stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("get", "vs", "revews"), 1, "not found in namespace default; did you mean reviews?"),
        (("get", "virtualservce"), 2, "did you mean virtualservice?"),
        (("get",), 2, "name a kind"),
        (("get", "vs/a", "b"), 2, "KIND/NAME"),
        (("get", "vs", "-l", "a=b=c d"), 1, "is no label selector"),
        (("delete", "vs"), 2, "--all"),
        (("apply",), 2, "-f FILE"),
        (("apply", "-f", "/nowhere.yaml"), 1, "/nowhere.yaml: no such file or directory"),
        (("aply",), 2, "Did you mean 'apply'?"),
    ],
)
def test_mistakes_end_with_words_and_a_code(mesh, run, arguments, code, words):
    found = run(*arguments)
    assert (found.exit_code, found.stdout) == (code, "")
    assert words in found.stderr
    assert "Traceback" not in found.stderr


def test_no_mesh_has_a_code_of_its_own(home, run):
    found = run("get", "vs", "--mesh", "other")
    assert found.exit_code == 3
    assert found.stderr == "error: no mesh 'other' is running; start one with: lateen up\n"


def test_another_running_mesh_is_named(mesh, run):
    assert "running: default (choose with --mesh)" in run("get", "vs", "--mesh", "other").stderr


def test_apply_says_what_became_of_each_object(mesh, run, file):
    first = run("apply", "-f", file(GOOD + "---" + NEW))
    assert first.exit_code == 0
    assert first.stdout == (
        "virtualservice.networking.istio.io/reviews configured\nvirtualservice.networking.istio.io/another created\n"
    )
    assert (
        run("apply", "-f", "-", text=GOOD).stdout == "virtualservice.networking.istio.io/reviews unchanged\n"
    )
    assert subset(run) == "v1"


def test_a_broken_object_refuses_all_and_the_last_good_state_stays(mesh, run, file):
    name = file(NEW + "---" + BROKEN)
    found = run("apply", "-f", name)
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr == (
        f"Error [IST0106] VirtualService default/reviews ({name}:22): "
        "unknown field timeot in spec.http[0] [spec.http[0].timeot]\n  did you mean timeout?\nnothing was changed\n"
    )
    assert subset(run) == "v3"
    assert run("get", "vs", "another").exit_code == 1


def test_something_missing_is_reported_and_the_object_applied(mesh, run, file):
    name = file(DANGLING)
    found = run("apply", "-f", name)
    assert found.exit_code == 0
    assert found.stderr.startswith(
        f"Error [IST0101] VirtualService default/reviews ({name}:12): subset v9 of reviews is not found"
    )
    assert "version: v9" in found.stderr
    assert subset(run) == "v9"


def test_strict_refuses_something_missing(mesh, run, file):
    found = run("apply", "--strict", "-f", file(DANGLING))
    assert (found.exit_code, found.stdout) == (1, "")
    assert "subset v9 of reviews is not found" in found.stderr
    assert found.stderr.endswith("nothing was changed\n")
    assert subset(run) == "v3"


def test_dry_run_changes_nothing(mesh, run, file):
    found = run("apply", "--dry-run", "-f", file(GOOD + "---" + NEW))
    assert found.exit_code == 0
    assert found.stdout.splitlines() == [
        "virtualservice.networking.istio.io/reviews configured (dry run)",
        "virtualservice.networking.istio.io/another created (dry run)",
    ]
    assert subset(run) == "v3"


def test_apply_reads_directories(mesh, run, file, tmp_path):
    (tmp_path / "below").mkdir()
    file(NEW, "below/new.yaml")
    assert "-R looks into the directories below" in run("apply", "-f", str(tmp_path)).stderr
    assert (
        run("apply", "-R", "-f", str(tmp_path)).stdout
        == "virtualservice.networking.istio.io/another created\n"
    )


def test_apply_into_a_namespace(mesh, run, file):
    run("apply", "-n", "other", "-f", file(NEW))
    assert (
        run("get", "vs", "-n", "other", "-o", "name").stdout == "virtualservice.networking.istio.io/another\n"
    )


def test_delete_by_name_file_and_label(mesh, run, file):
    assert run("delete", "vs", "reviews").stdout == "virtualservice.networking.istio.io/reviews deleted\n"
    assert run("delete", "vs", "reviews").exit_code == 1
    assert run("delete", "vs", "reviews", "--ignore-not-found").exit_code == 0
    run("apply", "-f", file(NEW))
    assert run("delete", "-f", file(NEW)).stdout == "virtualservice.networking.istio.io/another deleted\n"
    assert run("delete", "svc", "-l", "app=ratings").stdout == "service/ratings deleted\n"
    assert run("delete", "dr", "--all").exit_code == 0
    assert run("get", "dr").stderr == "No resources found in default namespace.\n"


def test_what_a_deletion_breaks_is_reported(mesh, run):
    found = run("delete", "dr", "reviews")
    assert found.exit_code == 0
    assert "VirtualService default/reviews (rules.yaml:" in found.stderr
    assert "subset v2 of reviews is not found" in found.stderr


def test_describe_tells_the_routes_in_words(mesh, run):
    text = run("describe", "vs", "reviews").stdout
    assert "Written in:  rules.yaml:2 (applied)\n" in text
    assert (
        "Routes, in order:\n"
        "  1. when header end-user is jason: to reviews subset v2\n"
        "  2. every other request: to reviews subset v3\n"
    ) in text


def test_describe_shows_findings(mesh, run, file):
    run("apply", "-f", file(DANGLING))
    assert "Findings:\n  Error [IST0101]" in run("describe", "vs/reviews").stdout


def test_completion_offers_kinds_and_the_running_mesh_s_names(mesh):
    complete = ShellComplete(lateen, {}, "lateen", "_LATEEN_COMPLETE")
    assert "virtualservices" in [one.value for one in complete.get_completions(["get"], "virt")]
    assert [one.value for one in complete.get_completions(["get", "vs"], "")] == ["bookinfo", "reviews"]
    assert "lonely.other" in [one.value for one in complete.get_completions(["logs"], "")]


def test_completion_is_silent_without_a_mesh(home):
    complete = ShellComplete(lateen, {}, "lateen", "_LATEEN_COMPLETE")
    assert complete.get_completions(["get", "vs"], "") == []
