"""One mesh for all tests of traffic: clients that do what they are told, upstreams in three localities, a gateway.

The rules are in traffic/*.yaml and are there from the beginning; each test has a service of its own, so that no test has
to wait for a rule of another.
"""

import json
import socket
import sys
from collections import Counter
from pathlib import Path
from string import Template

from running import RunningMesh
from test_gateway import certificate

HERE = Path(__file__).parent
HTTP = [
    "split",
    "timeout",
    "delay",
    "abort",
    "half",
    "mirror",
    "partial",
    "retry",
    "codes",
    "previous",
    "near",
    "far",
    "plain",
    "ws",
    "robin",
    "random",
    "hash-header",
    "hash-cookie",
    "hash-ip",
    "hash-query",
    "maglev",
    "ring",
    "warm",
    "pool",
    "retries-limit",
    "budget",
    "eject",
    "gateway-errors",
    "capped",
    "disabled",
    "status-codes",
    "local-first",
    "spread",
    "shares",
    "failover",
    "labels",
    "v2only",
]
TCP = ("split-tcp", "by-port", "by-subnet", "hash-tcp", "idle-tcp", "opaque")
ASKERS = {
    "client": {"labels": {"istio-locality": "r1.z1.s1", "version": "v2"}},
    "outsider": {"labels": {"part": "of"}, "annotations": {"traffic.sidecar.istio.io/includeOutboundIPRanges": "",
                                 "traffic.sidecar.istio.io/includeInboundPorts": ""}},
    "scoped": {},
}  # fmt: skip
UPSTREAMS = {
    "a1": {"app": "echo", "version": "v1", "istio-locality": "r1.z1.s1", "part": "of", "kind": "picked"},
    "a2": {"app": "echo", "version": "v2", "istio-locality": "r1.z2.s1"},
    "a3": {"app": "echo", "version": "v3", "istio-locality": "r2.z1.s1", "far": "yes"},
    "b1": {"app": "inbound", "istio-locality": "r3.z1.s1", "far": "yes"},
}


