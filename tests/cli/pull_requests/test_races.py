"""Two reconcilers are started at once on one repository, round after round, and people work there meanwhile.

After each round there is one open pull request, it holds the newest digest or a person's work, and no
commit of a person has been lost. ``make soak`` runs 50 rounds; the tests, a few.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fake_forge.bare import RefMoved

from gitops_streams.review.lifecycle import PullOutcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World

BRANCH = "gitops-streams/main/all"
SCRIPT = Path(__file__).parents[2] / "support" / "hasty_cli.py"
# Read once, before the environment is emptied for each test.
ROUNDS = int(os.environ.get("GITOPS_STREAMS_SOAK_ROUNDS") or 3)


def start(stack: ExitStack, folder: Path) -> subprocess.Popen[str]:
    process = stack.enter_context(
        subprocess.Popen(
            [sys.executable, str(SCRIPT), "reconcile", "-C", str(folder), "--publish", "pull-request", "-v"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )
    stack.callback(process.kill)
    return process


def race(folders: list[Path]) -> list[tuple[int, str]]:
    """Start one run in each folder at one moment; return how they ended."""
    with ExitStack() as stack:
        processes = [start(stack, folder) for folder in folders]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=120) for process in processes]
        return [(process.returncode, "".join(parts)) for process, parts in zip(processes, said, strict=True)]


class Person(threading.Thread):
    """Pushes a commit to our branch at some moment of a round."""

    def __init__(self, world: World, name: str, delay: float) -> None:
        super().__init__()
        self.world, self.file, self.delay = world, name, delay
        self.commit = ""

    def run(self) -> None:
        time.sleep(self.delay)
        while not self.commit:
            try:
                self.commit = self.world.repository.human_push(BRANCH, {self.file: b"mine\n"})
            except RefMoved:
                time.sleep(0.01)


@pytest.mark.parametrize("clones", [2, 1], ids=["a clone each", "one clone"])
@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_two_at_once(world: World, clones: int, git: Callable[..., str], tmp_path: Path) -> None:
    folders = [world.workspace.folder] * 2
    if clones == 2:
        git(tmp_path, "clone", "--quiet", "--branch=main", str(world.repository.git.path), "second")
        git(tmp_path / "second", "remote", "set-url", "origin", world.repository.clone_url)
        folders[1] = tmp_path / "second"
    chance = random.Random(clones)
    told: Counter[str] = Counter()
    path = world.repository.git.path
    for number in range(ROUNDS):
        digest = world.release("web")
        # Only where there is a branch of ours: else the person would be the one who makes it.
        person = Person(world, f"note-{number}.txt", chance.uniform(0, 1.2)) if number % 3 == 1 else None
        if person is not None:
            person.start()
        ended = race(folders)
        if person is not None:
            person.join()
        told["races lost and settled"] += sum("looking again" in text for _, text in ended)
        assert [code for code, _ in ended] == [0, 0], ended
        (pull,) = world.repository.open_pulls
        assert pull.head == BRANCH
        told["rounds"] += 1
        if person is not None:
            # Nobody has taken it away, and what a run thought at that moment, it is found to be in the way now.
            assert person.commit in git(path, "rev-list", BRANCH).split()
            told["human commits kept"] += 1
            assert world.one().outcome is PullOutcome.BLOCKED
            assert git(path, "show", f"{BRANCH}:{person.file}") == "mine"
            pull.merge(delete_branch=True)
            assert person.commit in git(path, "rev-list", "main").split()
            continue
        assert world.pinned("web") == str(digest)
        assert len(git(path, "rev-list", f"main..{BRANCH}").split()) == 1
        assert world.one().outcome is PullOutcome.UNCHANGED
        if number % 3 == 2:
            pull.merge(delete_branch=bool(number % 2))
            told["merged"] += 1
    told["pull requests"] = len(world.repository.pulls)
    print(dict(told))
