"""Programs that the tests run in pods, and parents that the tests run beside themselves."""

MARKED = """
import socket, sys
s = socket.socket(); s.settimeout(5)
try:
    if sys.argv[3] != "0": s.setsockopt(socket.SOL_SOCKET, 36, int(sys.argv[3]))
    s.connect((sys.argv[1], int(sys.argv[2]))); s.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"); print(s.recv(12))
except OSError as error: print(type(error).__name__)
"""

# Tries what an application must not be able to do; prints what worked.
ESCAPES = """
import ctypes, os, socket
def works(name, action):
    try: action()
    except OSError: return
    print(name)
def setns(path):
    fd = os.open(path, os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0): raise OSError
works("mark", lambda: socket.socket().setsockopt(socket.SOL_SOCKET, 36, 1337))
works("raw socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 6))
works("another network", lambda: setns("/proc/1/ns/net"))
works("trace the warden", lambda: open("/proc/1/mem", "rb").read(1))
works("hostname", lambda: socket.sethostname("x"))
def flush():
    import struct
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12); s.bind((0, 0)); s.settimeout(5)
    end = struct.pack("=IHHIIBBH", 20, 0x11, 1, 3, 0, 0, 0, socket.htons(10))
    begin = struct.pack("=IHHIIBBH", 20, 0x10, 1, 1, 0, 0, 0, socket.htons(10))
    s.send(begin + struct.pack("=IHHIIBBH", 20, 0xa02, 5, 2, 0, 2, 0, 0) + end)
    error = struct.unpack_from("=i", s.recv(4096), 16)[0]
    if error: raise OSError(-error, "nft")
works("delete rules", flush)
"""

# A process group that takes no SIGTERM, with a grandchild in a session of its own.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    if sys.argv[1] == "away": os.setsid()
    if os.fork() == 0: pass
print("up", flush=True)
while True: time.sleep(1000)
"""

# A host whose /etc is a copy that we may change; its resolv.conf is replaced while a pod runs.
RENAMED = """
import asyncio, os, shutil, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from lateen.local import kernel, namespaces
if os.getuid(): namespaces.become_owner()
else: kernel.unshare(kernel.CLONE_NEWNS)
if os.fork(): sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
kernel.mount("none", "/", kernel.MS_REC | kernel.MS_SLAVE)
copy = Path(sys.argv[1], "etc")
copy.mkdir()
for name in ("passwd", "group", "resolv.conf", "hosts", "nsswitch.conf"): shutil.copy("/etc/" + name, copy)
kernel.mount(str(copy), "/etc", kernel.MS_BIND)
if os.getuid(): kernel.mount("proc", "/proc", 0, kind="proc")
from pods import mesh, read
async def main():
    async with mesh(Path(sys.argv[1], "m"), ["a"]) as warden:
        before = await read(warden, "a", "cat", "/etc/resolv.conf")
        Path("/etc/new").write_text("nameserver 192.0.2.99")
        Path("/etc/new").replace("/etc/resolv.conf")
        after = await read(warden, "a", "cat", "/etc/resolv.conf")
        assert before == after and "10.244.0.1" in after, after
        assert "192.0.2.99" in await read(warden, "@host", "cat", "/etc/resolv.conf")
asyncio.run(main())
print("held", flush=True)
os._exit(0)
"""

PARENT = """
import asyncio, os, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from pods import mesh, sidecar, start
from pod_programs import STUBBORN
from lateen.local.border import Border
async def main():
    state = Path(sys.argv[1])
    async with mesh(state, ["a", "b"]) as warden:
        await Border.start(warden)
        await sidecar(warden, "a")
        await start(warden, "a", [sys.executable, "-c", STUBBORN, "away"], state / "log")
        while (state / "log").read_text().count("up") < 3: await asyncio.sleep(0.01)
        print("ready", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""

# Becomes user argv[2] of a user namespace in which no further ones may be made, and starts a mesh.
NO_NAMESPACES = """
import asyncio, os, sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from lateen.local import kernel
uid, gid = os.getuid(), os.getgid()
kernel.unshare(kernel.CLONE_NEWUSER)
Path("/proc/self/setgroups").write_text("deny")
Path("/proc/self/uid_map").write_text(f"{sys.argv[2]} {uid} 1")
Path("/proc/self/gid_map").write_text(f"{sys.argv[2]} {gid} 1")
Path("/proc/sys/user/max_user_namespaces").write_text("0")
from pods import mesh, python
from lateen.local.warden_client import WardenError
async def main():
    async with mesh(Path(sys.argv[1]), ["a"]) as warden:
        print(await python(warden, "a", "print(open('/proc/self/status').read())"))
try: asyncio.run(main())
except WardenError as error: print(error)
"""

RESOLVE = "import socket, sys; print(sorted({i[4][0] for i in socket.getaddrinfo(sys.argv[1], 80)}))"
