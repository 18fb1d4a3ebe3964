"""What a mesh leaves behind, what it survives, and two of them side by side."""

import json
import os
import signal

import pytest
from running import RunningMesh, client, deployment, service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

SMALL = client() + service("web") + deployment("web-v1", "web", "v1")


def pid_of(mesh: RunningMesh, workload: str, column: str) -> int:
    rows = json.loads(mesh.ok("status", "-o", "json"))["workload_rows"]
    return next(row[column] for row in rows if row["pod"].startswith(workload))


def test_kill_9_of_the_parent_leaves_nothing(unprivileged):
    mesh = RunningMesh("up", unprivileged=unprivileged, files={"mesh.yaml": SMALL}).wait_ready()
    parent = int((mesh.home / "s" / "default" / "lock").read_text())
    os.kill(parent, signal.SIGKILL)
    mesh.process.wait(10)
    mesh.close()  # fails when a process is left


def test_down_stops_and_the_same_name_starts_again(unprivileged):
    with RunningMesh("up", unprivileged=unprivileged, files={"mesh.yaml": SMALL}) as mesh:
        mesh.ok("down")
        assert mesh.process.wait(10) == 0
        assert not list((mesh.home / "s" / "default").rglob("*.sock"))
        assert mesh.lateen("status").returncode == 3
        mesh.process = mesh.start(["up", str(mesh.config)])
        mesh.until(lambda: mesh.lateen("status").returncode == 0, 15)


def test_two_meshes_side_by_side(unprivileged):
    with RunningMesh("up", unprivileged=unprivileged, files={"mesh.yaml": SMALL}) as mesh:
        second = mesh.start(["up", "--mesh", "two", str(mesh.config)])
        mesh.until(lambda: mesh.lateen("exec", "--mesh", "two", "client", "--", "true").returncode == 0, 15)
        assert mesh.names("client", "http://web:8080/") == {"web-v1": 1}
        refused = mesh.lateen("up", "--mesh", "two")
        assert refused.returncode == 3
        assert "already running" in refused.stderr
        mesh.ok("down", "--mesh", "two")
        assert second.wait(10) == 0
        assert mesh.names("client", "http://web:8080/") == {"web-v1": 1}


def test_a_dead_application_leaves_and_returns_and_a_dead_proxy_is_restarted(unprivileged):
    with RunningMesh("up", unprivileged=unprivileged, files={"mesh.yaml": SMALL}) as mesh:
        second = deployment("web-v2", "web", "v2")
        mesh.write(
            "second.yaml", second.replace('"web-v2", "8080"', f'"web-v2", "8080", "{mesh.home}/started"')
        )
        url = "http://web:8080/"
        mesh.until(lambda: len(mesh.names("client", url, "-n", "12")) == 2, 10)
        os.kill(pid_of(mesh, "web-v2", "pid"), signal.SIGKILL)
        mesh.until(lambda: set(mesh.names("client", url, "-n", "12")) == {"web-v1"}, 10)
        mesh.until(lambda: len(mesh.names("client", url, "-n", "12")) == 2, 15)
        proxy = pid_of(mesh, "client", "proxy_pid")
        os.kill(proxy, signal.SIGKILL)
        mesh.until(lambda: pid_of(mesh, "client", "proxy_pid") not in (0, proxy), 10)
        mesh.until(lambda: mesh.names("client", url, "-n", "1").total() == 1, 10)
        mesh.until(lambda: set(mesh.names("client", url, "-n", "4")) <= {"web-v1", "web-v2"}, 10)


def test_an_edit_of_a_deployment_is_rolled_out_without_a_failed_request(unprivileged):
    with RunningMesh("up", unprivileged=unprivileged, files={"mesh.yaml": SMALL}) as mesh:
        import threading

        found = []
        url = "http://web:8080/delay/0.01"
        load = threading.Thread(
            target=lambda: found.append(mesh.names("client", url, "-n", "600", "-c", "2"))
        )
        load.start()
        mesh.write("mesh.yaml", SMALL.replace('"web-v1", "8080"', '"web-new", "8080"'))
        mesh.until(lambda: set(mesh.names("client", "http://web:8080/", "-n", "4")) == {"web-new"}, 20)
        load.join()
        assert set(found[0]) <= {"web-v1", "web-new"}, found
