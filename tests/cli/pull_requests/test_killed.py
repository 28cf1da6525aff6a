"""A run is killed after every single thing that it changes; the next one must end with one right pull request."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from fake_forge import Silence

from gitops_streams.forges.github import Github
from gitops_streams.git.remote import Remote
from gitops_streams.review.lifecycle import PullOutcome

if TYPE_CHECKING:
    from conftest import World

BRANCH = "gitops-streams/main/all"
CHANGES = [
    (Remote, "replace"),
    (Github, "create"),
    (Github, "update"),
    (Github, "close"),
    (Github, "decorate"),
    (Github, "comment_sticky"),
    (Github, "set_status"),
    (Github, "commit"),
    (Github, "disable_auto_merge"),
]


class Killed(BaseException):
    """Nothing of ours catches it."""


class Killer:
    """Ends a run right after its n-th change."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        for owner, name in CHANGES:
            monkeypatch.setattr(owner, name, self._after(getattr(owner, name)))

    def _after(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **named: Any) -> Any:
            done = change(*arguments, **named)
            if self.left is not None:
                self.left -= 1
                if self.left == 0:
                    raise Killed
            return done

        return changed

    def kills(self, world: World, number: int) -> bool:
        """Run, killed after a change; ``False`` where it made fewer."""
        self.left = number
        try:
            world.reconcile()
        except Killed:
            return True
        finally:
            self.left = None
        return False


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Killer:
    return Killer(monkeypatch)


@pytest.fixture(params=["pat", "installation"])
def decorated(request: pytest.FixtureRequest, new_world: Callable[..., World]) -> World:
    """Return a world whose pull requests have all that can be given, with commits by git or by the forge."""
    world = new_world("machine" if request.param == "pat" else "images[bot]", request.param)
    world.follow("web")
    world.forge.store.account("alice")
    world.configure("pullRequest: {labels: [images], createLabels: true, reviewers: [alice], status: true}\n")
    return world


def assert_right(world: World, digest: object) -> None:
    (pull,) = world.repository.open_pulls
    assert world.pinned("web") == str(digest)
    assert world.repository.pull(pull.number).head_sha == world.branches[BRANCH]
    assert str(digest) in pull.body
    assert "gitops-streams/blocked" not in pull.label_names
    assert world.one().outcome is PullOutcome.UNCHANGED


def test_killed_while_one_is_opened(decorated: World, killer: Killer) -> None:
    for number in range(1, 20):
        digest = decorated.release("web")
        killed = killer.kills(decorated, number)
        decorated.run()
        assert_right(decorated, digest)
        (pull,) = decorated.repository.open_pulls
        assert (pull.label_names, [account.login for account in pull.reviewers]) == ({"images"}, ["alice"])
        assert decorated.repository.statuses[pull.head_sha]
        pull.merge(delete_branch=True)
        if not killed:
            break
    assert number > 3


def test_killed_while_one_is_updated(decorated: World, killer: Killer) -> None:
    decorated.run()
    for number in range(1, 20):
        digest = decorated.release("web")
        killed = killer.kills(decorated, number)
        # The next run may find yet another digest.
        digest = decorated.release("web") if number % 2 else digest
        assert decorated.one().outcome is not PullOutcome.BLOCKED
        assert_right(decorated, digest)
        assert len(decorated.repository.pulls) == 1
        if not killed:
            break
    assert number > 3


def test_killed_while_one_is_closed(decorated: World, killer: Killer) -> None:
    for number in range(1, 20):
        decorated.release("web")
        decorated.run()
        decorated.take_over()
        killed = killer.kills(decorated, number)
        decorated.run()
        assert decorated.repository.open_pulls == []
        assert decorated.branches == {}
        if not killed:
            break
    assert number > 3


def test_killed_while_a_box_is_obeyed(decorated: World, killer: Killer) -> None:
    decorated.run()
    for number in range(1, 20):
        decorated.repository.human_push(BRANCH, {f"note-{number}.txt": b"mine\n"})
        assert decorated.one().outcome is PullOutcome.BLOCKED
        digest = decorated.release("web")
        decorated.repository.open_pulls[0].tick_rebuild()
        killed = killer.kills(decorated, number)
        decorated.run()
        assert_right(decorated, digest)
        if not killed:
            break
    assert number > 3


def test_a_process_that_dies_while_the_forge_answers(world: World, argv: Callable[..., list[str]]) -> None:
    world.forge.faults.add(r"POST .*/pulls$", Silence(60, after_effect=True))
    process = subprocess.Popen(
        argv("reconcile", "-C", world.workspace.folder, "--publish", "pull-request"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not world.repository.pulls and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    assert len(world.repository.pulls) == 1
    assert world.one().outcome is PullOutcome.UNCHANGED
    assert len(world.repository.pulls) == 1
