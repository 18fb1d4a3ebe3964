"""The JSON of the HTTP API: what the server sends and the command line reads, in one place.

| method and path | asks | answers |
|---|---|---|
| GET /v1/mesh | | `MeshStatus` |
| GET /v1/objects | kind, namespace, name, selector | `list[ObjectRow]` |
| GET /v1/touching | kind, namespace, name | `list[str]`: the proxies that an object concerns |
| POST /v1/apply | `ApplyRequest` | `ChangeAnswer`; status 422 when nothing was changed |
| POST /v1/delete | `DeleteRequest` | `ChangeAnswer` |
| GET /v1/proxies | | `list[ProxyRow]` |
| GET /v1/findings | namespace | `list[FindingRow]` |
| GET /v1/workloads | | `list[WorkloadRow]` |
| POST /v1/shutdown | | `{}` |

An error is `{"error": "words"}` with status 400 or above.
"""

from typing import Any

import msgspec

from lateen.api.finding import Finding, Level
from lateen.server.workloads import HostPort


class FindingRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finding, flat."""

    level: Level
    code: str
    kind: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    message: str
    suggestion: str = ""
    file: str = ""
    line: int = 0


class ObjectRow(msgspec.Struct, frozen=True, kw_only=True):
    """An object as it was written."""

    document: dict[str, Any]
    file: str = ""
    """Where it was read from; empty when it came from elsewhere."""
    line: int = 0
    source: str = ""
    """`files`, `api`, or `local` for what nobody wrote, such as the pods of a Deployment."""
    since: float = 0.0
    """Seconds since the epoch at which the mesh first had it; 0 when that is not known."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A text of YAML with the name of its file."""

    name: str
    text: str


class ApplyRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Objects to be put in force, all or none."""

    documents: tuple[Document, ...]
    namespace: str = ""
    """For objects that name none; empty for `default`."""
    dry_run: bool = False
    strict: bool = False
    """Refuse when anything that the objects name is missing."""
    timeout: float = 10.0
    """Seconds to wait until every proxy has acknowledged; 0 does not wait."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """The name of one object."""

    kind: str
    namespace: str
    name: str


class DeleteRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Objects to be removed, all at once."""

    objects: tuple[Named, ...]
    documents: tuple[Document, ...] = ()
    """Or the objects that these texts name."""
    namespace: str = ""
    """For objects of the texts that name none."""
    dry_run: bool = False
    timeout: float = 10.0


class ObjectResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one object."""

    kind: str
    namespace: str
    name: str
    outcome: str
    """`created`, `configured`, `unchanged`; `deleted`, or `reverted` to what a file says."""


class ChangeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a change."""

    applied: bool
    dry_run: bool = False
    """Nothing was changed, and all that is said is what would be."""
    results: tuple[ObjectResult, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    proxies: int = 0
    """Connected proxies that the change had to reach."""
    in_force: int = 0
    """Those that acknowledged it in time."""
    rejected: tuple[str, ...] = ()
    """`proxy: Envoy's words` for those that refused it."""
    milliseconds: float = 0.0
    """From taking the change in until the last acknowledgement."""


class TypeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One subscription of a proxy."""

    type: str
    """CDS, LDS, EDS, RDS, SDS, ECDS."""
    state: str
    """SYNCED, STALE, NOT SENT or ERROR."""
    errors: tuple[str, ...] = ()
    """`resource: Envoy's words` for what it refused and has not accepted another version of since."""
    resources: int = 0


class ProxyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A connected proxy."""

    name: str
    """`pod.namespace`."""
    cluster: str = "Kubernetes"
    version: str = ""
    types: tuple[TypeRow, ...] = ()


class MeshStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The mesh in short."""

    mesh: str
    pid: int
    version: str
    since: float
    directory: str
    paths: tuple[str, ...] = ()
    """The watched files and directories."""
    objects: dict[str, int] = {}
    """How many there are of each kind."""
    workloads: int = 0
    ready: int = 0
    proxies: int = 0
    synced: int = 0
    errors: int = 0
    warnings: int = 0
    host_ports: tuple[HostPort, ...] = ()


def finding_row(finding: Finding) -> FindingRow:
    """Flatten a finding."""
    ref, where = finding.ref, finding.where
    return FindingRow(
        level=finding.level,
        code=str(finding.code),
        kind=ref.kind if ref else "",
        namespace=ref.namespace if ref else "",
        name=ref.name if ref else "",
        path=finding.path,
        message=finding.message,
        suggestion=finding.suggestion,
        file=where.file if where else "",
        line=where.line if where else 0,
    )
