"""Which route of a route configuration a request takes: virtual host, then the first route whose conditions hold."""

from collections.abc import Iterator

import msgspec
from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost, WeightedCluster
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.simulate.choices import shares
from lateen.simulate.conditions import first_failed, probability
from lateen.simulate.domains import Domains
from lateen.simulate.fields import AUTHORITY, METHOD, PATH, Fields
from lateen.simulate.trace import AnyStep, RouteTried, VirtualHostChosen

ClusterWeight = WeightedCluster.ClusterWeight
Level = ClusterWeight | Route | VirtualHost | RouteConfiguration


class Selected(msgspec.Struct, frozen=True, kw_only=True):
    """One way that routing can go, with its probability."""

    configuration: RouteConfiguration
    virtual_host: VirtualHost | None = None
    route: Route | None = None
    weighted: ClusterWeight | None = None
    """The entry of a weighted route that was drawn."""
    probability: float = 1.0

    @property
    def levels(self) -> list[Level]:
        """Everything that may carry settings for this request, the most specific first."""
        found = (self.weighted, self.route, self.virtual_host, self.configuration)
        return [level for level in found if level is not None]

    @property
    def mutation_order(self) -> list[Level]:
        """Return the levels in the order in which their header operations are applied.

        A weighted cluster's always come first, whatever the route configuration says about the others.
        """
        if not self.configuration.most_specific_header_mutations_wins:
            return self.levels
        own: list[Level] = [] if self.weighted is None else [self.weighted]
        return own + [level for level in reversed(self.levels) if level is not self.weighted]

    @property
    def route_name(self) -> str:
        """Return the route's name; empty when no route was taken or it has none."""
        return self.route.name if self.route is not None else ""

    @property
    def virtual_host_name(self) -> str:
        """Return the virtual host's name; empty when none answers for the host."""
        return self.virtual_host.name if self.virtual_host is not None else ""


def select(
    configuration: RouteConfiguration, domains: Domains, fields: Fields, steps: list[AnyStep]
) -> list[Selected]:
    """Return every way that routing can go; the probabilities add up to 1."""
    found = domains.find(fields.value(AUTHORITY))
    if found is None:
        return [Selected(configuration=configuration)]
    virtual_host = found.virtual_host
    steps.append(VirtualHostChosen(virtual_host=virtual_host.name, domain=found.domain, reason=found.reason))
    selected: list[Selected] = []
    left = 1.0
    for route, taken in _taken(virtual_host, fields, steps):
        for weighted, share in _entries(route):
            selected.append(
                Selected(
                    configuration=configuration,
                    virtual_host=virtual_host,
                    route=route,
                    weighted=weighted,
                    probability=left * taken * share,
                )
            )
        left *= 1 - taken
    if left > 0:
        selected.append(Selected(configuration=configuration, virtual_host=virtual_host, probability=left))
    return selected


def _taken(virtual_host: VirtualHost, fields: Fields, steps: list[AnyStep]) -> Iterator[tuple[Route, float]]:
    """Yield the routes that may be taken until one certainly is."""
    if fields.get(PATH) is None and fields.value(METHOD) != "CONNECT":
        return
    for index, route in enumerate(virtual_host.routes):
        failed = first_failed(route.match, fields)
        share = 0.0 if failed else probability(route.match)
        if not failed and share == 0:
            failed = "runtime fraction: 0"
        steps.append(RouteTried(index=index, route=route.name, failed=failed, probability=share))
        if share > 0:
            yield route, share
        if share >= 1:
            return


def _entries(route: Route) -> list[tuple[ClusterWeight | None, float]]:
    if (
        route.WhichOneof("action") != "route"
        or route.route.WhichOneof("cluster_specifier") != "weighted_clusters"
    ):
        return [(None, 1.0)]
    return list(shares((entry, entry.weight.value) for entry in route.route.weighted_clusters.clusters))
