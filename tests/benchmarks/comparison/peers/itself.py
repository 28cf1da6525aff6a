"""This program itself: dry runs with and without its cache, writing with proof, and the run after that."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from comparison.judging import Verdict, edits_between, judge_edits
from comparison.measure import Command

from .peer import EVERY_STAGE, Scene, Stage, first_line, fresh_clone

PROGRAM = (sys.executable, "-m", "gitops_streams")
_OWN_RECORDS = ".gitops-streams/"
"""Where the program writes down what it resolved, which is no edit of a manifest."""


def _environment(scene: Scene) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(scene.work / "cache")}


class _Itself:
    slow = False
    note = ""

    def missing(self) -> str:
        return ""

    def version(self) -> str:
        return first_line(*PROGRAM, "--version")


@dataclass(frozen=True)
class Diff(_Itself):
    """``diff``: what would change."""

    name: str
    cold: bool
    stages: frozenset[Stage] = EVERY_STAGE

    def prepare(self, scene: Scene) -> Command:
        """Forget the cache if it must be cold; the first run of a warm one, which is not measured, fills it."""
        if self.cold:
            shutil.rmtree(scene.work / "cache", ignore_errors=True)
        return Command((*PROGRAM, "diff", "-C", str(scene.tree)), scene.work, _environment(scene))

    def judge(self, scene: Scene, _output: bytes) -> Verdict:
        """Let Git apply the unified diff, as any reader of it would, and compare the trees."""
        printed = subprocess.run(
            [*PROGRAM, "diff", "-C", str(scene.tree), "-o", "diff"], stdout=subprocess.PIPE, check=True
        ).stdout
        clone = fresh_clone(scene)
        if printed:
            subprocess.run(["git", "-C", str(clone), "apply", "-"], input=printed, check=True)
        return _judged(scene, clone)


@dataclass(frozen=True)
class Reconcile(_Itself):
    """``reconcile --publish worktree``: every edit is proven and written."""

    name: str = "gitops-streams reconcile (writes, with proof)"
    stages: frozenset[Stage] = EVERY_STAGE

    def prepare(self, scene: Scene) -> Command:
        """Clone the tree anew, and forget the cache."""
        shutil.rmtree(scene.work / "cache", ignore_errors=True)
        clone = fresh_clone(scene)
        arguments = (*PROGRAM, "reconcile", "--publish", "worktree", "-C", str(clone))
        return Command(arguments, scene.work, _environment(scene))

    def judge(self, scene: Scene, _output: bytes) -> Verdict:
        """Compare the trees."""
        return _judged(scene, scene.work / "clone")


@dataclass(frozen=True)
class SecondRun(_Itself):
    """``reconcile`` once more where it has just been: it must find nothing to do."""

    name: str = "gitops-streams reconcile, second run"
    stages: frozenset[Stage] = frozenset({Stage.UNPINNED})

    def prepare(self, scene: Scene) -> Command:
        """Clone and reconcile, once; later rounds are second runs of their own."""
        clone = scene.work / "clone"
        arguments = (*PROGRAM, "reconcile", "--publish", "worktree", "-C", str(clone))
        if scene.first:
            fresh_clone(scene)
            subprocess.run(arguments, stdout=subprocess.DEVNULL, check=True)
        return Command(arguments, scene.work, _environment(scene))

    def judge(self, scene: Scene, _output: bytes) -> Verdict:
        """Compare the tree with what it was before the first run: the second must have left it so."""
        return _judged(scene, scene.work / "clone")


def _judged(scene: Scene, clone: Path) -> Verdict:
    edits = [edit for edit in edits_between(scene.tree, clone) if not edit.file.startswith(_OWN_RECORDS)]
    return judge_edits(edits, scene.expected)
