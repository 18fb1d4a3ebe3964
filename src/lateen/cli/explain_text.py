"""An explanation for people: one line per step, and on its right the YAML that says so."""

from typing import TYPE_CHECKING

from lateen.cli.output import styled

if TYPE_CHECKING:
    from lateen.cli.explain_log import Logged
    from lateen.simulate.explain_types import Cause, Explanation, Hop, Result, Setting, Step

SIDES = {"sidecar": "the client's sidecar", "gateway": "the gateway", "server": "the server's sidecar"}
OWNERS = {
    "rule": "",
    "mesh": "the mesh's settings",
    "istio": "Istio's default, not yours",
    "envoy": "Envoy's default, not yours",
}
LABELS = {
    "resolution": "address",
    "filter-chain": "filter chain",
    "virtual-host": "virtual host",
    "inspection": "first bytes",
    "routes": "routes",
}
WIDTH = 17
ENDPOINTS = 8
"""So many endpoints are listed."""


def text(found: "Explanation") -> str:
    """Write the whole way."""
    parts = [styled(found.request, bold=True), f"from {found.source}"]
    for hop in found.hops:
        parts += ["", *_hop(hop)]
    return "\n".join(parts)


def _hop(hop: "Hop") -> list[str]:
    lines = [styled(f"{hop.proxy}  {SIDES[hop.side]}", bold=True)]
    lines += [_step(step) for step in hop.steps]
    for result in sorted(hop.results, key=lambda one: -one.probability):
        lines += _result(result)
    return lines


def _line(label: str, words: str, cause: "Cause | None") -> str:
    place = f"  ← {_place(cause)}" if cause is not None else ""
    return f"  {label:<{WIDTH}} {words}{styled(place, dim=True)}"


def _place(cause: "Cause") -> str:
    subject = (
        f"{cause.kind} {cause.namespace}/{cause.name}" if cause.namespace else f"{cause.kind} {cause.name}"
    )
    path = f" {cause.path}" if cause.path else ""
    where = f" ({cause.file}:{cause.line})" if cause.line else ""
    return f"{subject}{path}{where}"


def _step(step: "Step") -> str:
    label = LABELS.get(step.step, step.step)
    if step.step == "route":
        words = step.reason if step.taken else f"no: {step.reason}"
        return _line(f"route {step.subject}", styled(words, fg="green" if step.taken else None), step.cause)
    if step.step == "note":
        return _line("note", styled(step.subject, fg="yellow"), step.cause)
    words = f"{step.subject}: {step.reason}" if step.reason else step.subject
    return _line(label, styled(words, fg=None if step.taken else "red"), step.cause)


def _result(result: "Result") -> list[str]:
    share = "" if result.probability >= 1 else f"{100 * result.probability:.4g}% "
    lines = [f"→ {share}{_outcome(result)}"]
    if result.meaning:
        lines.append(f"  {'':<{WIDTH}} {result.meaning}")
    if result.delay:
        lines.append(
            _line("delay", f"{result.delay.nanoseconds / 1e9:g}s in {result.delay.share:.0%} of cases", None)
        )
    lines += [_setting(one) for one in result.settings]
    lines += [_line("mirror", f"{one.cluster} {one.share:.0%}", None) for one in result.mirrors]
    for target, name in list(zip(result.endpoints, result.workloads, strict=True))[:ENDPOINTS]:
        place = f" in {target.locality}" if target.locality else ""
        part = "" if target.share >= 1 else f"{target.share:.1%} "
        lines.append(_line("endpoint", f"{part}{target.address} {name}{place}".rstrip(), None))
    if len(result.endpoints) > ENDPOINTS:
        lines.append(_line("", f"and {len(result.endpoints) - ENDPOINTS} more", None))
    return lines


def _outcome(result: "Result") -> str:
    flag = f" {result.flag}" if result.flag else ""
    if result.kind == "cluster":
        sent = f" as {result.authority}{result.path}" if result.path else ""
        return f"sent to {result.cluster}{sent}"
    if result.kind == "redirect":
        return f"answered {result.status}, to {result.location}"
    if result.kind == "reset":
        return f"the connection is closed{flag}"
    body = f" {result.body!r}" if result.body else ""
    return f"answered {result.status}{flag}{body} by the proxy itself"


def _setting(one: "Setting") -> str:
    owner = OWNERS[one.owner]
    words = f"{one.value:<12} ({owner})" if owner else one.value
    return _line(one.name, words, one.cause if one.owner == "rule" else None)


def compared(found: "Explanation", logged: "Logged") -> str:
    """Compare what the log says with what the rules of now say."""
    said = " ".join(
        word for word in (str(logged.status or ""), logged.flags, logged.cluster, logged.upstream) if word
    )
    results = found.hops[0].results
    same = any(
        logged.cluster in ("", one.cluster) and (one.kind == "cluster" or one.status == logged.status)
        for one in results
    )
    verdict = (
        "the rules of now lead there, too"
        if same
        else "the rules of now lead elsewhere: they changed, or headers matter that the log does not have"
    )
    return f"\nthe log says: {said}\n  {verdict}"
