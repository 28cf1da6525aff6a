"""A publishing run is killed, with its git, at every step it takes; the next run must complete its work.

The run is a fork that ends its whole process group by SIGKILL: at the n-th thing that it does to
the file system or starts (Python's audit events), while or after its n-th git command runs
(a wrapper on ``PATH``), or after a random time.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import signal
import sys
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import pytest
from example_counts import every, examples

from gitops_streams.git.repository import Repository
from gitops_streams.git.write import FileEdit
from gitops_streams.publish import (
    Committed,
    NothingToDo,
    Planned,
    PushedCommit,
    Written,
    publish_commit,
    publish_push,
    publish_worktree,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitops_streams.git.snapshot import Snapshot

NEW, NEWER = b"@sha256:new\n", b"@sha256:newer\n"
STATUS = ".gitops-streams/status/_/web.lock"
EVENTS = {
    "open",
    "os.rename",
    "os.link",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.chmod",
    "os.truncate",
    "subprocess.Popen",
}
MODES = ["commit", "push", "worktree"]

Outcome = Committed | PushedCommit | NothingToDo | Written


def plan(snapshot: Snapshot, pin: bytes) -> Planned:
    """Pin every image, whatever it is pinned to, and record it."""
    edits = []
    for path, content in snapshot.read(snapshot.containing(["image: "])):
        assert isinstance(content, bytes)
        lines = content.splitlines(keepends=True)
        after = b"".join(line.split(b"@")[0].strip() + pin if b"image:" in line else line for line in lines)
        edits.append(FileEdit(path, content, after))
    recorded = snapshot.read_one(STATUS)
    edits.append(FileEdit(STATUS, recorded if isinstance(recorded, bytes) else None, pin))
    return Planned(tuple(edit for edit in edits if edit.before != edit.after), "chore(images): pin\n")


def publish(folder: Path, mode: str, pin: bytes = NEW) -> Outcome:
    with Repository.discover(folder) as repository:
        if mode == "worktree":
            return publish_worktree(repository, plan(repository.work_tree(), pin))
        return (publish_push if mode == "push" else publish_commit)(repository, lambda snapshot: plan(snapshot, pin))


@dataclass(frozen=True)
class Kill:
    seconds: float
    with_git: bool
    """Whether the git that the run has started is killed with it."""


@dataclass(frozen=True)
class Scene:
    folder: Path
    git: Callable[..., str]

    @property
    def origin(self) -> Path:
        return self.folder.parent / "origin.git"

    def unlock_origin(self) -> None:
        """Remove what only a killed server leaves: a client's death does not kill a real one, here it is our child."""
        for lock in self.origin.rglob("*.lock"):
            lock.unlink()

    def fork(self, mode: str, arm: Callable[[], None]) -> int:
        """Publish in a new process group that ``arm`` prepares to be killed; return its id."""
        with warnings.catch_warnings():
            # Python 3.12 warns of threads, of which a test runner may have one; the child starts none.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            _run_and_leave(self.folder, mode, arm)
        return child

    def assert_whole(self, mode: str, before: dict[str, bytes], pins: tuple[bytes, ...]) -> None:
        for path, old in before.items():
            wanted = [old] + [b"kind: Deployment\n" + old.split(b"\n")[1] + pin for pin in pins if b"image:" in old]
            assert (self.folder / path).read_bytes() in wanted, path
        status = self.folder / STATUS
        assert not status.exists() or status.read_bytes() in pins
        for repository in (self.folder, self.origin):
            self.git(repository, "fsck", "--strict", "--no-dangling")
        if mode == "commit":
            assert self.git(self.origin, "rev-list", "--count", "main") == "1"

    def assert_done(self, mode: str, pin: bytes) -> None:
        assert (self.folder / "deploy/web.yaml").read_bytes() == b"kind: Deployment\nimage: quay.io/acme/web:1.4" + pin
        assert (self.folder / STATUS).read_bytes() == pin
        status = self.git(self.folder, "status", "--porcelain", "--untracked-files=all").splitlines()
        users = [" M other.yaml", "A  staged.yaml", "?? untracked.yaml"]
        if mode == "worktree":
            users = [*users, " M deploy/api.yaml", " M deploy/web.yaml", f"?? {STATUS}"]
        assert sorted(status) == sorted(users)
        assert list((self.folder / ".git").rglob("*.lock")) == []
        assert [path.name for path in (self.folder / ".git/gitops-streams").iterdir()] == ["lock"]
        if mode == "push":
            assert self.git(self.origin, "rev-parse", "main") == self.git(self.folder, "rev-parse", "HEAD")


def _run_and_leave(folder: Path, mode: str, arm: Callable[[], None]) -> NoReturn:
    code = 1
    try:
        os.setpgid(0, 0)
        arm()
        publish(folder, mode)
        code = 0
    finally:
        os._exit(code)


