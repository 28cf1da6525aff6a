"""What scanning a large tree costs beside ``rg`` and ``git status`` on the same tree, in turn.

    python tests/benchmarks/tree.py DIR && python tests/benchmarks/tree_cost.py DIR

Prints wall and processor seconds and the peak memory of each, children included; the cache is one of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_SCAN = """
import gc, sys
from pathlib import Path
gc.set_threshold(2_000_000, 50, 100)
from gitops_streams.config import Settings
from gitops_streams.git.repository import Repository
from gitops_streams.reconcile.sites import find_sites
with Repository.discover(Path(sys.argv[1])) as repository:
    cache = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    print(len(find_sites(repository.work_tree(), Settings(cache=cache)).bindings.sites))
"""


def cost(arguments: list[str], directory: Path) -> tuple[float, float, int]:
    """Run a command; return wall seconds, processor seconds and its peak memory in MB."""
    before = time.perf_counter()
    with subprocess.Popen(arguments, cwd=directory, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - before, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def main() -> None:
    """Measure each in turn, three times."""
    root = Path(sys.argv[1]).resolve()
    scan = [sys.executable, "-c", _SCAN, str(root)]
    with tempfile.TemporaryDirectory() as folder:
        warm = [*scan, f"{folder}/cache/seen"]
        cost(warm, root)
        commands = {
            "rg -l -F -f": ["rg", "-l", "-F", "-f", f"{root}.names", "."],
            "scan, no cache": scan,
            "git status": ["git", "status", "--porcelain"],
            "scan, cache": warm,
        }
        for _ in range(3):
            for name, arguments in commands.items():
                wall, processor, memory = cost(arguments, root)
                print(f"{name:15} {wall:6.2f} s wall {processor:6.2f} s processor {memory:5} MB", flush=True)


if __name__ == "__main__":
    main()
