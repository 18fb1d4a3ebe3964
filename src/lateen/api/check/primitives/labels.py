"""Labels and selectors of labels (pkg/config/labels/instance.go, validation.go validateWorkloadSelector)."""

import re
from functools import lru_cache

from lateen.api.check.report import Report

DNS = r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?"
NAME = r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
KEY = re.compile(rf"((?:{DNS}(?:\.{DNS})*)/)?({NAME})", re.ASCII)
VALUE = re.compile(rf"(?:{NAME})?", re.ASCII)
LONGEST_PREFIX, LONGEST = 253, 63


@lru_cache(4096)
def key(text: str) -> str:
    """Say what is wrong with a label's key."""
    found = KEY.fullmatch(text)
    if found is None or len(found[2]) > LONGEST or len(found[1] or "") > LONGEST_PREFIX + 1:
        return f"{text!r} is not a label: letters, digits, '-', '_' and '.', perhaps after a DNS name and '/'"
    return ""


@lru_cache(4096)
def value(text: str) -> str:
    """Say what is wrong with a label's value."""
    return _form(text) or _length(text)


def _form(text: str) -> str:
    if VALUE.fullmatch(text) is None:
        return f"{text!r} is not the value of a label: letters, digits, '-', '_' and '.' between letters or digits"
    return ""


def _length(text: str) -> str:
    return f"the value of a label has at most {LONGEST} characters" if len(text) > LONGEST else ""


def labels(report: Report, path: str, given: dict[str, str]) -> None:
    """Check labels that Kubernetes keeps."""
    for name, text in given.items():
        report.wrong(f"{path}[{name}]", key(name) or value(text))


def istio_labels(report: Report, path: str, given: dict[str, str]) -> None:
    """Check labels in Istio's specs: a value that is too long for Kubernetes passes there."""
    for name, text in given.items():
        where = f"{path}[{name}]"
        if not report.wrong(where, key(name) or _form(text)) and (wrong := _length(text)):
            report.warning(where, wrong)


def impossible(report: Report, path: str, given: dict[str, str]) -> None:
    """Warn about labels that no workload can carry; where Istio compares labels only, it does not look at their form."""
    for name, text in given.items():
        if wrong := key(name) or value(text):
            report.warning(f"{path}[{name}]", f"nothing can have this label: {wrong}")


def selector(report: Report, path: str, given: dict[str, str], empty: str) -> None:
    """Check the labels that workloads are selected by; `empty` says what happens without any."""
    for name, text in given.items():
        if not name:
            report.error(path, "a label needs a key")
        elif "*" in name or "*" in text:
            report.error(f"{path}[{name}]", "a selector compares whole labels; '*' means nothing in it")
        elif len(text) > LONGEST:
            report.error(f"{path}[{name}]", _length(text))
    impossible(
        report,
        path,
        {name: text for name, text in given.items() if name and "*" not in name + text and not _length(text)},
    )
    if not given:
        report.warning(path.rpartition(".")[0], f"the selector has no labels: {empty}")
