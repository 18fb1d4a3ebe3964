"""`lateen.diff` and `lateen.ask`: the same answers as the commands, as typed values."""

from pathlib import Path

import lateen
from support.reviews import REVIEWS, documents

MESH = documents(
    REVIEWS,
    """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec: {hosts: [reviews], http: [{timeout: 1s, route: [{destination: {host: reviews}}]}]}
""",
)


def test_what_changes_is_a_typed_report() -> None:
    report: lateen.Report = lateen.diff(MESH, MESH.replace("1s", "2s"))
    (seen,) = report.seen
    assert seen.change.differences[0] == ("timeout", "1s", "2s")
    assert seen.clients == ("any sidecar in namespace default",)
    assert str(seen.causes[0].ref) == "VirtualService default/reviews"
    assert lateen.diff(MESH, MESH).seen == ()


def test_paths_and_settings_count(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MESH)
    assert lateen.diff(tmp_path, [tmp_path, "\n"]).seen == ()
    assert lateen.diff(tmp_path, MESH, mesh_config={"accessLogFile": "/dev/stdout"}).seen == ()


def test_a_mesh_of_files_is_asked(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MESH)
    found = lateen.ask((str(tmp_path),)).send("GET", "http://reviews:9080/", source="app")
    assert (found.host, found.fields["timeout"]) == ("reviews.default.svc.cluster.local", "1s")
