"""The plumbing of one machine, with static sidecars and no control plane: as root and as an ordinary user alike."""

import asyncio
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pod_programs import ESCAPES, MARKED, NO_NAMESPACES, PARENT, RENAMED, RESOLVE, STUBBORN
from pods import (
    DEADLINE_SECONDS,
    POLL_SECONDS,
    PORT,
    accepts,
    get,
    mesh,
    python,
    read,
    serve,
    sidecar,
    start,
    until,
)
from unprivileged import REPOSITORY, is_root, run_unprivileged

from lateen.local.border import Border, BorderError, PortTakenError
from lateen.local.border_config import Entrance
from lateen.local.capture import PROXY_MARK
from lateen.local.dns import HOST_NAME, Names, NameServer
from lateen.local.dns_names import table
from lateen.local.dns_upstream import Upstream
from lateen.local.etc_files import search_domains
from lateen.local.warden_client import HOST, MESH, Pod, Warden, WardenError, WardenLostError

pytestmark = pytest.mark.e2e

PASSWD, HOSTS = (Path("/etc", name).read_text() for name in ("passwd", "hosts"))

NAMES = Names(
    table(
        {
            name: (address,)
            for short, address in (("reviews", "10.96.0.10"), ("ratings", "10.96.0.11"))
            for name in (short, f"{short}.default", f"{short}.default.svc.cluster.local")
        }
    ),
    search=lambda _: search_domains("default"),
)


def run(work: Callable[[Warden], Coroutine[Any, Any, None]], state: Path, *pods: str) -> None:
    async def main() -> None:
        async with mesh(state, pods) as warden:
            await work(warden)

    asyncio.run(main())


@contextmanager
def host_server(address: str) -> Iterator[int]:
    """A web server on the host; its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"the host")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer((address, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def host_address() -> str:
    """An address of the host that is not loopback; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            pytest.skip("the host has no network")
        return str(probe.getsockname()[0])


