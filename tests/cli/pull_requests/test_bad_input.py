"""What goes wrong at a forge: the cause and the setting are named, nothing is left half-made, the next run goes on."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from fake_forge import secondary_rate_limit

from gitops_streams.demo.images import AMD64, ARM64
from gitops_streams.review.lifecycle import PullOutcome

if TYPE_CHECKING:
    from conftest import World

CREATED, UNCHANGED = PullOutcome.CREATED, PullOutcome.UNCHANGED


def test_an_archived_repository_is_named_and_once_it_is_back_the_next_run_goes_on(world: World) -> None:
    world.repository.archived = True
    done = world.reconcile()
    assert done.code == 1
    assert "archived" in done.err
    assert world.branches == {}
    world.repository.archived = False
    assert world.one().outcome is CREATED


@pytest.mark.parametrize("ruleset", [False, True])
def test_protected_branches_of_ours_are_named_and_nothing_is_opened(world: World, *, ruleset: bool) -> None:
    rule = world.repository.protect("gitops-streams/**", creations=False, ruleset=ruleset)
    done = world.reconcile()
    assert done.code == 1
    assert "gitops-streams/main/all" in done.err
    assert re.search("protect|rule", done.err), done.err
    assert (world.repository.pulls, world.branches) == ([], {})
    world.repository.protections.remove(rule)
    assert world.one().outcome is CREATED


def test_a_token_without_the_right_to_open_leaves_a_branch_that_the_next_run_uses(
    new_world: Callable[..., World],
) -> None:
    world = new_world(permissions={"contents": "write", "metadata": "read"})
    world.follow("web")
    done = world.reconcile()
    assert done.code == 1
    assert "pull" in done.err.lower()
    assert world.repository.pulls == []
    world.token.permissions = {**world.token.permissions, "pull_requests": "write", "issues": "write"}
    assert world.one().outcome is CREATED
    assert len(world.repository.pulls) == 1


def test_a_base_that_was_deleted_is_named_and_its_pull_request_left(world: World) -> None:
    assert world.one().outcome is CREATED
    world.repository.delete_branch("main")
    done = world.reconcile()
    assert done.code == 1
    assert "origin has no branch main" in done.err


def test_a_closed_pull_request_is_not_news_and_says_so(world: World) -> None:
    world.one()
    world.pull.close_by("alice")
    done = world.one()
    assert done.outcome is PullOutcome.NONE
    assert "closed" in done.reason
    assert len(world.repository.pulls) == 1


def test_a_secondary_rate_limit_is_waited_for_and_one_pull_request_comes_out(world: World) -> None:
    world.forge.faults.add("POST .*/pulls$", secondary_rate_limit())
    assert world.one().outcome is CREATED
    world.release("web")
    world.forge.faults.add("PATCH .*/pulls/[0-9]+$", secondary_rate_limit())
    assert world.one().outcome is PullOutcome.UPDATED
    assert world.one().outcome is UNCHANGED
    assert len(world.repository.pulls) == 1


def test_a_limit_that_lasts_is_named_and_the_next_run_goes_on(world: World) -> None:
    world.configure("  deadline: 1\n")
    world.forge.faults.add("POST .*/pulls$", secondary_rate_limit(retry_after=60))
    done = world.reconcile()
    assert done.code == 1
    assert "rate limit" in done.err
    assert world.repository.pulls == []
    assert world.one().outcome is CREATED


def test_a_hundred_changed_images_within_the_limits_of_body_and_requests(new_world: Callable[..., World]) -> None:
    world = new_world()
    names = [f"service-{number:03}" for number in range(100)]
    world.follow(*names)
    world.one()
    world.pull.merge()
    world.workspace.git("pull", "--quiet", str(world.repository.git.path), "main")
    created = datetime(2026, 11, 1, tzinfo=UTC)
    for number, name in enumerate(names):
        world.release(
            name,
            platforms=(AMD64, ARM64),
            created=(created + timedelta(hours=number)).isoformat().replace("+00:00", "Z"),
            config={"User": "root" if number % 10 == 0 else "1001", "Env": [f"NUMBER={number}"]},
            labels={"org.opencontainers.image.revision": f"{number:040x}", "note": "| <b>@alice</b> fixes #1 `" * 9},
        )
    world.registry.forget()
    done = world.one()
    assert done.outcome is CREATED
    assert world.registry.count() <= 100 + 6 * 100, "a HEAD each, and six to learn why"
    body = world.repository.pulls[-1].body
    assert len(body.encode("utf-16-le")) // 2 <= 65_536
    assert "100 stream tags move" in body
    assert body.count("<details") == body.count("</details>")
    assert "git revert" in body, "how to take it back is never cut"
    world.registry.forget()
    assert world.one().outcome is UNCHANGED
    assert world.registry.count() == 100
