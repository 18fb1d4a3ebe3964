"""What the API answers when proxies are connected: reach of a change, rejections, what an object concerns."""

import asyncio
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lateen.api.meta import Ref
from lateen.compile import types
from lateen.demo.manifests import demo_documents
from lateen.server.answers import Answers, RefusedError
from lateen.server.control_plane import ControlPlane
from lateen.server.state import State
from lateen.server.wire import ApplyRequest, DeleteRequest, Document, Named
from lateen.sources.documents import Texts
from lateen.xds.client import connect
from lateen.xds.request import Node

RULE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - name: NAME
    route: [{destination: {host: reviews, subset: v1}}]
"""


def node(name):
    return Node(
        id=f"sidecar~10.1.1.1~{name}.default~default.svc.cluster.local", metadata={"LABELS": {"app": name}}
    )


def request(name, **more):
    return ApplyRequest(documents=(Document(name="rule.yaml", text=RULE.replace("NAME", name)),), **more)


@asynccontextmanager
async def serving():
    place = Path(tempfile.mkdtemp(prefix="lt", dir="/tmp"))
    plane = ControlPlane()
    plane.apply(Texts().load(demo_documents()))
    await plane.start(place / "ads.sock")
    try:
        yield Answers(plane, "default", State(place)), f"unix:{place}/ads.sock"
    finally:
        await plane.stop()
        shutil.rmtree(place)


async def ready(client):
    await client.until(lambda one: one.names(types.ROUTE))


def test_a_change_is_in_force_although_something_else_moves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with serving() as (answers, target), connect(target, node("a")) as one:
            await ready(one)
            plane = answers._plane
            settle = plane.settle

            async def settled_and_moved(seconds: float) -> bool:
                done = await settle(seconds)
                plane.ads.notify()  # as when a pod of the change starts
                return done

            monkeypatch.setattr(plane, "settle", settled_and_moved)
            answer = await answers.apply(request("new"))
            assert (answer.applied, answer.proxies, answer.in_force) == (True, 1, 1)

    asyncio.run(scenario())


def test_a_change_is_in_force_where_it_was_acknowledged():
    async def scenario():
        async with (
            serving() as (answers, target),
            connect(target, node("a")) as one,
            connect(target, node("b")) as two,
        ):
            await ready(one)
            await ready(two)
            answer = await answers.apply(request("new"))
            assert (answer.applied, answer.proxies, answer.in_force, answer.rejected) == (True, 2, 2, ())
            for client in (one, two):
                assert b"new" in client.resources[types.ROUTE]["9080"].body
            assert [row.name for row in answers.proxies()] == ["a.default", "b.default"]
            assert {row.type: row.state for row in answers.proxies()[0].types}["RDS"] == "SYNCED"
            assert answers.mesh().synced == 2

    asyncio.run(scenario())


def test_a_rejection_is_told_with_envoy_s_words_and_kept():
    def reject(type_url, resource):
        return "no such thing" if type_url == types.ROUTE and b"poison" in resource.resource.value else ""

    async def scenario():
        async with (
            serving() as (answers, target),
            connect(target, node("a"), reject) as one,
            connect(target, node("b")) as two,
        ):
            await ready(one)
            await ready(two)
            answer = await answers.apply(request("poison"))
            assert (answer.applied, answer.proxies, answer.in_force) == (True, 2, 1)
            assert answer.rejected == ("a.default: no such thing",)
            row = {row.type: row for row in answers.proxies()[0].types}["RDS"]
            assert (row.state, row.errors) == ("ERROR", ("9080: no such thing",))
            healed = await answers.apply(request("harmless"))
            assert (healed.in_force, healed.rejected) == (2, ())

    asyncio.run(scenario())


def test_a_dry_run_reaches_nobody():
    async def scenario():
        async with serving() as (answers, target), connect(target, node("a")) as one:
            await ready(one)
            before = one.messages.copy()
            answer = await answers.apply(request("new", dry_run=True))
            assert answer.applied
            await answers.delete(
                DeleteRequest(
                    objects=(Named(kind="VirtualService", namespace="default", name="reviews"),), dry_run=True
                )
            )
            await answers.apply(request("real"))
            assert one.messages[types.ROUTE] == before[types.ROUTE] + 1

    asyncio.run(scenario())


def test_touching_names_proxies_and_resources():
    async def scenario():
        async with serving() as (answers, target), connect(target, node("a")) as one:
            await ready(one)
            assert answers.touching(Ref("DestinationRule", "default", "ratings")) == [
                (
                    "a.default: cluster outbound|9080|v1|ratings.default.svc.cluster.local, "
                    "cluster outbound|9080||ratings.default.svc.cluster.local"
                )
            ]
            assert answers.touching(Ref("Gateway", "default", "bookinfo-gateway")) == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"kind": "nothing"}, "there is no kind 'nothing'"),
        ({"kind": "vs", "selector": "a b"}, "is no label selector"),
    ],
)
def test_senseless_questions_are_refused(query, words):
    async def scenario():
        async with serving() as (answers, _):
            with pytest.raises(RefusedError, match=words):
                answers.objects(query)
            with pytest.raises(RefusedError, match=r"no objects in empty\.yaml"):
                await answers.apply(
                    ApplyRequest(documents=(Document(name="empty.yaml", text="# nothing\n"),))
                )

    asyncio.run(scenario())
