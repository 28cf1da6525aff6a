"""Runs one command and says what it cost: wall and processor time, memory of its processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_SAMPLING_SECONDS = 0.04

# A process counts the memory of the one that started it as its own peak until it has been replaced by the program,
# so a small one stands between this program and what is measured. It also keeps the clock.
_LAUNCHER = """
import json, os, sys, time
began = time.perf_counter()
pid = os.fork()
if pid == 0:
    try:
        os.execvp(sys.argv[2], sys.argv[2:])
    finally:
        os._exit(127)
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - began
figures = [wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)]
with open(sys.argv[1], "w") as report:
    json.dump(figures, report)
"""


@dataclass(frozen=True, slots=True)
class Command:
    """Something to run.

    Attributes:
        arguments: the program and its arguments.
        directory: where to run it.
        environment: what is added to this process's environment.
        stdin: what it reads.
        fine: exit codes that are no failure.
    """

    arguments: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    fine: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run cost.

    Attributes:
        wall: seconds from start to end.
        processor: seconds of processor time, user and system, of the program and of what it started and waited for.
        largest: the largest resident size that one of these processes had, in KiB.
        together: the largest sum, over all of its processes, of their proportional sizes (shared memory counts
            once), in KiB; sampled, so short peaks are missed; 0 when not sampled.
        output: what it wrote to its standard output.
    """

    wall: float
    processor: float
    largest: int
    together: int
    output: bytes


class Failed(Exception):
    """A measured command failed, which makes its figures worthless."""


def cost(command: Command, *, sampled: bool) -> Cost:
    """Run a command to its end.

    Args:
        command: what to run.
        sampled: whether to sample the sum of its memory, which takes a little processor time.

    Raises:
        Failed: it ended with a code that is not fine.
    """
    with tempfile.TemporaryDirectory(prefix="gitops-streams-measure-") as folder:
        report, output, errors = (Path(folder, name) for name in ("report", "output", "errors"))
        with output.open("wb") as stdout, errors.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(report), *command.arguments],
                cwd=command.directory,
                env={**os.environ, **command.environment},
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
            with _Sampler(process.pid, enabled=sampled) as sampler:
                process.communicate(command.stdin)
        wall, processor, largest, code = json.loads(report.read_text())
        if code not in command.fine:
            said = errors.read_bytes()[-2000:].decode(errors="replace")
            raise Failed(f"{' '.join(command.arguments)[:200]} ended with {code}: {said}")
        return Cost(wall, processor, largest, sampler.together, output.read_bytes())


class _Sampler:
    """Adds up the memory of a session's processes again and again, its leader (the launcher) left out."""

    def __init__(self, session: int, *, enabled: bool) -> None:
        self._session = session
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch) if enabled else None
        self.together = 0

    def __enter__(self) -> Self:
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            self.together = max(self.together, sum(map(_proportional, self._members())))
            self._over.wait(_SAMPLING_SECONDS)

    def _members(self) -> Iterator[Path]:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != self._session:
                try:
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:  # it has ended
                    continue
                if int(fields[3]) == self._session:
                    yield entry


def _proportional(process: Path) -> int:
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
