"""What to start and stop, in which order."""

from lateen.api.meta import Meta, Object, OwnerReference, Ref
from lateen.api.workload import Pod
from lateen.local.addresses import Addresses
from lateen.local.fleet import plan
from lateen.local.network import Network


def pod(name: str, owner: str = "web", service_account: str = "default") -> Object[Pod]:
    owners = (OwnerReference(kind="Deployment", name=owner),)
    meta = Meta(name=name, namespace="default", owner_references=owners)
    return Object(api_version="v1", kind="Pod", meta=meta, spec=Pod(service_account_name=service_account))


def ref(name: str) -> Ref:
    return Ref("Pod", "default", name)


def running(*pods: Object[Pod]) -> dict[Ref, Object[Pod]]:
    return {one.ref: one for one in pods}


def test_all_new_pods_start_at_once():
    found = plan([pod("a"), pod("b", "other")], {}, frozenset())
    assert [one.meta.name for one in found.start] == ["a", "b"]
    assert (found.stop, found.replace) == ((), ())


def test_an_old_pod_stays_until_its_successor_is_ready():
    before = running(pod("old"), pod("new"))
    assert plan([pod("new")], before, frozenset({ref("old")})).stop == ()
    assert plan([pod("new")], before, frozenset({ref("old"), ref("new")})).stop == (ref("old"),)


def test_a_pod_whose_deployment_is_gone_stops_at_once():
    assert plan([pod("x", "other")], running(pod("old")), frozenset()).stop == (ref("old"),)


def test_scaling_down_waits_for_nobody():
    found = plan([pod("a")], running(pod("a"), pod("b")), frozenset({ref("a"), ref("b")}))
    assert found.stop == (ref("b"),)


def test_a_pod_of_the_same_name_but_other_content_is_replaced():
    found = plan([pod("a", service_account="new")], running(pod("a")), frozenset())
    assert [one.spec.service_account_name for one in found.replace] == ["new"]


def test_addresses_are_stable_and_freed_ones_come_last():
    addresses = Addresses(Network(pods="10.1.0.0/28"))
    first = addresses.take("a")
    assert addresses.take("a") == first
    addresses.free("a")
    others = [addresses.take(name) for name in ("b", "c", "d", "e")]
    assert first not in others
    assert addresses.take("f") == first
