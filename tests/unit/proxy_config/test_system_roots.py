"""The bundle of CAs that the operating system trusts, and who is told of it."""

from lateen.agent.proxy import ProxyPlan, node_metadata
from lateen.agent.system_roots import first_file, system_roots


def test_the_first_that_is_a_file(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").touch()
    (tmp_path / "c").touch()
    assert first_file(str(tmp_path / name) for name in "nabc") == str(tmp_path / "b")
    assert first_file(()) == ""


def test_a_proxy_says_where_it_is():
    plan = ProxyPlan(type="sidecar", name="a", namespace="n", address="10.0.0.1", labels={}, workload="a")
    assert node_metadata(plan).get("LATEEN_SYSTEM_ROOTS", "") == system_roots()
