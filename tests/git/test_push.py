from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_streams.errors import PushRejected
from gitops_streams.git.process import redact
from gitops_streams.git.push import Moved, Pushed, fetch, find_remote, push, remote_head
from gitops_streams.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import GitServer

    from gitops_streams.git.command import Commands

    Git = Callable[..., str]

SECRET = "s3cret-t0ken"


@pytest.fixture
def commands(clone: Path) -> Iterator[Commands]:
    with Repository.discover(clone) as repository:
        yield repository.commands()


def new_commit(clone: Path, git: Git, subject: str = "new", parent: str = "HEAD") -> str:
    return git(clone, "commit-tree", "HEAD^{tree}", "-p", parent, "-m", subject)


def origin_head(clone: Path, git: Git) -> str:
    return git(clone.parent / "origin.git", "rev-parse", "main")


def test_over_http(clone: Path, git: Git, git_server: GitServer, commands: Commands) -> None:
    old, new = git(clone, "rev-parse", "HEAD"), new_commit(clone, git)
    assert remote_head(commands, "origin", "main") == old
    assert push(commands, "origin", "main", new, old) == Pushed()
    assert origin_head(clone, git) == new
    assert any("git-receive-pack" in request for request in git_server.requests)


def test_over_http_with_credentials_from_a_helper(
    clone: Path, git: Git, git_server: GitServer, commands: Commands, tmp_path: Path
) -> None:
    git_server.secured = True
    old, new = git(clone, "rev-parse", "HEAD"), new_commit(clone, git)
    with pytest.raises(PushRejected, match="did not accept the credentials") as caught:
        push(commands, "origin", "main", new, old)
    assert "credential helper" in str(caught.value.hint)
    (tmp_path / "credentials").write_text(git_server.url.replace("//", f"//bot:{SECRET}@") + "\n")
    git(clone, "config", "credential.helper", f"store --file={tmp_path}/credentials")
    assert push(commands, "origin", "main", new, old) == Pushed()
    assert origin_head(clone, git) == new


def test_a_password_in_a_url_is_never_shown(clone: Path, git: Git, git_server: GitServer, commands: Commands) -> None:
    git_server.secured = True
    git(
        clone,
        "remote",
        "set-url",
        "origin",
        git_server.url.replace("//", "//bot:wr0ng-pass@") + "/origin.git?token=hidden",
    )
    for call in (
        lambda: push(commands, "origin", "main", new_commit(clone, git), git(clone, "rev-parse", "HEAD")),
        lambda: fetch(commands, "origin", "main"),
        lambda: remote_head(commands, "origin", "main"),
    ):
        with pytest.raises(PushRejected) as caught:
            call()
        assert "wr0ng-pass" not in f"{caught.value}{caught.value.hint}{caught.value!r}"
        assert "hidden" not in str(caught.value)


def test_redaction() -> None:
    text = "fatal: unable to access 'https://bot:p%40s@s@git.example.com/x.git?private_token=abc#f': 403, ssh://git@h/x"
    assert redact(text) == "fatal: unable to access 'https://git.example.com/x.git': 403, ssh://h/x"


def test_a_lease_that_does_not_hold(clone: Path, git: Git, git_server: GitServer, commands: Commands) -> None:
    old = git(clone, "rev-parse", "HEAD")
    theirs, ours = new_commit(clone, git, "theirs"), new_commit(clone, git, "ours")
    git(clone, "push", "--quiet", "origin", f"{theirs}:refs/heads/main")
    assert push(commands, "origin", "main", ours, old) == Moved(theirs)
    assert origin_head(clone, git) == theirs