def test_a_call_goes_through_both_sidecars(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        names = await NameServer.start(warden, NAMES, Upstream(tmp_path / "none"))
        await asyncio.gather(
            serve(warden, "reviews-v1"), *(sidecar(warden, pod) for pod in await warden.pods())
        )
        for host in ("10.96.0.10", "reviews", "reviews.default", "REVIEWS.default.svc.cluster.local"):
            answer = await get(warden, "productpage-v1", f"http://{host}:{PORT}/")
            assert answer.startswith('200 inbound,reviews {"server": "reviews-v1", "peer": "127.0.0.6"'), (
                answer
            )
        # By the pod's own address: past the client's services, not past the server's sidecar.
        assert (await get(warden, "productpage-v1", f"http://10.244.0.11:{PORT}/")).startswith(
            "200 inbound {"
        )
        # A call to oneself: through both proxies by the service's address, through none otherwise.
        assert (await get(warden, "reviews-v1", f"http://reviews:{PORT}/")).startswith(
            "200 inbound,reviews {"
        )
        assert (await get(warden, "reviews-v1", f"http://127.0.0.1:{PORT}/")).startswith("200  {")
        assert (await get(warden, "reviews-v1", f"http://10.244.0.11:{PORT}/")).startswith("200  {")
        await names.close()

    run(work, tmp_path, "productpage-v1", "reviews-v1")


def test_names(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        names = await NameServer.start(warden, NAMES, Upstream(tmp_path / "none"))
        assert await python(warden, "a", RESOLVE, "ratings") == "['10.96.0.11']\n"
        assert await python(warden, "a", RESOLVE, HOST_NAME) == "['10.244.0.2']\n"
        assert await python(warden, "a", RESOLVE, "a") == "['10.244.0.10']\n"
        assert await python(warden, "a", RESOLVE, "localhost") == "['127.0.0.1']\n"
        assert "Name or service not known" in await python(warden, "a", RESOLVE, "nobody.example")
        names.names = NAMES._replace(lookup=table({"ratings.default.svc.cluster.local": ("10.96.0.99",)}))
        assert await python(warden, "a", RESOLVE, "ratings") == "['10.96.0.99']\n"
        await names.close()

    run(work, tmp_path, "a")


@pytest.mark.parametrize(("role", "capabilities"), [("app", 0), ("proxy", 1 << 12), ("border", 0)])
def test_what_a_program_is_left_with(tmp_path: Path, role: Any, capabilities: int) -> None:
    async def work(warden: Warden) -> None:
        status = await python(warden, "a", "print(open('/proc/self/status').read())", role=role)
        wanted = f"{capabilities:016x}"
        assert dict(re.findall(r"^(Cap\w+):\s+(\w+)$", status, re.MULTILINE)) == dict.fromkeys(
            ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), wanted
        )
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
        me = f"{os.getuid()} {os.getgid()}"
        assert await python(warden, "a", "import os; print(os.getuid(), os.getgid())", role=role) == f"{me}\n"

    run(work, tmp_path, "a")


def test_an_application_has_no_way_around(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        assert await python(warden, "a", ESCAPES) == ""
        assert await python(warden, "a", ESCAPES, role="proxy") == "mark\ndelete rules\n"

    run(work, tmp_path, "a")


def test_only_the_mark_passes_capture(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        await asyncio.gather(serve(warden, "reviews"), sidecar(warden, "reviews"))
        # No sidecar runs in this pod: what is captured finds nobody.
        target = ("10.244.0.11", str(PORT))
        assert await python(warden, "client", MARKED, *target, "0") == "ConnectionRefusedError\n"
        assert await python(warden, "client", MARKED, *target, str(PROXY_MARK)) == "PermissionError\n"
        marked = await python(warden, "client", MARKED, *target, str(PROXY_MARK), role="proxy")
        assert marked == "b'HTTP/1.1 200'\n"

    run(work, tmp_path, "client", "reviews")


def test_a_pod_has_a_name_low_ports_and_an_etc_of_its_own(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        code = "import socket; socket.socket().bind(('', 80)); print(socket.gethostname())"
        assert await python(warden, "reviews-v1", code) == "reviews-v1\n"
        assert "nameserver 10.244.0.1\n" in await read(warden, "reviews-v1", "cat", "/etc/resolv.conf")
        assert await read(warden, "reviews-v1", "cat", "/etc/passwd") == PASSWD
        assert await read(warden, HOST, "cat", "/etc/hosts") == HOSTS

    run(work, tmp_path, "reviews-v1")


def test_programs_end_as_they_should(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        output = tmp_path / "log"
        assert await (await start(warden, "a", ["sh", "-c", "exit 7"], output)).wait() == 7
        with pytest.raises(WardenError, match="cannot run /nonexistent: No such file"):
            await start(warden, "a", ["/nonexistent"], output)
        with pytest.raises(WardenError, match="no pod named b"):
            await start(warden, "b", ["true"], output)
        stubborn = await start(warden, "a", [sys.executable, "-c", STUBBORN, "here"], output)
        await until(lambda: _contains(output, "up\nup\nup\n"))
        assert await stubborn.terminate(grace=0.1) == -signal.SIGKILL
        assert await _programs_in(warden, "a") == 0

    run(work, tmp_path, "a")


def test_a_command_has_a_limit_that_is_told(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        argv = [sys.executable, "-c", "import os; print(len(os.environ['BIG']))"]
        process = await start(warden, "a", argv, tmp_path / "log", env={"BIG": "x" * 100_000})
        assert await process.wait() == 0
        assert (tmp_path / "log").read_text() == "100000\n"
        with pytest.raises(WardenError, match="spawn: the request does not fit"):
            await start(warden, "a", argv, tmp_path / "log", env={"BIG": "x" * 1_000_000})
        assert await warden.pods() == ("a",)

    run(work, tmp_path, "a")


def test_a_terminal_becomes_the_controlling_one(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        ours, theirs = os.openpty()
        argv = ["sh", "-c", "echo through /dev/tty > /dev/tty"]
        stdio, environment = (theirs, theirs, theirs), dict(os.environ)
        process = await warden.spawn("a", argv, env=environment, stdio=stdio, terminal=True)
        assert await process.wait() == 0
        assert os.read(ours, 100) == b"through /dev/tty\r\n"
        process = await warden.spawn("a", argv, env=environment, stdio=stdio)
        assert await process.wait() != 0
        os.close(ours)
        os.close(theirs)

    run(work, tmp_path, "a")


def test_a_pods_etc_holds_while_the_host_replaces_its_own(tmp_path: Path) -> None:
    argv = [
        sys.executable,
        "-c",
        RENAMED,
        str(tmp_path),
        str(REPOSITORY / "src"),
        str(REPOSITORY / "tests/e2e"),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "held\n", done.stderr


def test_a_removed_pod_takes_everything_and_its_address_is_free_at_once(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        for _ in range(3):
            await warden.make_pod(Pod("b", "10.244.0.99"))
            server = await serve(warden, "b", 80)
            away = await start(warden, "b", [sys.executable, "-c", STUBBORN, "away"], tmp_path / "log")
            answer = await get(warden, "a", "http://10.244.0.99/")
            assert answer.startswith('200  {"server": "b"'), answer
            await warden.remove_pod("b")
            assert {await server.wait(), await away.wait()} == {-signal.SIGKILL}
            assert await warden.pods() == ("a",)

    async def main() -> None:
        async with mesh(tmp_path) as warden:
            await warden.make_pod(Pod("a", "10.244.0.10"))
            await work(warden)

    asyncio.run(main())


def test_the_bridge_keeps_its_ethernet_address_when_pods_go(tmp_path: Path) -> None:
    show = "import fcntl,socket;s=socket.socket();print(fcntl.ioctl(s,0x8927,b'%s'.ljust(40,b'\\0'))[18:24].hex())"

    async def work(warden: Warden) -> None:
        async def address() -> str:
            return await python(warden, MESH, show % "mesh0")

        before = await address()
        for number in range(40, 48):
            await warden.make_pod(Pod(f"p{number}", f"10.244.0.{number}"))
            assert await address() == before
        for number in range(40, 48):
            await warden.remove_pod(f"p{number}")
            assert await address() == before

    run(work, tmp_path)


def test_two_meshes_side_by_side(tmp_path: Path) -> None:
    async def main() -> None:
        async with mesh(tmp_path / "one", ["same"]) as one, mesh(tmp_path / "two", ["same", "more"]) as two:
            await serve(one, "same")
            assert not await accepts(two, "same", PORT)
            await one.close()
            assert await two.pods() == ("more", "same")
            await serve(two, "same")

    asyncio.run(main())


def test_the_way_in(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        await warden.make_pod(Pod("gateway", "10.244.0.50"))
        await asyncio.gather(serve(warden, "gateway", 80), serve(warden, "gateway", 81))
        first, second = _free_ports(2)
        border = await Border.start(warden, [Entrance(first, (("10.244.0.50", 80),))])
        assert await _fetch(first) == "gateway"
        both = [Entrance(first, (("10.244.0.50", 81),)), Entrance(second, (("10.244.0.50", 80),))]
        await border.publish(both)
        assert [await _fetch(first), await _fetch(second)] == ["gateway", "gateway"]
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(PortTakenError, match=f"127.0.0.1:{port} cannot be listened on"):
                await border.publish([*both, Entrance(port, (("10.244.0.50", 80),))])
        assert await _fetch(first) == "gateway"
        # Refused by Envoy only: two entrances of one port. The old ones stay.
        with pytest.raises(BorderError, match=r"does not take its settings: .*uplicate"):
            await border.publish([*both, both[0]._replace(destinations=())])
        await until(lambda: _serve_both(first, second))
        await border.publish(both[1:])
        with pytest.raises(ConnectionRefusedError):
            await _fetch(first)
        assert await _fetch(second) == "gateway"
        for name in (f"in-127.0.0.1-{second}", "exit"):
            assert (tmp_path / "border" / name).stat().st_mode & 0o777 == 0o600
        await border.close()
        with pytest.raises(ConnectionRefusedError):
            await _fetch(second)

    run(work, tmp_path)


def test_the_way_out(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        names = await NameServer.start(warden, NAMES, Upstream(tmp_path / "none"))
        border = await Border.start(warden)
        await sidecar(warden, "a")
        address = host_address()
        with host_server("127.0.0.1") as loopback, host_server(address) as world:
            assert await get(warden, "a", f"http://{HOST_NAME}:{loopback}/") == "200  the host\n"
            assert await get(warden, "a", f"http://{address}:{world}/") == "200  the host\n"
            # The host's loopback under any other address is the pod's own, or nothing.
            assert (await get(warden, "a", f"http://127.0.0.1:{loopback}/")).startswith("refused")
            assert (await get(warden, "a", f"http://{address}:{loopback}/")).startswith("refused")
            # Addresses of the mesh that nobody has do not lead out.
            assert (await get(warden, "a", f"http://10.96.7.7:{world}/")).startswith("refused")
        await border.close()
        await names.close()

    run(work, tmp_path, "a")


def test_a_border_envoy_that_dies_comes_back(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        await warden.make_pod(Pod("gateway", "10.244.0.50"))
        await serve(warden, "gateway", 80)
        (port,) = _free_ports(1)
        border = await Border.start(warden, [Entrance(port, (("10.244.0.50", 80),))])
        for pid in border.pids:
            os.kill(pid, signal.SIGKILL)

        async def back() -> bool:
            try:
                return await _fetch(port) == "gateway"
            except OSError:
                return False

        await until(back)
        await border.close()

    run(work, tmp_path)


def test_a_lost_warden_is_told(tmp_path: Path) -> None:
    async def work(warden: Warden) -> None:
        process = await start(warden, "a", ["sleep", "1000"], tmp_path / "log")
        # The sleeping program's parent, seen from the host, is the warden.
        os.kill(_parent(process.pid), signal.SIGKILL)
        assert await asyncio.wait_for(process.wait(), DEADLINE_SECONDS) == -signal.SIGKILL
        assert warden.lost.is_set()
        with pytest.raises(WardenLostError):
            await warden.pods()
        await until(lambda: _gone({process.pid}))

    run(work, tmp_path, "a")


def test_killing_the_parent_leaves_nothing(tmp_path: Path) -> None:
    marker = f"LATEEN_TEST_MARKER={tmp_path}"
    paths = [str(REPOSITORY / "src"), str(REPOSITORY / "tests/e2e")]
    environment = dict([*os.environ.items(), marker.split("=", 1)])
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "m"), *paths],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        family = _descendants(parent.pid)
        # Watcher, warden, two border Envoys, a sidecar, and the three of STUBBORN.
        assert len(family) == 8
        networks = {network for pid in family if (network := _network(pid))} - {_network(os.getpid())}
        assert len(networks) >= 2
        parent.kill()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while alive := {
        pid for pid in _all_pids() if pid in family or _network(pid) in networks or _marked(pid, marker)
    }:
        assert time.monotonic() < deadline, f"left behind: {alive}"
        time.sleep(POLL_SECONDS)


def _without_user_namespaces(state: Path, uid: int) -> str:
    paths = [str(REPOSITORY / "src"), str(REPOSITORY / "tests/e2e")]
    argv = [sys.executable, "-c", NO_NAMESPACES, str(state), str(uid), *paths]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout


def test_missing_user_namespaces_are_explained(tmp_path: Path) -> None:
    told = _without_user_namespaces(tmp_path, 1000)
    assert told.startswith("Cannot set up the mesh's namespaces: step 'user namespace' failed")
    assert "sudo sysctl user.max_user_namespaces=" in told


def test_root_does_without_user_namespaces(tmp_path: Path) -> None:
    status = _without_user_namespaces(tmp_path, 0)
    assert re.search(r"^Uid:\s+0\s", status, re.MULTILINE), status
    assert re.search(r"^CapEff:\s+0{16}$", status, re.MULTILINE)
    assert re.search(r"^CapBnd:\s+0{16}$", status, re.MULTILINE)


@pytest.mark.skipif(not is_root(), reason="these tests already run as an ordinary user")
def test_all_this_as_an_ordinary_user() -> None:
    done = run_unprivileged([sys.executable, "-m", "pytest", str(Path(__file__).resolve())])
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d\d passed, 1 skipped", done.stdout), done.stdout


async def _contains(path: Path, text: str) -> bool:
    return text in path.read_text()


async def _programs_in(warden: Warden, pod: str) -> int:
    code = "import os; me = os.readlink('/proc/self/ns/net'); n = 0\n"
    code += "for p in os.listdir('/proc'):\n"
    code += "  try: n += p.isdigit() and int(p) != os.getpid() and os.readlink(f'/proc/{p}/ns/net') == me\n"
    code += "  except OSError: pass\n"
    return int(await python(warden, pod, code + "print(n)"))


async def _fetch(port: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    body = (await asyncio.wait_for(reader.read(), DEADLINE_SECONDS)).partition(b"\r\n\r\n")[2]
    writer.close()
    return str(json.loads(body)["server"]) if body else ""


async def _serve_both(*ports: int) -> bool:
    """Whether both ports answer; one whose listener is just made anew may reset a connection."""
    try:
        return [await _fetch(port) for port in ports] == ["gateway", "gateway"]
    except ConnectionError:
        return False


def _free_ports(count: int) -> list[int]:
    """Ports below those the kernel hands out by itself, so that nobody gets them meanwhile by chance."""
    found: list[int] = []
    for port in range(20_000 + os.getpid() * 7 % 10_000, 32_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                found.append(port)
        if len(found) == count:
            break
    return found


async def _gone(pids: set[int]) -> bool:
    return not pids & _all_pids()


def _all_pids() -> set[int]:
    return {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _descendants(pid: int) -> set[int]:
    parents = {child: _parent(child) for child in _all_pids()}
    found: set[int] = set()
    fresh = {pid}
    while fresh := {child for child, parent in parents.items() if parent in fresh}:
        found |= fresh
    return found


def _network(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:
        return ""


def _marked(pid: int, marker: str) -> bool:
    try:
        return marker.encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
