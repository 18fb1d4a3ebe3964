"""The objects of the running mesh, and what they would be after `apply`."""

from lateen.api.registry import KINDS
from lateen.cli.client import Client
from lateen.sources.load import Load, load_of
from lateen.sources.memory import from_values

MADE = "local"
"""The source of objects that nobody wrote."""


def live_and_applied(mesh: str, change: Load) -> tuple[Load, Load]:
    """Return what is in force on the running mesh, and what would be when `change` is applied.

    Raises:
        Failure: no such mesh runs.
    """
    client = Client(mesh)
    rows = [row for kind in KINDS for row in client.get("/v1/objects", kind=kind.name)]
    live = from_values([row["document"] for row in rows if row["source"] != MADE], "running mesh")
    entries = {one.ref: one for one in live.entries} | {one.ref: one for one in change.entries}
    return live, load_of(entries.values(), change.findings, change.broken)
