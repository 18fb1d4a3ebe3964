"""What `lateen up` says of changes."""

import pytest

from lateen.api.meta import Ref
from lateen.local.up import words
from lateen.sources.store import Applied

RULE, SERVICE, POD = (Ref(kind, "default", "a") for kind in ("VirtualService", "Service", "Pod"))


@pytest.mark.parametrize(
    ("changed", "removed", "told"),
    [
        ((RULE, SERVICE), (), "changed: VirtualService default/a, Service default/a"),
        ((), (RULE,), "removed: VirtualService default/a"),
        ((SERVICE,), (RULE, POD), "changed: Service default/a; removed: VirtualService default/a"),
        ((POD,), (), "pods changed"),
    ],
)
def test_what_is_gone_is_not_called_changed(
    changed: tuple[Ref, ...], removed: tuple[Ref, ...], told: str
) -> None:
    assert words(Applied(changed, removed)) == told
