"""What others on the machine can see of a mesh, and what it leaves in its state directory."""

import stat

import pytest
from running import RunningMesh, client, deployment

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

VALUE = "a-value-nobody-prints"
SECRET = f"""
apiVersion: v1
kind: Secret
metadata: {{name: cred}}
stringData: {{password: {VALUE}}}
---"""


def open_to_others(mesh: RunningMesh) -> list[str]:
    """Files, sockets and directories that group or others may use; etc is laid over /etc, where everybody reads."""
    found = (mesh.home / "s" / "default").rglob("*")
    return [str(path) for path in found if path.lstat().st_mode & 0o077 and path.parent.name != "etc"]


def test_files_are_the_owners_and_secrets_are_not_printed(unprivileged):
    with RunningMesh(
        "up", unprivileged=unprivileged, files={"m.yaml": SECRET + client() + deployment("w", "w", "v1")}
    ) as mesh:
        state = mesh.home / "s" / "default"
        assert open_to_others(mesh) == []
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        for arguments in (("-o", "yaml"), ("-o", "json")):
            shown = mesh.ok("get", "secret", "cred", *arguments)
            assert VALUE not in shown
            assert "password" in shown
        assert VALUE in mesh.ok("get", "secret", "cred", "-o", "yaml", "--show-secrets")
        assert (
            mesh.lateen("apply", "-f", "-", text=mesh.ok("get", "secret", "cred", "-o", "yaml")).returncode
            == 1
        )
        files = [path for path in state.rglob("*") if path.is_file()]
        assert [str(path) for path in files if VALUE.encode() in path.read_bytes()] == []
        mesh.ok("down")
        assert mesh.process.wait(15) == 0
        assert [path for path in state.rglob("*") if path.is_socket()] == []


@pytest.mark.parametrize("home", ["/proc/nowhere", "/dev/null"])
def test_an_unusable_state_directory_is_named(unprivileged, home):
    with RunningMesh("up", unprivileged=unprivileged, files={"m.yaml": client()}) as mesh:
        environment = mesh.environment
        mesh.environment = lambda: {**environment(), "LATEEN_HOME": home}
        done = mesh.lateen("up")
        bad = mesh.lateen("exec", "--mesh", "A/..", "x", "--", "true")
        mesh.environment = environment
        assert (done.returncode, home in done.stderr, "LATEEN_HOME" in done.stderr) == (1, True, True)
        assert (bad.returncode, "bug" in bad.stderr) == (2, False), bad.stderr


BINARY = """
apiVersion: v1
kind: Secret
metadata: {name: binary}
data: {RAW: /////w==}
---
apiVersion: v1
kind: Pod
metadata: {name: bytes}
spec: {containers: [{name: app, command: [sh, -c, 'printenv RAW | od -An -tx1; sleep 1000'], envFrom: [{secretRef: {name: binary}}]}]}
---"""


def test_a_secret_that_is_no_text_reaches_its_program_and_harms_no_mesh(unprivileged):
    with RunningMesh("up", unprivileged=unprivileged, files={"m.yaml": BINARY}) as mesh:
        mesh.until(lambda: "ff ff ff ff 0a" in mesh.lateen("logs", "bytes").stdout, 10, mesh.text)
