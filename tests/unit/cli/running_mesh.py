"""A mesh without workloads behind a real API socket, in a thread of its own."""

import asyncio
import threading

from lateen.demo.manifests import demo_documents
from lateen.server.answers import Answers
from lateen.server.control_plane import ControlPlane
from lateen.server.serving import serve_api
from lateen.server.workloads import HostPort, WorkloadRow
from lateen.sources.documents import Texts

STARTED = 1_700_000_000.0


class Workloads:
    """Two replicas, another namespace, a gateway."""

    def __init__(self, state):
        self.state = state
        self.stop = None

    def rows(self):
        return (
            self._row("productpage-v1-a-b", "productpage-v1", "productpage"),
            self._row("reviews-v1-a-b", "reviews-v1", "reviews"),
            self._row(
                "reviews-v2-a-b",
                "reviews-v2",
                "reviews",
                ready=False,
                state="CrashLoopBackOff",
                message="exit code 1",
            ),
            self._row("lonely", "", "lonely", namespace="other"),
            self._row(
                "istio-ingressgateway-a-b",
                "istio-ingressgateway",
                "",
                namespace="istio-system",
                type="router",
            ),
        )

    def _row(self, pod, owner, app, namespace="default", **more):
        row = {
            "ready": True,
            "address": "10.1.0.9",
            "since": STARTED,
            "directory": str(self.state.workload(pod)),
        }
        return WorkloadRow(pod=pod, owner=owner, namespace=namespace, labels={"app": app}, **{**row, **more})

    def host_ports(self):
        return (HostPort(address="127.0.0.1", port=8080, pod="istio-ingressgateway", mesh_port=80),)

    async def shutdown(self):
        self.stop.set()


class Running:
    """One mesh; `lateen(...)` runs a command against it."""

    def __init__(self, state):
        self.state = state
        self.workloads = Workloads(state)
        self._ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self):
        self.thread.start()
        assert self._ready.wait(10)

    async def _run(self):
        self.plane = ControlPlane()
        self.plane.apply(Texts().load(demo_documents()))
        answers = Answers(self.plane, "default", self.state, self.workloads)
        self.workloads.stop = stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        serving = asyncio.create_task(serve_api(answers, self.state, stop))
        while not self.state.api_socket.exists():  # noqa: ASYNC110  another task makes it
            await asyncio.sleep(0.001)
        self._ready.set()
        await serving

    def close(self):
        if self.thread.is_alive():
            self._loop.call_soon_threadsafe(self.workloads.stop.set)
            self.thread.join(10)
            assert not self.thread.is_alive()
