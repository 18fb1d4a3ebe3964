"""IST0138: one certificate in two Gateways. A browser reuses its HTTP/2 connection for both hosts, and gets 404 for one."""

from lateen.analyze.catalogue import Code
from lateen.analyze.gateway.subject import gateway
from lateen.analyze.report import found, joined
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.gateway import Gateway
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model.selectors import Pairs, pairs, selects

Used = tuple[str, str, str]


@deferred
def _uses(db: Database) -> dict[Used, tuple[tuple[Ref, Pairs], ...]]:
    """Index the Gateways by the certificates that they present."""
    index: dict[Used, tuple[tuple[Ref, Pairs], ...]] = {}
    for ref in facts.refs(db, "Gateway"):
        one = gateway(db, ref)
        for used in dict.fromkeys(_certificates(one.spec)) if one else ():
            index[used] = (*index.get(used, ()), (ref, pairs(one.spec.selector if one else None)))
    return index


@deferred
def certificates(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which other Gateways of the same proxies present a certificate of this one."""
    one = gateway(db, ref)
    if one is None:
        return ()
    findings = []
    for index, server in enumerate(one.spec.servers):
        used = _certificate(server.tls)
        if used is None:
            continue
        others = [
            other
            for other, selector in _uses(db).get(used, ())
            if other != ref and selects(pairs(one.spec.selector), selector)
        ]
        if others:
            names = joined(f"{other.namespace}/{other.name}" for other in others)
            message = f"Gateway {names} presents the same certificate: clients that reuse an HTTP/2 connection are answered 404"
            hint = "put the hosts into one Gateway, or give each a certificate of its own"
            findings.append(
                found(Code.DUPLICATE_CERTIFICATE, ref, f"spec.servers[{index}].tls", message, hint)
            )
    return tuple(findings)


def _certificates(spec: Gateway) -> list[Used]:
    return [used for server in spec.servers if (used := _certificate(server.tls)) is not None]


def _certificate(tls: object) -> Used | None:
    name = getattr(tls, "credential_name", None)
    chain, key = getattr(tls, "server_certificate", None), getattr(tls, "private_key", None)
    if name:
        return name, "", ""
    return ("", chain, key) if chain and key else None
