"""What a running process holds, as Linux tells."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds."""

    resident: int
    """KiB."""
    peak: int
    """The most that was resident, KiB."""
    threads: int
    files: int


def held(process: int) -> Held:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    files = len(list(Path(f"/proc/{process}/fd").iterdir()))
    return Held(_number(lines["VmRSS"]), _number(lines["VmHWM"]), _number(lines["Threads"]), files)


def children(process: int) -> list[tuple[int, str]]:
    """List the children of a process with their states (``Z``: a zombie)."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == process:
                found.append((int(folder.name), fields[0]))
    return found


def descendants(process: int) -> list[int]:
    """List everything that was started below a process."""
    found = [child for child, _ in children(process)]
    return found + [each for child in found for each in descendants(child)]


def end(processes: list[int]) -> None:
    """Kill processes, those that have ended already aside."""
    for each in processes:
        try:
            os.kill(each, 9)
        except ProcessLookupError:
            continue


def _number(text: str) -> int:
    return int(text.split(maxsplit=1)[0])
