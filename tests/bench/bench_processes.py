"""What the kernel says of processes: which are a mesh's, their processor time, their memory."""

import os
from pathlib import Path


def envoys(home: Path) -> dict[str, int]:
    """Return the pids of the Envoys of a mesh by the name of the directory that their configuration is in."""
    found = {}
    for entry in Path("/proc").iterdir():
        words = _words(entry) if entry.name.isdigit() else []
        for word in words:
            if word.startswith(str(home)) and word.endswith("bootstrap.json"):
                found[Path(word).parent.name] = int(entry.name)
    return found


def _words(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []  # it has ended meanwhile


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pss(pid: int) -> float:
    """Return a process's proportional share of memory in MB: pages that several map are divided among them."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(text.partition("\nPss:")[2].split()[0]) / 1024


def anonymous(pid: int) -> float:
    """Return the memory in MB that is no file's and no other process's: what one more such process costs."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(text.partition("\nAnonymous:")[2].split()[0]) / 1024


def rss(pid: int) -> float:
    """Return a process's resident memory in MB."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


def available() -> float:
    """Return the machine's available memory in MB."""
    return int(Path("/proc/meminfo").read_text().partition("MemAvailable:")[2].split()[0]) / 1024


def with_bytecode(place: str) -> dict[str, str]:
    """Return an environment in which Python keeps bytecode in a directory, as installing does, whatever is set here."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(Path(place, "bytecode"))}
