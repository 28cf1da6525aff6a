"""``--shard``: several runs share a repository's streams out, and each stream moves exactly once."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_streams.demo.registry import Registry

SCRIPT = Path(__file__).parents[1] / "support" / "hasty_cli.py"
STREAMS = [f"app{number:02}" for number in range(16)]
COUNT = 8


@pytest.fixture
def followed(registry: Registry, workspace: Any) -> dict[str, str]:
    """Deploy an image of each stream; return the path of each with its digest."""
    return {path: str(digest) for path, digest in (workspace.follow(registry, name) for name in STREAMS)}


def test_shards_are_disjoint_and_together_do_what_one_run_does(
    registry: Registry, workspace: Any, followed: dict[str, str]
):
    whole = workspace.run("diff", "-o", "json").json
    requests = [
        (shard, workspace.run("diff", "-o", "json", "--shard", f"{shard}/{COUNT}").json) for shard in range(COUNT)
    ]
    seen = [result["stream"] for _, report in requests for result in report["results"]]
    assert sorted(seen) == sorted(result["stream"] for result in whole["results"])
    assert len(set(seen)) == len(STREAMS)
    assert sum(report["summary"]["requests"] for _, report in requests) == whole["summary"]["requests"] == len(STREAMS)
    for shard in range(COUNT):
        assert workspace.run("reconcile", "--shard", f"{shard}/{COUNT}").code == 0
    for path, digest in followed.items():
        assert f"@{digest} " in workspace.read(path).decode()
    assert workspace.run("diff", "--exit-code").code == 0


def test_what_shards_of_one_anchor_want_is_not_skipped(registry: Registry, workspace: Any):
    """A scalar that two shards share is edited where both of them want the same."""
    workspace.follow(registry, "web")
    reference = f"{registry.host}/acme/web:1.0"
    workspace.write("deploy/web.yaml", f"a: {{image: &web {reference}}}\nb: {{image: *web}}\n")
    for shard in range(COUNT):
        assert workspace.run("reconcile", "--shard", f"{shard}/{COUNT}").code == 0
    assert b":1.0@sha256:" in workspace.read("deploy/web.yaml")


@pytest.mark.parametrize("wrong", ["8/8", "0/0", "-1/2", "1", "a/b", "1/2/3", "", "٣/8"])
def test_a_shard_that_cannot_be_is_refused(workspace: Any, wrong: str):
    result = workspace.run("diff", "--shard", wrong)
    assert result.code == 2
    assert "INDEX/COUNT" in result.err or "counts from 0" in result.err


def test_a_shard_may_come_from_the_environment(
    registry: Registry, workspace: Any, followed: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GITOPS_STREAMS_SHARD", "3/8")
    named = workspace.run("diff", "-o", "json", "--shard", "3/8").json
    assert workspace.run("diff", "-o", "json").json == named


def test_eight_shards_at_once_push_every_change_exactly_once(
    registry: Registry, workspace: Any, followed: dict[str, str], git: Callable[..., str], tmp_path: Path
):
    workspace.commit()
    remote = tmp_path / "remote.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(workspace.folder), str(remote))
    clones = [tmp_path / f"clone{shard}" for shard in range(COUNT)]
    for clone in clones:
        git(tmp_path, "clone", "--quiet", str(remote), str(clone))
    with ExitStack() as stack:
        processes = []
        for shard, clone in enumerate(clones):
            arguments = ["reconcile", "-C", str(clone), "--publish", "push", "--shard", f"{shard}/{COUNT}"]
            process = subprocess.Popen(
                [sys.executable, str(SCRIPT), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.callback(process.kill)
            processes.append(stack.enter_context(process))
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            said = "".join(process.communicate(timeout=120))
            assert process.returncode == 0, said
    for path, digest in followed.items():
        assert f"@{digest} " in git(remote, "show", f"main:{path}")
        # The first commit made it, and exactly one shard's changed it.
        assert len(git(remote, "log", "--format=%H", "main", "--", path).split()) == 2
    locks = git(remote, "ls-tree", "-r", "--name-only", "main", ".gitops-streams/status").split()
    assert [re.sub(r".*/|\.lock$", "", path) for path in locks] == STREAMS
