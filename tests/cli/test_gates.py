"""Gates through the whole command line: what is held, why, until when, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gitops_streams.demo.images import AMD64, ARM64, Image
from gitops_streams.demo.registry import Registry
from gitops_streams.oci.digest import Digest

NAME = "web"


def ago(**age: float) -> str:
    return (datetime.now(tz=UTC) - timedelta(**age)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def world(registry: Registry, workspace: Any) -> Callable[..., Digest]:
    """Follow one image, pinned to its first version; returns what moves its tag."""
    workspace.follow(registry, NAME)
    assert workspace.run("reconcile").code == 0
    workspace.git("add", "--all")
    workspace.git("commit", "--quiet", "--message", "Pin")

    def release(version: str, **content: Any) -> Digest:
        return registry.push(f"acme/{NAME}", "1.0", Image.build(NAME, version, **content))

    return release


def outcome(done: Any) -> dict[str, Any]:
    (result,) = done.json["results"]
    return result


def test_a_young_image_is_held_with_the_time_when_that_ends_and_taken_when_it_is_old_enough(
    world: Callable[..., Digest], workspace: Any, registry: Registry
):
    workspace.config("gates: {minAge: 3d}")
    world("2", created=ago(days=1))
    held = outcome(workspace.run("diff", "-o", "json"))
    assert held["outcome"] == "held"
    assert held["reason"].startswith("younger than 3d: created ")
    assert workspace.run("reconcile").code == 0
    assert workspace.git("status", "--porcelain") == "?? .gitops-streams/config.yaml", "nothing moved or was recorded"
    new = world("3", created=ago(days=4))
    assert outcome(workspace.run("diff", "-o", "json"))["outcome"] == "changed"
    assert workspace.run("reconcile").code == 0
    assert str(new) in workspace.read(f"deploy/{NAME}.yaml").decode()


def test_an_image_without_a_date_of_its_own_passes_and_that_is_said(world: Callable[..., Digest], workspace: Any):
    workspace.config("gates: {minAge: 3d}")
    world("2", created="1970-01-01T00:00:00Z")
    done = workspace.run("diff")
    assert "changed" in done.text
    assert "which is no date of its own; min-age 3d lets it pass" in done.text
    workspace.config("gates: {minAge: 3d, holdUndated: true}")
    assert "hold-undated holds such images" in workspace.run("diff", "-v").text


def test_an_index_that_lost_a_platform_is_refused_by_the_annotation(world: Callable[..., Digest], workspace: Any):
    path = f"streams/{NAME}.yaml"
    text = workspace.read(path).decode()
    annotation = "      annotations: {gitops-streams.io/require-platforms: linux/amd64 linux/arm64}\n"
    workspace.write(path, text.replace("      from:", annotation + "      from:", 1))
    world("2", platforms=(AMD64,))
    assert outcome(workspace.run("diff", "-o", "json"))["reason"] == (
        "the new image is not built for linux/arm64; it is built for linux/amd64"
    )
    world("3", platforms=(AMD64, ARM64))
    assert outcome(workspace.run("diff", "-o", "json"))["outcome"] == "changed"


def test_a_freeze_stops_everything_and_ends(world: Callable[..., Digest], workspace: Any):
    workspace.config("gates: {freeze: [{cron: '0 0 * * *', duration: 48h, timeZone: Europe/Berlin}]}")
    world("2")
    done = workspace.run("reconcile", "-v")
    assert done.code == 0
    assert "frozen until " in done.text
    assert workspace.git("status", "--porcelain") == "?? .gitops-streams/config.yaml"


def test_so_many_changes_a_run_and_the_rest_in_the_next(registry: Registry, workspace: Any):
    for name in ("a", "b", "c"):
        workspace.follow(registry, name)
    workspace.config("gates: {maxChanges: 2}")
    first = workspace.run("reconcile", "-o", "json").json["summary"]["tags"]
    assert (first["changed"], first["held"]) == (2, 1)
    second = workspace.run("reconcile", "-o", "json").json["summary"]["tags"]
    assert (second["changed"], second["held"], second["unchanged"]) == (1, 0, 2)


def test_what_does_not_move_costs_nothing_more(world: Callable[..., Digest], workspace: Any, registry: Registry):
    workspace.config("gates: {minAge: 3d, requirePlatforms: [linux/amd64]}")
    assert workspace.run("diff", "-o", "json").json["summary"]["requests"] == 1
    world("2", created=ago(days=4))
    assert workspace.run("diff", "-o", "json").json["summary"]["requests"] <= 1 + 3
