"""What the command line takes and refuses around pull requests and inspection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import World


def manifests_read(world: World) -> int:
    return sum(request.method == "GET" and "/manifests/" in request.path for request in world.registry.log)


@pytest.mark.parametrize(
    ("options", "inspected"),
    [
        (["-o", "table"], False),
        (["-o", "json"], False),
        (["-o", "json", "--inspect"], True),
        (["-o", "markdown"], True),
        (["-o", "markdown", "--no-inspect"], False),
    ],
)
@pytest.mark.parametrize("verb", ["diff", "reconcile"])
def test_images_are_inspected_where_the_format_says_why(
    world: World, verb: str, options: list[str], *, inspected: bool
) -> None:
    done = world.workspace.run(verb, *options)
    assert done.code == 0, done.text
    assert (manifests_read(world) > 0) is inspected


def test_a_text_is_written_without_looking_where_that_is_turned_off(world: World) -> None:
    world.one("--no-inspect")
    assert manifests_read(world) == 0
    assert len(world.repository.open_pulls) == 1


def test_images_are_inspected_once_a_run_and_not_where_nothing_is_written(world: World) -> None:
    world.follow("api")
    world.configure("pullRequest: {groupBy: stream}\n")
    world.run()
    read = manifests_read(world)
    assert read > 0
    world.run()
    assert manifests_read(world) == read


def test_a_saved_plan_is_no_pull_request(world: World) -> None:
    saved = world.workspace.run("diff", "-o", "json")
    plan = world.workspace.folder.parent / "plan.json"
    plan.write_text(saved.out)
    done = world.workspace.run("apply", plan, "--publish", "pull-request")
    assert done.code == 2
    assert "reconcile --publish pull-request" in done.err


@pytest.mark.parametrize(
    "options",
    [
        ["--publish", "pull-request", "--branch", "b"],
        ["--publish", "push", "--base", "main"],
        ["--publish", "commit", "--group", "all"],
    ],
)
def test_options_of_other_ways_to_publish_are_refused(world: World, options: list[str]) -> None:
    assert world.workspace.run("reconcile", *options).code == 2


def test_exit_codes_of_a_dry_run(world: World) -> None:
    assert world.reconcile("--dry-run", "--exit-code").code == 4
