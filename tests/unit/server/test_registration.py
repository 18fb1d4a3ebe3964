"""Workloads that register themselves."""

import asyncio

from test_answers_with_proxies import serving

import lateen
from lateen.api import facts
from lateen.api.meta import Ref
from lateen.compile import types
from lateen.server.registration import GRACE, Registrations
from lateen.server.wire import ApplyRequest, Document
from lateen.xds.client import connect
from lateen.xds.request import Node

GROUP = """
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: {name: vms}
spec:
  metadata: {labels: {app: vm, from: metadata}, annotations: {note: kept}}
  template: {ports: {http: 8090}, labels: {from: template, tier: back}, serviceAccount: vms, locality: r1/z1}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: vms}
spec:
  hosts: [vms.example]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  workloadSelector: {labels: {app: vm}}
"""
REF = Ref("WorkloadEntry", "default", "vms-10.3.0.7-far")


def node(address="10.3.0.7", group="vms", **metadata):
    labels = {"from": "node", "version": "v1"}
    return Node(
        id=f"sidecar~{address}~vm.default~default.svc.cluster.local",
        metadata={"LABELS": labels, "AUTO_REGISTER_GROUP": group, "NETWORK": "far", **metadata},
    )


class Clock:
    """Time that passes when told."""

    def __init__(self):
        self.waiting = {}

    def later(self, seconds, do):
        assert seconds == GRACE
        key = object()
        self.waiting[key] = do

        class Timer:
            def cancel(self_):  # noqa: N805  the clock is self
                del self.waiting[key]

        return Timer()

    def pass_by(self):
        for do in list(self.waiting.values()):
            do()
        self.waiting.clear()


def registrations():
    db, clock, told = lateen.load(GROUP).db, Clock(), []
    return db, clock, told, Registrations(db, clock.later, lambda: told.append(1))


# item 209
def test_a_proxy_is_an_entry_from_its_group_and_what_it_says_of_itself():
    db, _, told, now = registrations()
    now.follow([node()])
    entry = facts.get(db, REF)
    labels = {"app": "vm", "from": "node", "tier": "back", "version": "v1"}
    assert (entry.spec.address, entry.spec.labels, entry.meta.labels) == ("10.3.0.7", labels, labels)
    assert (entry.spec.ports, entry.spec.network, entry.spec.locality) == ({"http": 8090}, "far", "r1/z1")
    assert entry.meta.annotations == {"note": "kept", "istio.io/autoRegistrationGroup": "vms"}
    now.follow([node()])
    assert told == [1]


# item 209
def test_an_entry_outlives_its_connection_by_a_while():
    db, clock, told, now = registrations()
    now.follow([node()])
    now.follow([])
    now.follow([node()])
    clock.pass_by()
    assert facts.get(db, REF) is not None
    now.follow([])
    assert facts.get(db, REF) is not None
    clock.pass_by()
    assert facts.get(db, REF) is None
    assert facts.refs(db, "WorkloadEntry") == ()
    assert told == [1, 1]


def test_without_a_group_there_is_no_entry_until_there_is_one():
    db, _, _, now = registrations()
    now.follow([node(group="others")])
    assert facts.refs(db, "WorkloadEntry") == ()
    group = facts.get(db, Ref("WorkloadGroup", "default", "vms"))
    facts.delete(db, group.ref)
    now.follow([node()])
    assert facts.refs(db, "WorkloadEntry") == ()
    facts.put(db, group)
    now.refresh()
    assert facts.refs(db, "WorkloadEntry") == (REF,)


def test_an_entry_that_somebody_wrote_is_left_alone():
    db, clock, told, now = registrations()
    written = lateen.load(
        "kind: WorkloadEntry\napiVersion: networking.istio.io/v1\nmetadata: {name: vms-10.3.0.7-far}\nspec: {address: 10.3.0.8}\n"
    ).objects("WorkloadEntry")[0]
    facts.put(db, written)
    now.follow([node()])
    now.follow([])
    clock.pass_by()
    assert facts.get(db, REF) == written
    assert told == []


# item 209
def test_others_are_sent_the_endpoint_of_a_proxy_that_connects():
    name = "outbound|80||vms.example"

    async def play():
        async with serving() as (answers, target):
            await answers.apply(ApplyRequest(documents=(Document(name="group.yaml", text=GROUP),)))
            caller = Node(id="sidecar~10.1.1.1~a.default~default.svc.cluster.local")
            async with connect(target, caller) as other:
                await other.until(lambda one: name in one.names(types.ENDPOINT))
                assert b"10.3.0.7" not in other.resources[types.ENDPOINT][name].body
                async with connect(target, node(NETWORK="")):
                    await other.until(lambda one: b"10.3.0.7" in one.resources[types.ENDPOINT][name].body)

    asyncio.run(play())
