"""Connected proxies as rows: what `proxy-status` and the dashboard show.

The columns and their words are istioctl's (istio/istio istioctl/pkg/writer/pilot/status.go).
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from lateen.compile import types
from lateen.xds.state import Rejection, SessionState, SyncState, TypeState

IGNORED: Final = "IGNORED"
"""The proxy has not subscribed to this type."""


class ProxyStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One connected proxy. The states are `SyncState`'s words, or IGNORED."""

    name: str
    """`pod.namespace`."""
    cluster: str
    """Of Kubernetes, from the node's metadata; `Kubernetes` when it does not say."""
    cds: str
    lds: str
    eds: str
    rds: str
    sds: str
    ecds: str
    version: str
    """The proxy's, from its metadata, else Envoy's own."""
    protocol: str
    """`delta` or `sotw`."""
    rejections: tuple[Rejection, ...] = ()
    """What it refused and has not accepted another version of, oldest first within a type."""
    failures: tuple[str, ...] = ()
    """Types that could not be computed, with the error: a defect of ours."""

    @property
    def last_nack(self) -> str:
        """Envoy's words about the last thing it refused, after the type and the resource; empty when there is none."""
        if not self.rejections:
            return ""
        last = self.rejections[-1]
        return (
            " ".join(word for word in (types.abbreviation(last.type_url), last.resource) if word)
            + f": {last.message}"
        )

    @property
    def is_synced(self) -> bool:
        """It has acknowledged everything."""
        states = (self.cds, self.lds, self.eds, self.rds, self.sds, self.ecds)
        return not self.failures and all(
            state in (SyncState.SYNCED, SyncState.NOT_SENT, IGNORED) for state in states
        )


def proxies(sessions: Iterable[SessionState]) -> tuple[ProxyStatus, ...]:
    """Return a row for each session, by name."""
    return tuple(sorted(map(proxy_status, sessions), key=lambda row: row.name))


def proxy_status(session: SessionState) -> ProxyStatus:
    """Return one proxy's row."""
    found = {state.type_url: state for state in session.types}
    metadata = session.node.metadata
    return ProxyStatus(
        name=proxy_name(session.node.id),
        cluster=str(metadata.get("CLUSTER_ID") or "Kubernetes"),
        cds=_word(found.get(types.CLUSTER)),
        lds=_word(found.get(types.LISTENER)),
        eds=_word(found.get(types.ENDPOINT)),
        rds=_word(found.get(types.ROUTE)),
        sds=_word(found.get(types.SECRET)),
        ecds=_word(found.get(types.EXTENSION_CONFIG)),
        version=str(metadata.get("ISTIO_VERSION") or session.node.envoy_version),
        protocol=session.protocol,
        rejections=tuple(rejection for state in session.types for rejection in state.rejections),
        failures=tuple(
            f"{types.abbreviation(state.type_url)}: {state.failure}"
            for state in session.types
            if state.failure
        ),
    )


def proxy_name(node_id: str) -> str:
    """Return `pod.namespace` of a node id in Istio's form, and any other id as it is."""
    parts = node_id.split("~")
    return parts[2] if len(parts) == 4 else node_id


def _word(state: TypeState | None) -> str:
    return IGNORED if state is None else str(state.state)
