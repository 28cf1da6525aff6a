"""A pull request that somebody reverts is not opened again, in a full clone and in CI's shallow one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_streams.plan.model import Outcome
from gitops_streams.review.lifecycle import PullOutcome

if TYPE_CHECKING:
    from conftest import World


def revert_on_main(world: World) -> str:
    """Have main be what it was one commit before."""
    path = world.repository.git.path
    sha = world.git(path, "commit-tree", "main~1^{tree}", "-p", "main", "-m", "Revert (#2)")
    world.repository.set_branch("main", sha)
    return sha


@pytest.mark.parametrize("clone", ["whole", "shallow"])
def test_a_reverted_pull_request_stays_away(world: World, clone: str):
    world.follow("web")
    world.one()
    world.take_over()
    bad = world.release("web")
    world.one()
    world.take_over()
    revert = revert_on_main(world)
    if clone == "shallow":
        source = f"file://{world.repository.git.path}"
        world.git(world.workspace.folder, "fetch", "--quiet", "--depth=1", source, "main")
    before = len(world.repository.pulls)

    assert [pull.outcome for pull in world.run()] in ([], [PullOutcome.NONE], [PullOutcome.CLOSED])
    (tag,) = world.reports[-1].plan.tags
    assert tag.outcome is Outcome.HELD
    assert f"took {bad.short} back in {revert[:12]}" in (tag.reason or "")
    assert world.reports[-1].plan.problems == ()
    assert len(world.repository.pulls) == before

    better = world.release("web")
    world.run()
    assert world.reports[-1].plan.tags[0].outcome is Outcome.CHANGED
    assert world.pinned("web") == str(better)
