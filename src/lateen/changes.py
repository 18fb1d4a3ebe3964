"""`lateen.diff`: what a change of objects does to requests."""

from collections.abc import Iterable

from lateen.differences.comparison import Report, report
from lateen.mesh import Settings, Source, loaded
from lateen.sources.documents import DEFAULT_NAMESPACE


def diff(
    old: Source | Iterable[Source],
    new: Source | Iterable[Source],
    *,
    mesh_config: Settings | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    prove: bool = False,
) -> Report:
    """Compare two sets of objects, each as `load` takes them.

    Args:
        old: what is in force.
        new: what would be.
        mesh_config: of both.
        namespace: for objects that name none.
        prove: send each example through two real Envoys on this machine; `Report.proofs` has what they did.

    Returns:
        The report: `seen` is empty when no request is treated differently.

    Raises:
        OSError: with `prove`, an Envoy could not be started.
    """
    before, after = (loaded(one, mesh_config=mesh_config, namespace=namespace) for one in (old, new))
    found = report(before, after)
    if not prove:
        return found
    from lateen.twin.proof import prove as proved  # noqa: PLC0415  only with an Envoy

    return proved(found, before, after)
