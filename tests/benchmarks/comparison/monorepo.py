"""The large tree: how long it takes to find every reference, with and without the cache, beside rg and git status."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import tree

from .judging import Verdict
from .measure import Command
from .peers.itself import PROGRAM
from .peers.peer import EVERY_STAGE, Scene, Stage


class Cache(Enum):
    """What a run does with the cache."""

    NONE = "nothing"
    FILLED = "it finds none, and writes one"
    KEPT = "it finds the one of the run before"


@dataclass(frozen=True)
class Scan:
    """``check``, which reads streams and manifests, asks no registry, and says what is not pinned."""

    name: str
    cache: Cache
    sites: int
    stages: frozenset[Stage] = EVERY_STAGE
    slow: bool = False
    note: str = "includes starting Python, reading the streams and printing the findings."

    def missing(self) -> str:
        """It is always there."""
        return ""

    def version(self) -> str:
        """It is the program's own."""
        return ""

    def prepare(self, scene: Scene) -> Command:
        """Forget what an earlier run has left, if this one shall fill the cache."""
        folder = scene.work / ("filled" if self.cache is Cache.FILLED else "kept")
        if self.cache is Cache.FILLED:
            shutil.rmtree(folder, ignore_errors=True)
        options = ("--no-cache",) if self.cache is Cache.NONE else ()
        return Command(
            (*PROGRAM, "check", *options, "-C", str(scene.tree)),
            scene.work,
            {"XDG_CACHE_HOME": str(folder)},
            fine=(0, 1),
        )

    def judge(self, _scene: Scene, output: bytes) -> Verdict:
        """Compare the number of places that it says it checked with the number that were written."""
        last = output.splitlines()[-1].split()
        checked = int(last[0].replace(b",", b""))
        return Verdict(min(checked, self.sites), max(0, checked - self.sites), max(0, self.sites - checked))


@dataclass(frozen=True)
class Other:
    """Something that reads the whole tree, to compare with."""

    name: str
    arguments: tuple[str, ...]
    stages: frozenset[Stage] = EVERY_STAGE
    slow: bool = False
    note: str = ""

    def missing(self) -> str:
        """Look for the program."""
        return "" if shutil.which(self.arguments[0]) else "not on PATH"

    def version(self) -> str:
        """The other tables say it."""
        return ""

    def prepare(self, scene: Scene) -> Command:
        """Run it in the tree."""
        return Command(self.arguments, scene.tree)

    def judge(self, scene: Scene, output: bytes) -> None:
        """There is nothing to judge."""


def write(folder: Path, files: int, references: int, streams: int) -> tuple[Path, tuple[Scan | Other, ...]]:
    """Write the tree, and return it with what is run on it."""
    root = folder / "monorepo"
    print(f"  writing {files} files", file=sys.stderr)
    written = tree.Tree(root, files=files, references=references, streams=streams, dense=False, seed=1)
    written.write()
    names = root.with_name(root.name + ".names")
    return root, (
        Other("rg for the names", ("rg", "-l", "-F", "-f", str(names), ".")),
        Scan("gitops-streams check, no cache", Cache.NONE, written.sites),
        Scan("gitops-streams check, filling its cache", Cache.FILLED, written.sites),
        Scan("gitops-streams check, with its cache", Cache.KEPT, written.sites),
        Other("git status", ("git", "status", "--porcelain")),
    )
