"""The token is in the environment and in two kinds of headers, and nowhere else."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fake_forge import Respond

from gitops_streams.review.lifecycle import PullOutcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World

BRANCH = "gitops-streams/main/all"


def forms(token: str) -> tuple[bytes, ...]:
    """Return what a token looks like where it leaks."""
    encoded = base64.b64encode(f"x-access-token:{token}".encode())
    return token.encode(), encoded, base64.b64encode(token.encode())


@pytest.fixture
def commands_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write down what every git is started with, and let it say on stderr all that it can."""
    log = tmp_path / "argv"
    wrapper = tmp_path / "bin/git"
    wrapper.parent.mkdir()
    real = os.environ["PATH"]
    wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{log}"\nPATH="{real}" exec git "$@"\n')
    wrapper.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{real}")
    return log


@pytest.mark.parametrize("failing", [None, "push", "api"])
def test_the_token_is_seen_nowhere(
    world: World, commands_of_git: Path, capfd: pytest.CaptureFixture[str], failing: str | None
) -> None:
    if failing == "push":
        world.repository.protect("gitops-streams/**", creations=False)
    if failing == "api":
        said = {"message": f"bad credential {world.token.value}"}
        world.forge.faults.add(r"POST .*/pulls$", Respond(403, said), times=9)
    done = world.reconcile("-v")
    world.forge.faults.clear()
    assert (done.code == 0) is (failing is None)
    captured = capfd.readouterr()
    everything = (done.out + done.err + captured.out + captured.err).encode() + commands_of_git.read_bytes()
    for place in Path(world.workspace.folder, ".git").rglob("*"):
        if place.is_file():
            everything += place.read_bytes()
    for pull in world.repository.pulls:
        everything += pull.body.encode()
    assert b"push" in commands_of_git.read_bytes()
    for form in forms(world.token.value):
        assert form not in everything


@pytest.mark.parametrize("place", ["/", "/acme/gitops.git", "/acme/gitops"])
def test_a_header_that_a_checkout_left_is_not_sent_beside_ours(world: World, place: str) -> None:
    stale = base64.b64encode(b"x-access-token:a stale one").decode()
    world.workspace.git("config", f"http.{world.forge.url}{place}.extraheader", f"AUTHORIZATION: basic {stale}")
    assert world.one().outcome is PullOutcome.CREATED
    assert {one.account for one in world.forge.log("POST", "git-receive-pack")} == {"machine"}


def test_another_token_pushes_and_the_first_one_opens(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pusher = world.forge.token("pusher", permissions={"contents": "write", "metadata": "read"})
    monkeypatch.setenv("GITOPS_STREAMS_BRANCH_TOKEN", pusher.value)
    assert world.one().outcome is PullOutcome.CREATED
    assert {one.account for one in world.forge.log("POST", "git-receive-pack")} == {"pusher"}
    assert world.pull.author.login == "machine"


def test_a_remote_elsewhere_is_shown_no_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITOPS_STREAMS_BRANCH_TOKEN", "another")
    world.workspace.git("remote", "set-url", "--push", "origin", str(world.repository.git.path))
    done = world.reconcile()
    assert done.code == 1
    assert "not on the forge's own host" in done.err
    monkeypatch.delenv("GITOPS_STREAMS_BRANCH_TOKEN")
    world.one()
    assert world.forge.log("POST", "git-receive-pack") == []


def test_without_a_token_the_place_for_one_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITOPS_STREAMS_TOKEN")
    done = world.reconcile()
    assert done.code == 1
    assert "GITOPS_STREAMS_TOKEN" in done.err
    assert world.branches == {}


def test_a_workflow_commits_as_its_bot(new_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    world = new_world(kind="actions")
    world.follow("web")
    world.configure("pullRequest: {commits: git}\n")
    for name, value in {"CI": "true", "GITHUB_ACTIONS": "true"}.items():
        monkeypatch.setenv(name, value)
    for role in ("AUTHOR", "COMMITTER"):
        for part in ("NAME", "EMAIL"):
            monkeypatch.delenv(f"GIT_{role}_{part}")
    assert world.one().outcome is PullOutcome.CREATED
    who = world.git(world.repository.git.path, "log", "-1", "--format=%an <%ae>|%cn <%ce>", BRANCH)
    bot = f"github-actions[bot] <{world.token.account.id}+github-actions[bot]@users.noreply.github.com>"
    assert who == f"{bot}|{bot}"


def test_a_protected_branch_names_the_rule(world: World) -> None:
    world.repository.protect("gitops-streams/**", creations=False)
    done = world.reconcile()
    assert done.code == 1
    assert "refused the push to gitops-streams/main/all" in done.err
    assert "branchPrefix" in done.err
