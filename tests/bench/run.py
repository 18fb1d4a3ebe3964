"""`make bench`: prints the figures, with what is aimed at and what they were before.

    run.py [SECTION…] [--json FILE] [--baseline FILE]

Without sections, all of them. The results are kept in `.bench/last.json`; the next run prints its ratio to them.
"""

import argparse
import importlib
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bench_report
from bench_report import Table

ROOT = Path(__file__).resolve().parents[2]
LAST = ROOT / ".bench" / "last.json"
SECTIONS = {
    "machine": ("bench_machine", "tables"),
    "throughput": ("bench_throughput", "tables"),
    "features": ("bench_features", "tables"),
    "documents": ("bench_engine", "documents"),
    "engine": ("bench_engine", "tables"),
    "streams": ("bench_streams", "tables"),
    "commands": ("bench_commands", "tables"),
}


def main() -> int:
    options = _options()
    before = bench_report.load(options.baseline)
    began = time.monotonic()
    measured: list[Table] = []
    print(f"machine: {machine()}\n")
    for section in options.sections or SECTIONS:
        for table in _section(section)():
            measured.append(table)
            print("\n".join(bench_report.lines(table, before)), flush=True)
    print(f"took {time.monotonic() - began:.0f} s")
    for path in (LAST, *([options.json] if options.json else [])):
        bench_report.save(path, measured, machine())
    return 0


def _section(name: str) -> Callable[[], Iterator[Table]]:
    module, function = SECTIONS[name]
    found: Callable[[], Iterator[Table]] = getattr(importlib.import_module(module), function)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; all without any"
    )
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    parser.add_argument("--baseline", type=Path, default=LAST, help="earlier figures to compare with")
    options = parser.parse_args()
    unknown = set(options.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    return options


def machine() -> str:
    """Say what the figures were measured on."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next(
        (line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")), ""
    )
    cores = info.count("\nprocessor") + info.startswith("processor")
    return f"{model or platform.processor()}, {cores} cores, Linux {platform.release()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