@pytest.fixture
def scene(clone: Path, git: Callable[..., str]) -> Callable[[str], Scene]:
    """Return what makes copies of a clone in which its user has work of their own under way."""
    (clone / "other.yaml").write_text("the user's own change\n")
    (clone / "staged.yaml").write_text("staged\n")
    (clone / "untracked.yaml").write_text("untracked\n")
    git(clone, "add", "staged.yaml")
    git(clone, "remote", "set-url", "origin", "../origin.git")

    def make(name: str) -> Scene:
        there = clone.parent / name
        there.mkdir()
        shutil.copytree(clone, there / "clone", symlinks=True)
        shutil.copytree(clone.parent / "origin.git", there / "origin.git")
        return Scene(there / "clone", git)

    return make


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def kill_group(child: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


def survive(scene: Scene, mode: str, arm: Callable[[], None], after: Kill | None = None, pin: bytes = NEW) -> bool:
    """Kill a run, complete it by a second, see that a third has nothing to do; return whether the kill came in time."""
    before = contents(scene.folder)
    child = scene.fork(mode, arm)
    if after is not None:
        time.sleep(after.seconds)
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if after.with_git else os.kill)(child, signal.SIGKILL)
    if after is None or after.with_git:
        _, status = os.waitpid(child, 0)
        kill_group(child)
        scene.unlock_origin()
        scene.assert_whole(mode, before, (NEW,))
    else:
        # What git still does, it does while the next run is under way.
        _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, -signal.SIGKILL}
    publish(scene.folder, mode, pin)
    kill_group(child)
    scene.assert_done(mode, pin)
    head = scene.git(scene.folder, "rev-parse", "HEAD")
    assert publish(scene.folder, mode, pin) in (NothingToDo(), Written(()))
    assert scene.git(scene.folder, "rev-parse", "HEAD") == head
    scene.assert_done(mode, pin)
    if mode != "worktree" and pin == NEW:
        # However often it was begun, it is one commit.
        assert scene.git(scene.folder, "rev-list", "--count", "HEAD") == "2"
    return code != 0


def arm_audit(number: int) -> Callable[[], None]:
    """Kill the group at the n-th event, before it happens."""

    def arm() -> None:
        counter = itertools.count()

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            if event not in EVENTS:
                return
            if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
                return
            if next(counter) == number:
                os.killpg(0, signal.SIGKILL)

        sys.addaudithook(hook)

    return arm


WRAPPER = """#!/bin/sh
number=0
until mkdir "$COUNTER/$number" 2>/dev/null; do number=$((number + 1)); done
if [ "$number" != "$VICTIM" ]; then exec "$REAL_GIT" "$@"; fi
case $MOMENT in
  during) "$REAL_GIT" "$@" & sleep 0.00$((VICTIM % 4)) ;;
  after) "$REAL_GIT" "$@" ;;
esac
kill -9 -$GROUP
"""


def arm_wrapper(folder: Path, moment: str, number: int) -> Callable[[], None]:
    """Kill the group while or after its n-th git command (git's own helpers are not counted) runs."""

    def arm() -> None:
        programs = folder / "programs"
        programs.mkdir()
        wrapper = programs / "git"
        wrapper.write_text(WRAPPER)
        wrapper.chmod(0o755)
        (folder / "counter").mkdir()
        os.environ |= {
            "REAL_GIT": shutil.which("git") or "",
            "COUNTER": str(folder / "counter"),
            "VICTIM": str(number),
            "MOMENT": moment,
            "GROUP": str(os.getpid()),
            "PATH": f"{programs}:{os.environ['PATH']}",
        }

    return arm


@pytest.mark.parametrize(("mode", "step"), [("commit", 3), ("push", 7), ("worktree", 1)])
def test_killed_at_every_step_of_ours(scene: Callable[[str], Scene], mode: str, step: int) -> None:
    for number in itertools.count(0, every(step)):
        place = scene(f"audit-{number}")
        if not survive(place, mode, arm_audit(number)):
            break
        shutil.rmtree(place.folder.parent)
    assert number > {"commit": 40, "push": 40, "worktree": 10}[mode]


@pytest.mark.parametrize("moment", ["during", "after"])
@pytest.mark.parametrize(("mode", "step"), [("commit", 1), ("push", 2)])
def test_killed_around_every_git_command(scene: Callable[[str], Scene], mode: str, step: int, moment: str) -> None:
    for number in itertools.count(0, step):
        place = scene(f"git-{number}")
        survive(place, mode, arm_wrapper(place.folder.parent, moment, number))
        if not (place.folder.parent / f"counter/{number}").exists():
            break
        shutil.rmtree(place.folder.parent)
    assert number > 15


@pytest.mark.parametrize("with_git", [True, False])
@pytest.mark.parametrize("mode", MODES[:2])
def test_killed_at_any_time(scene: Callable[[str], Scene], mode: str, with_git: bool) -> None:  # noqa: FBT001 - a case
    moments = random.Random(20261123)
    started = time.monotonic()
    publish(scene("whole").folder, mode)
    duration = time.monotonic() - started
    killed = 0
    for number in range(examples(8)):
        place = scene(f"time-{number}")
        killed += survive(place, mode, lambda: None, Kill(moments.uniform(0, duration), with_git))
        shutil.rmtree(place.folder.parent)
    assert killed > 0


@pytest.mark.parametrize("mode", MODES[:2])
def test_the_tag_has_moved_on_when_the_killed_run_is_completed(scene: Callable[[str], Scene], mode: str) -> None:
    for number in itertools.count(0, 5):
        place = scene(f"moved-{number}")
        if not survive(place, mode, arm_audit(number), pin=NEWER):
            break
        shutil.rmtree(place.folder.parent)
    assert number > 30
