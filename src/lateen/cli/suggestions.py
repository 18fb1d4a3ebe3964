"""What completion offers from the running mesh; silence when it does not run or answers too late."""

from collections.abc import Iterable
from typing import Any

import click

from lateen.cli import kinds
from lateen.cli.client import Client
from lateen.cli.errors import Failure

PATIENCE = 0.5  # seconds; a shell that waits longer feels broken


def _ask(ctx: click.Context, path: str, **query: str) -> Iterable[dict[str, Any]]:
    try:
        answer: list[dict[str, Any]] = Client(str(ctx.params.get("mesh") or "default"), PATIENCE).get(
            path, **query
        )
    except Failure:
        return ()
    return answer


def namespaces(ctx: click.Context) -> list[str]:
    """Return the namespaces, sorted."""
    return sorted(row["document"]["metadata"]["name"] for row in _ask(ctx, "/v1/objects", kind="Namespace"))


def workloads(ctx: click.Context) -> list[str]:
    """Return workloads by their Deployment, else by their pod; with the namespace when it is not `default`."""
    rows = _ask(ctx, "/v1/workloads")
    return sorted({_short(row["owner"] or row["pod"], row["namespace"]) for row in rows})


def kinds_or_names(ctx: click.Context, start: str) -> list[str]:
    """Return kinds for the first word, then names of its kind."""
    words: tuple[str, ...] = tuple(ctx.params.get("words") or ())
    if not words:
        return [name for name in kinds.names() if name.startswith(start)]
    try:
        kind = kinds.kind_of(words[0])
    except Failure:
        return []
    rows = _ask(ctx, "/v1/objects", kind=kind.name, namespace=str(ctx.params.get("namespace") or ""))
    return [name for row in rows if (name := row["document"]["metadata"]["name"]).startswith(start)]


def _short(name: str, namespace: str) -> str:
    return name if namespace == "default" else f"{name}.{namespace}"
