"""Which rules judge the objects of foreign kinds; their specs are plain values, of any shape."""

from collections.abc import Callable, Iterable
from typing import Any

from lateen.analyze.foreign.authorization import authorization
from lateen.analyze.foreign.conditions import route_conditions, status_conditions
from lateen.analyze.foreign.definitions import definitions
from lateen.analyze.foreign.selectors import ineffective
from lateen.analyze.foreign.telemetry import telemetry
from lateen.analyze.foreign.webhooks import addresses, injectors
from lateen.api import foreign
from lateen.api.finding import Finding
from lateen.api.foreign import ForeignKind
from lateen.api.meta import Object
from lateen.engine import Database

Rule = Callable[[Database, Object[Any]], Iterable[Finding]]

RULES: dict[ForeignKind, tuple[Rule, ...]] = {
    foreign.AuthorizationPolicy: (authorization, ineffective, status_conditions),
    foreign.RequestAuthentication: (ineffective,),
    foreign.Telemetry: (telemetry, ineffective),
    foreign.WasmPlugin: (ineffective,),
    foreign.KubernetesGateway: (status_conditions,),
    foreign.HTTPRoute: (route_conditions,),
    foreign.GRPCRoute: (route_conditions,),
    foreign.MutatingWebhook: (injectors, addresses),
    foreign.ValidatingWebhook: (addresses,),
    foreign.CustomResourceDefinition: (definitions,),
}
