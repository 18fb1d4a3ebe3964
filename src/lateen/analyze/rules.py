"""Which rules judge the objects of a kind, in the order of telling."""

from collections.abc import Callable

from lateen.analyze.annotations import annotations
from lateen.analyze.destination_rule.host import unknown_host
from lateen.analyze.destination_rule.locality import locality
from lateen.analyze.destination_rule.merging import merging
from lateen.analyze.destination_rule.ports import policy_ports
from lateen.analyze.destination_rule.subsets import empty_subsets
from lateen.analyze.destination_rule.verification import verification
from lateen.analyze.destination_rule.visibility import invisible
from lateen.analyze.envoy_filter.operations import operations
from lateen.analyze.envoy_filter.patch_values import patch_failures, patch_values
from lateen.analyze.foreign.conditions import conditions
from lateen.analyze.gateway import conflicts as gateway_conflicts
from lateen.analyze.gateway import ports as gateway_ports
from lateen.analyze.gateway import routes as gateway_routes
from lateen.analyze.gateway.secrets import secrets
from lateen.analyze.gateway.selector import selector
from lateen.analyze.gateway.server_names import server_names as names_of_servers
from lateen.analyze.gateway.shared_certificates import certificates
from lateen.analyze.injection.namespaces import images, injected
from lateen.analyze.injection.pods import deployments, pods
from lateen.analyze.proxy_config.settings import image, proxy_annotation
from lateen.analyze.selection import selection
from lateen.analyze.service.control_plane import control_plane
from lateen.analyze.service.deployment import deployment
from lateen.analyze.service.namespace import namespace
from lateen.analyze.service.networks import networks
from lateen.analyze.service.ports import port_names
from lateen.analyze.service.slices import slices
from lateen.analyze.service.workloads import workloads
from lateen.analyze.service_entry import conflicts as service_entry_conflicts
from lateen.analyze.service_entry.addresses import addresses
from lateen.analyze.sidecar import ambient
from lateen.analyze.sidecar.imports import imports
from lateen.analyze.sidecar.selectors import selectors
from lateen.analyze.virtual_service.claims import claims
from lateen.analyze.virtual_service.conflicts import conflicts
from lateen.analyze.virtual_service.delegates import delegates
from lateen.analyze.virtual_service.deprecated import deprecated
from lateen.analyze.virtual_service.destinations import missing_destinations
from lateen.analyze.virtual_service.faults import faults
from lateen.analyze.virtual_service.gateway_hosts import gateway_hosts
from lateen.analyze.virtual_service.gateway_overlap import gateway_overlap
from lateen.analyze.virtual_service.gateways import gateways
from lateen.analyze.virtual_service.impossible import impossible
from lateen.analyze.virtual_service.ingress_subsets import ingress_subsets
from lateen.analyze.virtual_service.ports import ports
from lateen.analyze.virtual_service.prefixes import prefixes
from lateen.analyze.virtual_service.protocols import protocols
from lateen.analyze.virtual_service.regexes import regexes
from lateen.analyze.virtual_service.retries import retries
from lateen.analyze.virtual_service.sections import sections
from lateen.analyze.virtual_service.server_names import server_names
from lateen.analyze.virtual_service.tcp_rules import tcp_rules
from lateen.analyze.virtual_service.unreachable import unreachable
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database

Rule = Callable[[Database, Ref], tuple[Finding, ...]]

RULES: dict[str, tuple[Rule, ...]] = {
    "VirtualService": (
        gateways, gateway_hosts, missing_destinations, delegates, ports, conflicts, gateway_overlap, unreachable,
        server_names, tcp_rules, sections, impossible, protocols, regexes, prefixes, retries, faults, ingress_subsets, claims, deprecated, annotations,
    ),
    "DestinationRule": (
        unknown_host, invisible, empty_subsets, policy_ports, merging, locality, verification, selection, annotations,
    ),
    "Gateway": (
        selector, secrets, gateway_conflicts.conflicts, names_of_servers, gateway_ports.ports, gateway_routes.routes, certificates, annotations,
    ),
    "ServiceEntry": (addresses, service_entry_conflicts.conflicts, selection, conditions, annotations),
    "WorkloadEntry": (conditions, annotations),
    "Sidecar": (selectors, ambient.ambient, imports, selection, ambient.deprecated, annotations),
    "EnvoyFilter": (patch_values, patch_failures, operations, selection, annotations),
    "ProxyConfig": (image,),
    "Service": (port_names, workloads, conditions, annotations),
    "EndpointSlice": (slices, annotations),
    "Deployment": (deployment, deployments, control_plane, proxy_annotation, annotations),
    "Pod": (pods, proxy_annotation, annotations),
    "Namespace": (namespace, injected, images, annotations),
    "ConfigMap": (networks,),
}  # fmt: skip
