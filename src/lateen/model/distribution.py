"""How near a Service wants its clients' endpoints: `trafficDistribution`, its older annotation, or that of the namespace.

Source: pilot/pkg/model/service.go GetTrafficDistribution.
"""

from collections.abc import Mapping

from lateen.api import facts
from lateen.api.meta import Ref
from lateen.engine import Database, query

ANNOTATION = "networking.istio.io/traffic-distribution"
SAME_ZONE = "PreferSameZone"
SAME_NODE = "PreferSameNode"
_OF_SPEC = {"PreferClose": SAME_ZONE, SAME_ZONE: SAME_ZONE, SAME_NODE: SAME_NODE}
_OF_ANNOTATION = {name.lower(): value for name, value in _OF_SPEC.items()}


def distribution(db: Database, spec: str, annotations: Mapping[str, str], namespace: str) -> str:
    """Return SAME_ZONE, SAME_NODE or nothing: what the spec says, else the annotation, else the namespace.

    An annotation is read in any case; one that says nothing known ends the search.
    """
    if spec in _OF_SPEC:
        return _OF_SPEC[spec]
    own = annotations.get(ANNOTATION, "").lower()
    return _OF_ANNOTATION.get(own, "") if own else _of_namespace(db, namespace)


@query
def _of_namespace(db: Database, namespace: str) -> str:
    found = facts.get(db, Ref("Namespace", "", namespace))
    return _OF_ANNOTATION.get(found.meta.annotations.get(ANNOTATION, "").lower(), "") if found else ""
