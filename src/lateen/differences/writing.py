"""A report as text, as JSON, and as Markdown for the comment of a pull request."""

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import Any

import msgspec

from lateen.differences.comparison import Report, Seen
from lateen.differences.curl import example
from lateen.differences.proofs import Proof, counted
from lateen.differences.proofs import rows as proof_rows

HOSTS = 3
"""Hosts that are named; more are counted."""
CLASSES = 200
"""Classes that text and Markdown show; JSON has all."""
UNSET = "-"


def text(found: Report) -> str:
    """Write a report for a terminal."""
    pairs = list(zip_longest(found.seen, found.proofs))[:CLASSES]
    blocks = [_block(number, *pair) for number, pair in enumerate(pairs, 1)]
    return "\n\n".join([*blocks, _summary(found)])


def _block(number: int, seen: Seen, proof: Proof | None) -> str:
    change = seen.change
    rows = [("from", _clients(seen)), ("example", example(change, seen.clients[0]))]
    rows += [(name, f"{old or UNSET}  →  {new or UNSET}") for name, old, new in change.differences]
    if change.undecided:
        rows.append(("cannot decide", change.undecided))
    rows += [("cause", str(cause)) for cause in seen.causes[:5]]
    if len(seen.causes) > 5:
        rows.append(("", f"and {len(seen.causes) - 5} more objects"))
    rows += proof_rows(proof) if proof is not None else ()
    width = max(len(name) for name, _ in rows)
    return "\n".join(
        [f"{number}. {subject(seen)}", *(f"   {name.ljust(width)}  {words}" for name, words in rows)]
    )


def subject(seen: Seen) -> str:
    """Say which requests or connections."""
    change = seen.change
    where = f" to {_hosts(change.hosts)}" if change.hosts else ""
    port = f" port {change.connection.port}" + (
        " of addresses that are no service's" if change.elsewhere else ""
    )
    if change.kind == "request":
        which = " and ".join(change.conditions) or "every request"
        requests = which if not change.conditions else f"requests with {which}"
        return f"{requests}{where},{port}"
    place = f"{change.connection.address}:{change.connection.port}"
    return f"{_connections(seen)} to {place}" + (", all requests" if change.kind == "settings" else "")


def _connections(seen: Seen) -> str:
    connection = seen.change.connection
    if connection.tls is not None:
        return f"TLS connections ({connection.tls.sni or 'no server name'})"
    spoken = {"http": "HTTP", "http2": "HTTP/2", "bytes": "bytes"}[connection.payload]
    return "connections" if len(seen.payloads) > 1 else f"connections with {spoken}"


def _hosts(hosts: Iterable[str]) -> str:
    """Name hosts: of the names of one service the shortest; of an address and a name, the name."""
    known = sorted(hosts, key=lambda one: (one.replace(".", "").isdigit(), one.count("."), one))
    kept: list[str] = []
    for one in known:
        if not any(one.startswith((f"{other}.", f"{other}:")) for other in kept):
            kept.append(one)
    names = [one for one in kept if not one.replace(".", "").isdigit()] or kept
    more = f" and {len(names) - HOSTS} more hosts" if len(names) > HOSTS else ""
    return ", ".join(names[:HOSTS]) + more


def _clients(seen: Seen) -> str:
    names = list(seen.clients)
    words = ", ".join(names[:HOSTS]) + (f" and {len(names) - HOSTS} more" if len(names) > HOSTS else "")
    return f"{words}, arriving requests" if seen.arriving else words


def _summary(found: Report) -> str:
    compared = f"{len(found.edits)} {_plural('object', len(found.edits))} differ{'s' if len(found.edits) == 1 else ''}"
    looked = (
        f"{found.proxies} {_plural('workload', found.proxies)} and gateways compared" if found.edits else ""
    )
    lines = []
    for word, names in (("new", found.appeared), ("gone", found.gone)):
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            lines.append(f"{word}, so not compared: {', '.join(names[:5])}{more}")
    if len(found.seen) > CLASSES:
        lines.append(f"{len(found.seen) - CLASSES} more classes; -o json has all")
    what = (
        "no request changes"
        if not found.seen
        else f"{len(found.seen)} {_plural('class', len(found.seen))} of requests change{'s' if len(found.seen) == 1 else ''}"
    )
    proved = f"; {counted(found.proofs)}" if found.proofs else ""
    return "\n".join([*lines, f"{what} ({', '.join(part for part in (compared, looked) if part)}){proved}"])


def _plural(word: str, number: int) -> str:
    return word if number == 1 else f"{word}es" if word.endswith("s") else f"{word}s"


def markdown(found: Report) -> str:
    """Write a report as the comment of a pull request."""
    parts = [f"### {_summary(found).splitlines()[-1]}"]
    pairs = list(zip_longest(found.seen, found.proofs))[:CLASSES]
    parts += ["\n".join(_section(*pair)) for pair in pairs]
    parts += [f"_{line}_" for line in _summary(found).splitlines()[:-1]]
    return "\n\n".join(parts)


def _section(seen: Seen, proof: Proof | None) -> Iterator[str]:
    change = seen.change
    yield f"<details><summary><b>{_escaped(subject(seen))}</b>, from {_escaped(_clients(seen))}</summary>"
    yield ""
    yield "```sh"
    yield example(change, seen.clients[0])
    yield "```"
    yield ""
    yield "| | before | after |"
    yield "|---|---|---|"
    for name, old, new in change.differences:
        yield f"| {_cell(name)} | {_cell(old or UNSET)} | {_cell(new or UNSET)} |"
    yield ""
    if change.undecided:
        yield f"Cannot decide whether there is such a request: {change.undecided}."
        yield ""
    yield from (f"- {_escaped(str(cause))}" for cause in seen.causes[:5])
    if proof is not None:
        yield from (f"- {name.strip()}: {_escaped(words)}" for name, words in proof_rows(proof))
    yield ""
    yield "</details>"


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cell(words: str) -> str:
    return _escaped(words).replace("|", "\\|").replace("\n", " ")


def json(found: Report) -> str:
    """Write a report as JSON; the form is documented in docs/reference/diff.md."""
    value = {
        "changes": [_entry(*pair) for pair in zip_longest(found.seen, found.proofs)],
        "objects": [_edit(edit) for edit in found.edits],
        "compared": found.proxies,
        "new": list(found.appeared),
        "gone": list(found.gone),
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _entry(seen: Seen, proof: Proof | None) -> dict[str, Any]:
    change = seen.change
    return {
        "kind": change.kind,
        "clients": list(seen.clients),
        "arriving": seen.arriving,
        "port": change.connection.port,
        "hosts": list(change.hosts),
        "conditions": list(change.conditions),
        "example": {
            "curl": example(change, seen.clients[0]),
            "connection": msgspec.to_builtins(change.connection),
            "request": msgspec.to_builtins(change.request),
        },
        "differences": [
            {"field": name, "before": old or None, "after": new or None}
            for name, old, new in change.differences
        ],
        "undecided": change.undecided or None,
        "causes": [_edit(cause) for cause in seen.causes],
        "proof": msgspec.to_builtins(proof),
    }


def _edit(edit: Any) -> dict[str, Any]:
    return {
        "kind": edit.ref.kind,
        "namespace": edit.ref.namespace,
        "name": edit.ref.name,
        "change": edit.word,
        "fields": [{"path": path, "place": place} for path, place in edit.places],
    }


FORMS: dict[str, Callable[[Report], str]] = {
    "text": text,
    "json": json,
    "markdown": markdown,
}
