"""What the benchmark asks of a tool that it runs, and what a tool gets to work on."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from dataset import Expected

from comparison.judging import Verdict
from comparison.measure import Command


class Stage(Enum):
    """The state of the tree that a tool is run on."""

    UNPINNED = "nothing pinned"
    PINNED = "everything pinned, nothing moved"
    MOVED = "everything pinned, then 3 % of the tags moved"


@dataclass(frozen=True, slots=True)
class Scene:
    """One stage of the benchmark.

    Attributes:
        stage: which.
        tree: a Git repository, which nobody changes: who writes does so in a clone.
        expected: the places that must be changed, and their digests.
        questions: repository and tag of every distinct reference of the tree, with the digest that the registry has.
        host: the registry's host and port.
        work: an empty folder of the tool's own, which stays from round to round.
        first: whether this is the first run on this scene.
    """

    stage: Stage
    tree: Path
    expected: tuple[Expected, ...]
    questions: dict[tuple[str, str], str]
    host: str
    work: Path
    first: bool = True


class Peer(Protocol):
    """One way of running one tool."""

    name: str
    slow: bool
    """Whether it takes so long that it is run in fewer rounds."""
    stages: frozenset[Stage]
    """The stages that it takes part in."""
    note: str
    """What the reader of its row must know; may be empty."""

    def missing(self) -> str:
        """Say why it cannot run here; empty if it can."""

    def version(self) -> str:
        """Say which version it is."""

    def prepare(self, scene: Scene) -> Command:
        """Get ready, which is not measured, and return what is."""

    def judge(self, scene: Scene, output: bytes) -> Verdict | None:
        """Judge the last run; ``None`` for what neither edits nor proposes."""


EVERY_STAGE = frozenset(Stage)


def fresh_clone(scene: Scene, name: str = "clone") -> Path:
    """Clone the tree of a scene anew into the tool's own folder."""
    clone = scene.work / name
    shutil.rmtree(clone, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", "--local", str(scene.tree), str(clone)], check=True)
    return clone


def first_line(*command: str) -> str:
    """Return the first line that a command prints: most tools' version."""
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode()
    return said.splitlines()[0] if said else "unknown"
