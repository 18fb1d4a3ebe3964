"""Which workload a word means: a pod, a Deployment, `name.namespace`, `deploy/name`, or the value of the label `app`."""

from typing import Any

from lateen.cli.client import Client
from lateen.cli.errors import Failure

Row = dict[str, Any]
DEFAULT_NAMESPACE = "default"


def workload(client: Client, word: str, namespace: str = "") -> Row:
    """Return the row of one workload; of equal replicas the first.

    Raises:
        Failure: there is none, or several different ones, which are listed.
    """
    return pick(client.get("/v1/workloads"), word, namespace)


def pick(rows: list[Row], word: str, namespace: str = "") -> Row:
    """Choose one of the rows; see `workload`."""
    word = word.rpartition("/")[2]
    for candidates in _steps(rows, word, namespace):
        if len({_unit(row) for row in candidates}) == 1:
            return candidates[0]
        if candidates:
            raise Failure(f"{word!r} is ambiguous: {', '.join(sorted({_unit(row) for row in candidates}))}")
    known = ", ".join(sorted({_unit(row) for row in rows})) or "none"
    raise Failure(f"no workload {word!r}; there are: {known}")


def _steps(rows: list[Row], word: str, namespace: str) -> list[list[Row]]:
    """The ways to read the word, the most exact first."""
    name, _, space = word.rpartition(".")
    exact = [row for row in rows if name and row["namespace"] == space and name in (row["pod"], row["owner"])]
    here = [row for row in rows if row["namespace"] == (namespace or DEFAULT_NAMESPACE)]
    groups = [here] if namespace else [here, rows]
    return [exact] + [
        [row for row in group if test(row, word)]
        for group in groups
        for test in (_is_pod, _is_owner, _is_app, _begins)
    ]  # fmt: skip


def _is_pod(row: Row, word: str) -> bool:
    return bool(row["pod"] == word)


def _is_owner(row: Row, word: str) -> bool:
    return bool(row["owner"] == word)


def _is_app(row: Row, word: str) -> bool:
    return bool(row["labels"].get("app") == word)


def _begins(row: Row, word: str) -> bool:
    return bool(row["pod"].startswith(f"{word}-"))


def _unit(row: Row) -> str:
    """Replicas of a Deployment are one thing."""
    return f"{row['owner'] or row['pod']}.{row['namespace']}"
