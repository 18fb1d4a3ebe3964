"""IST0101, IST0161: the Secrets that a Gateway's servers present."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.gateway.certificate_validity import invalid
from lateen.analyze.gateway.subject import gateway, namespaces
from lateen.analyze.report import found, joined, nearest
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.gateway import Server
from lateen.api.kubernetes import Secret
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model.secrets import AUTHORITIES, PAIRS
from lateen.model.selectors import pairs

PEM = b"-----BEGIN "


@deferred
def secrets(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which Secrets are missing or hold no certificate. They must be where the gateway's pods are."""
    one = gateway(db, ref)
    spaces = namespaces(db, pairs(one.spec.selector)) if one else ()
    if one is None or not spaces:
        return ()
    return tuple(
        finding
        for index, server in enumerate(one.spec.servers)
        for path, name in _names(index, server)
        for finding in _judged(db, ref, path, name, spaces)
    )


def _names(index: int, server: Server) -> Iterator[tuple[str, str]]:
    if server.tls is None:
        return
    base = f"spec.servers[{index}].tls"
    if server.tls.credential_name:
        yield f"{base}.credentialName", server.tls.credential_name
    for place, name in enumerate(server.tls.credential_names):
        yield f"{base}.credentialNames[{place}]", name


def _judged(db: Database, ref: Ref, path: str, name: str, spaces: tuple[str, ...]) -> Iterator[Finding]:
    if "://" in name:
        return
    held = [(space, facts.get(db, Ref("Secret", space, name.rpartition("/")[2]))) for space in spaces]
    now = facts.now(db)
    missing = [space for space, secret in held if secret is None]
    if missing:
        message = f"Secret {name} is not found in the gateway's namespace {joined(missing)}"
        yield found(Code.REFERENCE, ref, path, message, _hint(db, name, missing[0]))
    for space, secret in held:
        if secret is not None and isinstance(secret.spec, Secret) and (why := _unusable(secret.spec, now)):
            message = f"Secret {space}/{name} holds no usable certificate: {why}"
            yield found(
                Code.BAD_CREDENTIAL,
                ref,
                path,
                message,
                "a Secret of type kubernetes.io/tls has tls.crt and tls.key",
            )


def _hint(db: Database, name: str, space: str) -> str:
    everywhere = facts.refs(db, "Secret")
    elsewhere = [one.namespace for one in everywhere if one.name == name]
    if elsewhere:
        return f"there is one in {joined(elsewhere)}; it must be in {space}, where the gateway's pods are"
    return nearest(name, (one.name for one in everywhere if one.namespace == space), f"Secrets in {space}")


def _unusable(secret: Secret, now: str) -> str:
    values = {**secret.data, **secret.string_data}
    pair = next(((chain, key) for chain, key in PAIRS if values.get(chain) and values.get(key)), None)
    if pair is None:
        if any(values.get(roots) for roots, _ in AUTHORITIES):
            return "it has only a CA"
        return f"it has {joined(sorted(values)) or 'nothing'}"
    wrong = next((name for name in pair if not bytes(values[name]).lstrip().startswith(PEM)), None)
    return f"{wrong} is not PEM" if wrong else invalid(bytes(values[pair[0]]), now)
