"""Findings for programs: JSON, YAML, SARIF (code scanning), JUnit (test reports), GitHub's workflow commands."""

from collections.abc import Callable, Collection
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lateen.analyze.catalogue import CATALOGUE, page
from lateen.cli.findings_text import subject
from lateen.cli.output import dumped

Row = dict[str, Any]
SARIF_LEVELS = {"Error": "error", "Warning": "warning", "Info": "note"}
GITHUB_LEVELS = {"Error": "error", "Warning": "warning", "Info": "notice"}
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(rows: list[Row]) -> str:
    """Write a list of objects; keys without a value are left out."""
    return dumped(rows, "json")


def as_yaml(rows: list[Row]) -> str:
    """Write the same as YAML."""
    return dumped(rows, "yaml")


def as_sarif(rows: list[Row]) -> str:
    """Write a SARIF 2.1.0 log, with the rules that have results."""
    codes = sorted({row["code"] for row in rows})
    driver = {"name": "lateen check", "rules": [_rule(code) for code in codes]}
    run = {"tool": {"driver": driver}, "results": [_result(row, codes) for row in rows]}
    return dumped({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, "json")


def _rule(code: str) -> dict[str, Any]:
    entry = CATALOGUE.get(code)
    if entry is None:
        return {"id": code}
    return {
        "id": code,
        "name": entry.name,
        "shortDescription": {"text": entry.title},
        "help": {"text": f"See {page(code)}"},
        "defaultConfiguration": {"level": SARIF_LEVELS[entry.level]},
    }


def _result(row: Row, codes: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": row["code"],
        "ruleIndex": codes.index(row["code"]),
        "level": SARIF_LEVELS[row["level"]],
        "message": {"text": _words(row)},
    }
    if row.get("file") and not row["file"].startswith("<"):
        region = {
            "startLine": row.get("line") or 1,
            **({"startColumn": row["column"]} if row.get("column") else {}),
        }
        place = {"artifactLocation": {"uri": row["file"].replace("\\", "/")}, "region": region}
        result["locations"] = [{"physicalLocation": place}]
    return result


def _words(row: Row) -> str:
    suggestion = f". {row['suggestion'][:1].upper()}{row['suggestion'][1:]}" if row.get("suggestion") else ""
    return f"{_subject(row)}{row['message']}{suggestion}"


def _subject(row: Row) -> str:
    if not row.get("kind"):
        return ""
    return f"{row['kind']} {subject(row)}: "


def as_junit(rows: list[Row], reached: Collection[str] = tuple(SARIF_LEVELS)) -> str:
    """Write a test suite with one case per finding, failed when its level is reached; without findings one that passed."""
    cases = [_case(row, failed=row["level"] in reached) for row in rows]
    cases = cases or ['  <testcase classname="lateen" name="check"/>']
    failures = sum(row["level"] in reached for row in rows)
    head = f'<testsuite name="lateen check" tests="{len(cases)}" failures="{failures}" errors="0">'
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>"))


def _case(row: Row, *, failed: bool) -> str:
    place = f"{row.get('file', '')}:{row['line']}" if row.get("line") else row.get("file", "")
    name = quoteattr(f"{row['code']} {_subject(row)}{row.get('path', '')}".rstrip())
    inside = f"<system-out>{escape(_words(row))}</system-out>"
    if failed:
        inside = f"<failure type={quoteattr(row['level'])} message={quoteattr(_words(row))}></failure>"
    return f"  <testcase classname={quoteattr(place)} name={name}>{inside}</testcase>"


def as_github(rows: list[Row]) -> str:
    """Write one workflow command per finding, which GitHub shows beside the line."""
    return "\n".join(_command(row) for row in rows)


def _command(row: Row) -> str:
    file = row.get("file", "")
    places = (
        ("file", "" if file.startswith("<") else file),
        ("line", row.get("line")),
        ("col", row.get("column")),
    )
    fields = [f"{key}={_escaped(str(value), ',:')}" for key, value in places if value]
    fields.append(f"title={_escaped(row['code'], ',:')}")
    return f"::{GITHUB_LEVELS[row['level']]} {','.join(fields)}::{_escaped(_words(row))}"


def _escaped(text: str, more: str = "") -> str:
    for one in "%\r\n" + more:
        text = text.replace(one, f"%{ord(one):02X}")
    return text


REPORTS: dict[str, Callable[[list[Row]], str]] = {
    "json": as_json,
    "yaml": as_yaml,
    "sarif": as_sarif,
    "junit": as_junit,
    "github": as_github,
}
