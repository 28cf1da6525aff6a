"""Prints what was measured: for a terminal, or as Markdown between two comments of a page."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .peers.peer import Peer
from .rounds import Row, Table

BEGIN, END = "<!-- measured: make bench writes this -->", "<!-- /measured -->"

_HEADINGS = ("Tool", "Wall, s", "CPU, s", "Peak memory, MB", "Requests", "Right", "False", "Missed")


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run of the benchmark.

    Attributes:
        date: when it began.
        arguments: the command line's, to repeat it.
        registry: which registry answered.
        versions: what ran, one line each.
        absent: which tools did not run, and why.
        tables: what was measured.
    """

    date: str
    arguments: str
    registry: str
    versions: tuple[str, ...]
    absent: tuple[str, ...]
    tables: tuple[tuple[Table, tuple[str, ...]], ...]
    """Each with the names of the tools that the others are divided by."""


def versions(peers: Sequence[Peer]) -> tuple[str, ...]:
    """Return the machine, the system and each tool's version."""
    model = next(
        (line.split(":")[1].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")), ""
    )
    memory = next((int(line.split()[1]) for line in _lines(Path("/proc/meminfo")) if line.startswith("MemTotal")), 0)
    git = subprocess.run(["git", "--version"], stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    cores = len(os.sched_getaffinity(0))
    machine = f"{cores} cores ({model or platform.machine()}), {memory / 2**20:.0f} GiB"
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {git}"
    found = (peer.version() for peer in peers if not peer.missing())
    return tuple(dict.fromkeys((machine, system, *(version for version in found if version))))


def cells(row: Row) -> tuple[str, ...]:
    """Return a row's cells, without the ratios."""
    if row.failure or not row.costs:
        return (row.tool, "failed" if row.failure else "not run", *[""] * 6)
    walls = [each.wall for each in row.costs]
    wall = _seconds(statistics.median(walls))
    if len(walls) > 1:
        wall += f" ({_seconds(min(walls))}-{_seconds(max(walls))})"
    processor = _seconds(statistics.median(each.processor for each in row.costs))
    memory = f"{row.largest / 1024:.0f}"
    if row.together > row.largest * 1.1:
        memory += f" (all: {row.together / 1024:.0f})"
    asked = sorted(set(row.requests))
    requests = f"{asked[0]:,}" + (f"-{asked[-1]:,}" if len(asked) > 1 else "") if asked else ""
    judged = row.verdict
    verdict = ("", "", "") if judged is None else tuple(f"{n:,}" for n in (judged.right, judged.false, judged.missed))
    return (row.tool, wall, processor, memory, requests, *verdict)


def ratio(row: Row, base: Row | None) -> str:
    """Divide the median of a row by the median of another; empty where one has none."""
    if base is None or not row.costs or not base.costs or row.failure or base.failure:
        return ""
    own, other = (statistics.median(cost.wall for cost in each.costs) for each in (row, base))
    return f"{own / other:.2f}x"


def text(table: Table, bases: Sequence[str]) -> str:
    """Return a table for a terminal."""
    lines = _grid(table, bases)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([_title(table), *(f"  {row}" for row in rows)])


def markdown(run: Run) -> str:
    """Return a whole run as Markdown."""
    command = f'make bench BENCH="{run.arguments}"' if run.arguments else "make bench"
    parts = [
        f"Run of {run.date}, by `{command}`, with {run.registry} on loopback. What ran:",
        "\n".join(f"- {line}" for line in run.versions),
    ]
    if run.absent:
        parts.append("Not installed, so not in the tables: " + "; ".join(run.absent) + ".")
    for table, bases in run.tables:
        lines = _grid(table, bases)
        ruler = ["---"] + ["---:"] * (len(lines[0]) - 1)
        grid = "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], ruler, *lines[1:]))
        parts += [f"### {_title(table)}", grid]
        parts += [f"- {row.tool} failed: {row.failure.splitlines()[0][:200]}" for row in table.rows if row.failure]
    return "\n\n".join(parts) + "\n"


def notes(tables: Iterable[Table]) -> tuple[str, ...]:
    """Return what the readers of the rows must know, each once."""
    return tuple(dict.fromkeys(f"{row.tool}: {row.note}" for table in tables for row in table.rows if row.note))


def write_into(page: Path, measured: str) -> None:
    """Replace what stands between the two comments of a page.

    Raises:
        ValueError: the page has no such comments.
    """
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no lines {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n\n{measured}\n{END}{after}")


def _grid(table: Table, bases: Sequence[str]) -> list[tuple[str, ...]]:
    by_name = {row.tool: row for row in table.rows}
    headings = (*_HEADINGS, *(f"÷ {base.split(',')[0]}" for base in bases))
    return [headings, *((*cells(row), *(ratio(row, by_name.get(base)) for base in bases)) for row in table.rows)]


def _title(table: Table) -> str:
    asked = f", {table.questions:,} distinct references" if table.questions else ""
    load = f"load {table.load[0]:.1f} to {table.load[1]:.1f}"
    return f"{table.title[:1].upper()}{table.title[1:]}: {table.places:,} places to change{asked} ({load})"


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value >= 20 else f"{value:.2f}"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
