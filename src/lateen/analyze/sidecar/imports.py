"""LAT0142: hosts that a Sidecar imports and nobody has."""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, nearest
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.sidecar import Sidecar
from lateen.engine import Database, deferred
from lateen.model import host as hosts
from lateen.model.service import by_host
from lateen.model.virtual_services import bindings


@deferred
def imports(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which entries of `egress.hosts` import nothing; wildcards for everything and `~` are left alone."""
    one = facts.get(db, ref)
    if one is None or not isinstance(one.spec, Sidecar):
        return ()
    return tuple(
        _finding(db, ref, f"spec.egress[{number}].hosts[{index}]", entry)
        for number, listener in enumerate(one.spec.egress)
        for index, entry in enumerate(listener.hosts)
        if not entry.startswith("~") and not _imports(db, ref.namespace, entry)
    )


def _imports(db: Database, own: str, entry: str) -> bool:
    space, _, host = entry.partition("/")
    if host == "*":
        return True
    space, host = own if space == "." else space, host.lower()
    known = by_host(db)
    candidates = (
        [known[host]]
        if host in known
        else [group for name, group in known.items() if hosts.subset_of(name, host)]
    )
    if any(space in ("*", service.namespace) for group in candidates for service in group):
        return True
    return any(
        space in ("*", one.ref.namespace) and any(hosts.matches(host, name) for name in one.hosts)
        for one in bindings(db)
    )


def _finding(db: Database, ref: Ref, path: str, entry: str) -> Finding:
    space, _, host = entry.partition("/")
    known = [f"{service.namespace}/{name}" for name, group in by_host(db).items() for service in group]
    short = sorted(name for name in known if name.partition("/")[2].startswith(f"{host}."))
    hint = f"did you mean {short[0]}? A Sidecar wants full names" if short else nearest(entry, known, "hosts")
    message = (
        f"{entry} imports nothing: no service in {'any namespace' if space == '*' else space} has this host"
    )
    return found(Code.IMPORTS_NOTHING, ref, path, message, hint)