def workload(
    name: str, argv: list[str], labels: dict, annotations: dict | None = None, port: int = 0
) -> dict:
    """A Deployment of one program."""
    container = {"name": "app", "command": [sys.executable, "-I", *argv]}
    if port:
        container["readinessProbe"] = {"tcpSocket": {"port": port}, "periodSeconds": 1}
    labels = {"app": name, **labels}
    template = {
        "metadata": {"labels": labels, "annotations": annotations or {}},
        "spec": {"containers": [container]},
    }
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def service(
    name: str, ports: dict[str, tuple[int, int]], selector: dict | None = None, **spec: object
) -> dict:
    """A Service; ports are name → (number, target)."""
    listed = [{"name": key, "port": port, "targetPort": target} for key, (port, target) in ports.items()]
    whole = {"selector": selector or {"app": "echo"}, "ports": listed, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": whole}


class Traffic:
    """The mesh, and its clients."""

    def __init__(self, *, unprivileged: bool) -> None:
        self.mesh = RunningMesh("up", unprivileged=unprivileged)
        self.home = self.mesh.home
        self.pairs = {name: certificate(f"{name}.example") for name in ("a", "b", "new", "someone")}
        for name, (crt, key) in self.pairs.items():
            self.mesh.write(f"{name}.crt", crt)
            self.mesh.write(f"{name}.key", key)
        try:
            self._fill()
        except BaseException:
            self.mesh.close()
            raise

    def _fill(self) -> None:
        self.mesh.wait_ready()
        self.mesh.write("objects.yaml", "\n---\n".join([*map(json.dumps, self._objects()), self._rules()]))
        self.mesh.until(self._all_ready, 40, lambda: self.mesh.ok("get", "pods") + self.mesh.text())
        self.address = self._addresses()
        late = Template((HERE / "traffic" / "late.txt").read_text())
        self.mesh.ok("apply", "-f", "-", text=late.substitute({**self.address, "home": self.home}))

    def _objects(self) -> list[dict]:
        directory = self.mesh.config
        found = [
            workload(name, [str(HERE / "asker.py"), f"{self.home}/{name}.sock"], more.get("labels", {}),
                     more.get("annotations"))
            for name, more in ASKERS.items()
        ]  # fmt: skip
        found[1]["spec"]["template"]["spec"]["containers"].append(
            {
                "name": "up",
                "command": [
                    sys.executable,
                    "-I",
                    str(HERE / "upstream.py"),
                    "outsider",
                    "http:8090",
                    "tcp:9090",
                ],
            }
        )
        specs = [
            "http:8080",
            "http:8088",
            "tcp:9000",
            f"tls:9443:{directory}/a.crt:{directory}/a.key",
            "grpc:8083",
        ]
        for name, labels in UPSTREAMS.items():
            own = [*specs, f"unix:{self.home}/{name}.up", "tcp:9001"]
            found.append(workload(name, [str(HERE / "upstream.py"), name, *own], labels, port=8080))
        gateway = workload("edge", [], {"istio": "edge"}, {"inject.istio.io/templates": "gateway"})
        gateway["spec"]["template"]["spec"]["containers"] = [{"name": "istio-proxy", "image": "auto"}]
        found.append(gateway)
        found += [service(name, {"http": (80, 8080)}) for name in HTTP]
        found += [service(name, {"tcp": (9000, 9000)}) for name in TCP]
        found.append(service("with-vm", {"http": (80, 8080)}, {"kind": "picked"}))
        found.append(service("calls", {"grpc": (80, 8083)}))
        found.append(service("secure", {"tls": (443, 9443)}))
        found += [
            service(f"v{n}", {"http": (80, 8080), "tcp": (9000, 9000)}, {"app": "echo", "version": f"v{n}"})
            for n in (1, 2, 3)
        ]
        found += [
            service(f"head{n}", {"http": (8080, 8080)}, {"app": "echo", "version": f"v{n}"}, clusterIP="None")
            for n in (1, 2, 3)
        ]
        found.append(service("x", {"http": (8080, 8080)}, {"app": "echo"}, clusterIP="None"))
        found.append(
            service(
                "inbound",
                {"http": (80, 8080), "auto": (7000, 8088), "tcp-x": (9000, 9000)},
                {"app": "inbound"},
            )
        )
        found.append(service("distant", {"http": (80, 8080)}, {"far": "yes"}))
        found.append(service("edge", {"http": (80, 8181)}, {"istio": "edge"}))
        return found

    def _rules(self) -> str:
        texts = [path.read_text() for path in sorted((HERE / "traffic").glob("*.yaml"))]
        pems = {f"{name}_{part}": json.dumps(text) for name, pair in self.pairs.items()
                for part, text in zip(("crt", "key"), pair, strict=True)}  # fmt: skip
        return Template("\n---\n".join(texts)).substitute(home=self.home, **pems)

    def _all_ready(self) -> bool:
        rows = self.mesh.ok("get", "pods").splitlines()[1:]
        return len(rows) == len(ASKERS) + len(UPSTREAMS) + 1 and all(
            " 1/1 " in row or " 2/2 " in row for row in rows
        )

    def _addresses(self) -> dict[str, str]:
        found = {}
        for row in self.mesh.ok("get", "pods", "-o", "wide").splitlines()[1:]:
            words = row.split()
            found[words[0].split("-")[0]] = next(word for word in words if word.startswith("10.244."))
        return found

    def do(self, op: str, who: str = "client", **more: object) -> object:
        """Let a client do something."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(30)
            sock.connect(f"{self.home}/{who}.sock")
            sock.sendall(json.dumps({"op": op, **more}).encode() + b"\n")
            with sock.makefile() as answer:
                found = json.loads(answer.readline())
        assert not (isinstance(found, dict) and "raised" in found), found
        return found

    def get(self, url: str, n: int = 1, who: str = "client", **more: object) -> list[dict]:
        """Make HTTP requests."""
        return self.do("http", who, url=url, n=n, **more)

    def names(self, url: str, n: int = 1, who: str = "client", **more: object) -> Counter:
        """Count which upstream answered; a failed request counts by its status."""
        return Counter(a["body"].get("name") or a["status"] for a in self.get(url, n, who, **more))

    def count(self, path: str) -> dict[str, int]:
        """Return how often each upstream was asked for a path."""
        return {f"a{n}": int(self.get(f"http://v{n}/count{path}")[0]["text"]) for n in (1, 2, 3)}

    def start_upstream(self, name: str, labels: dict) -> None:
        """Add a workload."""
        argv = [str(HERE / "upstream.py"), name, "http:8080", "tcp:9000"]
        self.mesh.ok("apply", "-f", "-", text=json.dumps(workload(name, argv, labels, port=8080)))

    def stop_upstream(self, name: str) -> None:
        """Remove an added workload."""
        self.mesh.ok("delete", "deployment", name)

    def host_port(self, port: int) -> int:
        """Return the port of this machine that leads to a port of the gateway."""
        found = json.loads(self.mesh.ok("status", "-o", "json"))
        return next(one["port"] for one in found["host_ports"] if one["mesh_port"] == port)

    json = staticmethod(json.dumps)

    def close(self) -> None:
        self.mesh.close()