def test_a_lock_on_a_branch_that_has_not_moved(
    clone: Path, git: Git, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = clone.parent / "origin.git/refs/heads/main.lock"
    lock.touch()
    old, ours = git(clone, "rev-parse", "HEAD"), new_commit(clone, git)
    slept: list[float] = []
    monkeypatch.setattr("gitops_streams.git.push.time.sleep", slept.append)
    with pytest.raises(PushRejected, match="has not moved, and cannot be locked there"):
        push(commands, "origin", "main", ours, old)
    assert len(slept) == 3
    monkeypatch.setattr("gitops_streams.git.push.time.sleep", lambda _: lock.unlink(missing_ok=True))
    assert push(commands, "origin", "main", ours, old) == Pushed()
    assert origin_head(clone, git) == ours


def test_what_was_fetched_meanwhile_does_not_weaken_the_lease(clone: Path, git: Git, commands: Commands) -> None:
    old = git(clone, "rev-parse", "HEAD")
    theirs, ours = new_commit(clone, git, "theirs"), new_commit(clone, git, "ours")
    git(clone, "push", "--quiet", "origin", f"{theirs}:refs/heads/main")
    git(clone, "fetch", "--quiet")
    assert push(commands, "origin", "main", ours, old) == Moved(theirs)


def test_a_fetch_is_of_one_branch_and_changes_no_ref(clone: Path, git: Git, commands: Commands) -> None:
    git(clone.parent, "clone", "--quiet", "origin.git", "colleague")
    colleague = clone.parent / "colleague"
    theirs, other = new_commit(colleague, git, "theirs"), new_commit(colleague, git, "other")
    git(
        colleague,
        "push",
        "--quiet",
        "origin",
        f"{theirs}:refs/heads/main",
        f"{other}:refs/heads/other",
        f"{other}:refs/tags/v1",
    )
    before = git(clone, "for-each-ref")
    assert fetch(commands, "origin", "main") == theirs
    assert git(clone, "cat-file", "-t", theirs) == "commit"
    assert git(clone, "for-each-ref") == before
    assert not (clone / ".git/FETCH_HEAD").exists()


def test_a_hook_that_refuses(clone: Path, git: Git, git_server: GitServer, commands: Commands) -> None:
    hook = clone.parent / "origin.git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nprintf 'main is \\033[31mprotected\\n' >&2\nexit 1\n")
    hook.chmod(0o755)
    old = git(clone, "rev-parse", "HEAD")
    with pytest.raises(PushRejected, match="pre-receive hook declined") as caught:
        push(commands, "origin", "main", new_commit(clone, git), old)
    assert "main is" in caught.value.message
    assert caught.value.message.isprintable()
    assert "pull request" in str(caught.value.hint)
    assert origin_head(clone, git) == old


def test_a_branch_that_the_remote_has_not(clone: Path, git: Git, commands: Commands) -> None:
    old = git(clone, "rev-parse", "HEAD")
    assert remote_head(commands, "origin", "missing") is None
    with pytest.raises(PushRejected, match="origin has no branch missing"):
        push(commands, "origin", "missing", new_commit(clone, git), old)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:9/x.git", "cannot be reached"),
        ("http://nowhere.invalid/x.git", "cannot be reached"),
        ("../missing.git", "check the URL|cannot be"),
    ],
)
def test_a_remote_that_is_not_there(clone: Path, git: Git, commands: Commands, url: str, says: str) -> None:
    git(clone, "remote", "set-url", "origin", url)
    for call in (
        lambda: push(commands, "origin", "main", new_commit(clone, git), "HEAD"),
        lambda: fetch(commands, "origin", "main"),
    ):
        with pytest.raises(PushRejected, match=says):
            call()


def test_a_server_that_fails(clone: Path, git: Git, git_server: GitServer, commands: Commands) -> None:
    git_server.broken = 503
    with pytest.raises(PushRejected, match="cannot be reached") as caught:
        push(commands, "origin", "main", new_commit(clone, git), git(clone, "rev-parse", "HEAD"))
    assert "nothing was pushed" in str(caught.value.hint)


def test_which_remote(clone: Path, git: Git, commands: Commands) -> None:
    assert find_remote(commands, "main") == "origin"
    git(clone, "remote", "add", "fork", "../fork.git")
    git(clone, "config", "branch.main.pushRemote", "fork")
    assert find_remote(commands, "main") == "fork"
    assert find_remote(commands, "other") == "origin"
    assert find_remote(commands, "main", "origin") == "origin"
    with pytest.raises(PushRejected, match="no remote '--all'"):
        find_remote(commands, "main", "--all")
    git(clone, "remote", "rename", "origin", "upstream")
    with pytest.raises(PushRejected, match="not clear"):
        find_remote(commands, "other")
    for name in ("fork", "upstream"):
        git(clone, "remote", "remove", name)
    with pytest.raises(PushRejected, match="no remote to push to"):
        find_remote(commands, "main")
