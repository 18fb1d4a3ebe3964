"""Explanations of every request in the golden cases: the same outcome as with everything compiled, and a cause per route."""

from pathlib import Path

import pytest

from lateen.model.view import view_of
from lateen.simulate.explain import _hop
from lateen.simulate.explain_configuration import CompiledConfiguration
from lateen.simulate.explain_request import Sent
from lateen.simulate.explain_types import Step
from lateen.simulate.simulation import simulate
from support.golden_format import BASE, REQUESTS, read
from support.golden_lines import lines
from support.golden_mesh import Mesh
from support.golden_requests import meant

GOLDEN = Path(__file__).parents[2] / "golden"
FILES = sorted(path for path in GOLDEN.rglob("*.md") if path.name not in (BASE, "README.md"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(GOLDEN)))
def test_explanations_agree_with_the_simulator(path):
    for case in read(path, GOLDEN):
        blocks = case.of(*REQUESTS)
        mesh = Mesh(case) if blocks else None
        for block in blocks:
            proxy = mesh.proxy(block.attributes.get("from") or block.attributes["at"], block)
            configuration = mesh.configuration(proxy)
            for line in lines(block):
                connection, request = meant(mesh, block, proxy, line)
                lazily = CompiledConfiguration(mesh.db, view_of(mesh.db, proxy), connection)
                trace = simulate(lazily, connection, request)
                assert trace == simulate(configuration, connection, request), line.text
                sent = Sent(connection, request, Step(step="resolution", subject=""))
                hop = _hop(mesh.db, proxy, sent, trace, "sidecar")
                assert [one.probability for one in hop.results] == [one.probability for one in trace.outcomes]
                causes = [
                    one.cause for one in hop.steps if one.step == "route" and "(allow_any)" not in one.subject
                ]
                outwards = connection.captured_by != 15006
                patched = any(one.ref.kind == "EnvoyFilter" for one in mesh.objects)
                if (
                    outwards
                    and not patched
                    and not any(one.reason.startswith("takes every") for one in hop.steps)
                ):
                    assert None not in causes, line.text
