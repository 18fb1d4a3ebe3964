"""Which rules judge the objects of a kind, in the order of telling."""

from collections.abc import Callable

from lateen.analyze.virtual_service.destinations import missing_destinations
from lateen.analyze.virtual_service.gateway_hosts import gateway_hosts
from lateen.analyze.virtual_service.gateways import gateways
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database

Rule = Callable[[Database, Ref], tuple[Finding, ...]]

RULES: dict[str, tuple[Rule, ...]] = {
    "VirtualService": (gateways, gateway_hosts, missing_destinations),
}
