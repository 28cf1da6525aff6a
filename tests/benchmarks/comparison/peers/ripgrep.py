"""ripgrep: how long it takes to read the tree and to see which files name a tracked repository at all."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from comparison.measure import Command

from .peer import Scene, Stage, first_line


@dataclass(frozen=True)
class Ripgrep:
    """``rg`` for the repositories' names as fixed strings."""

    name: str = "rg for the names"
    stages: frozenset[Stage] = frozenset({Stage.UNPINNED})
    slow: bool = False
    note: str = "finds the files that name a tracked repository, and no more."

    def missing(self) -> str:
        """Look for rg."""
        return "" if shutil.which("rg") else "not on PATH"

    def version(self) -> str:
        """Ask rg."""
        return first_line("rg", "--version")

    def prepare(self, scene: Scene) -> Command:
        """Write down the names."""
        names = scene.work / "names"
        names.write_text("".join(f"{name}\n" for name in sorted({path for path, _ in scene.questions})))
        return Command(("rg", "-l", "-F", "-f", str(names), "."), scene.tree)

    def judge(self, scene: Scene, output: bytes) -> None:
        """There is nothing to judge."""
