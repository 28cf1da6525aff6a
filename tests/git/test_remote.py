"""Branches of a remote: found, read, moved under a lease, spoken to with a credential that nobody else sees."""

from __future__ import annotations

import base64
import os
import stat
from typing import TYPE_CHECKING

import pytest

from gitops_streams.errors import PushRejected, RepositoryError
from gitops_streams.git.authentication import HttpCredential, environment
from gitops_streams.git.push import Pushed
from gitops_streams.git.remote import LeaseLost, Remote, missing, open_remote
from gitops_streams.git.remote_branch import Place, read_branch
from gitops_streams.git.repository import Repository
from gitops_streams.review.lifecycle import BranchCommit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import GitServer

    from gitops_streams.git.command import Commands

    Git = Callable[..., str]

SECRET = "s3cret-t0ken"
BRANCH = "gitops-streams/main/all"


@pytest.fixture
def commands(clone: Path) -> Iterator[Commands]:
    with Repository.discover(clone) as repository:
        yield repository.commands()


@pytest.fixture
def remote(commands: Commands) -> Remote:
    return open_remote(commands, "origin")


@pytest.fixture
def other(clone: Path, git: Git) -> Path:
    """Return somebody else's clone."""
    git(clone.parent, "clone", "--quiet", "origin.git", "other")
    return clone.parent / "other"


def new_commit(clone: Path, git: Git, subject: str = "new", parent: str = "HEAD") -> str:
    return git(clone, "commit-tree", "HEAD^{tree}", "-p", parent, "-m", subject)


def sealed(message: str, tree: str) -> bool:
    return message == f"{tree}\n"


def change(folder: Path, git: Git, path: str, content: str, *push: str) -> str:
    (folder / path).write_text(content)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", f"--message={path}")
    if push:
        git(folder, "push", "--quiet", *push)
    return git(folder, "rev-parse", "HEAD")


def test_a_branch_is_made_moved_and_deleted_under_its_lease(clone: Path, git: Git, remote: Remote) -> None:
    first, second = new_commit(clone, git, "1"), new_commit(clone, git, "2")
    assert remote.replace(BRANCH, first, None) == Pushed()
    assert remote.heads("main", "gitops-streams/*") == {"main": git(clone, "rev-parse", "main"), BRANCH: first}
    assert isinstance(remote.replace(BRANCH, second, None), LeaseLost)
    assert isinstance(remote.replace(BRANCH, None, second), LeaseLost)
    assert remote.heads(BRANCH) == {BRANCH: first}
    assert remote.replace(BRANCH, second, first) == Pushed()
    assert remote.replace(BRANCH, None, second) == Pushed()
    assert isinstance(remote.replace(BRANCH, None, second), LeaseLost)
    assert remote.heads(BRANCH) == {}
    assert git(clone, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes").splitlines() == [
        "refs/heads/main",
        "refs/remotes/origin/main",
    ]


def test_what_was_fetched_since_does_not_count_as_the_lease(clone: Path, git: Git, remote: Remote, other: Path) -> None:
    ours = new_commit(clone, git, "ours")
    remote.replace(BRANCH, ours, None)
    git(other, "fetch", "--quiet")
    git(other, "checkout", "--quiet", BRANCH)
    human = change(other, git, "human.yaml", "a: 1\n", "origin", BRANCH)
    git(clone, "fetch", "--quiet", "origin")
    assert isinstance(remote.replace(BRANCH, new_commit(clone, git, "again"), ours), LeaseLost)
    assert remote.heads(BRANCH) == {BRANCH: human}


def test_a_hook_of_the_clone_is_not_asked_one_of_the_server_is(clone: Path, git: Git, remote: Remote) -> None:
    for folder in (clone / ".git", clone.parent / "origin.git"):
        hook = folder / "hooks" / ("pre-push" if folder.name == ".git" else "update")
        hook.write_text("#!/bin/sh\necho 'not on a Friday' >&2\nexit 1\n")
        hook.chmod(stat.S_IRWXU)
    with pytest.raises(PushRejected, match="not on a Friday") as caught:
        remote.replace(BRANCH, new_commit(clone, git), None)
    assert "refused the push" in caught.value.message
    (clone.parent / "origin.git/hooks/update").unlink()
    assert remote.replace(BRANCH, new_commit(clone, git), None) == Pushed()


def test_commits_are_fetched_by_branch(clone: Path, git: Git, remote: Remote, other: Path) -> None:
    git(other, "checkout", "--quiet", "-b", BRANCH)
    head = change(other, git, "human.yaml", "a: 1\n", "origin", BRANCH)
    assert missing(remote.commands, {BRANCH: head}) == [BRANCH]
    assert remote.fetch([BRANCH])
    assert missing(remote.commands, {BRANCH: head}) == []
    assert not remote.fetch(["gone"])


def test_a_branch_is_read_commit_by_commit(
    clone: Path, git: Git, remote: Remote, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = git(other, "rev-parse", "main")
    base = change(other, git, "base.yaml", "b: 1\n", "origin", "main")
    git(other, "checkout", "--quiet", "-b", BRANCH, left)
    first = change(other, git, "ours.yaml", "a: 1\n")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "human@example.com")
    second = change(other, git, "human.yaml", "a: 1\n")
    git(other, "commit", "--quiet", "--allow-empty", "--message=empty")
    third = git(other, "rev-parse", "HEAD")
    git(other, "merge", "--quiet", "--no-edit", "main")
    clean = git(other, "rev-parse", "HEAD")
    git(other, "push", "--quiet", "origin", BRANCH)
    remote.fetch(["main", BRANCH])
    found = read_branch(remote, tmp_path, Place(BRANCH, clean, "main", base), sealed)
    assert found.commits == (
        BranchCommit(first, "test@example.com", "test@example.com", (left,), own_changes=True),
        BranchCommit(second, "human@example.com", "test@example.com", (first,), own_changes=True),
        BranchCommit(third, "human@example.com", "test@example.com", (second,), own_changes=False),
        BranchCommit(clean, "human@example.com", "test@example.com", (third, base), own_changes=False),
    )
    assert (found.head, found.merge_base, found.merges_cleanly) == (clean, base, True)
    assert found.merged_tree == found.tree == git(other, "rev-parse", "HEAD^{tree}")


def test_a_merge_that_hides_a_change_is_no_clean_one(
    clone: Path, git: Git, remote: Remote, other: Path, tmp_path: Path
) -> None:
    left = git(other, "rev-parse", "main")
    base = change(other, git, "base.yaml", "b: 1\n", "origin", "main")
    git(other, "checkout", "--quiet", "-b", BRANCH, left)
    change(other, git, "ours.yaml", "a: 1\n")
    git(other, "merge", "--quiet", "--no-commit", "--no-ff", "main")
    (other / "evil.yaml").write_text("e: 1\n")
    git(other, "add", "--all")
    git(other, "commit", "--quiet", "--no-edit")
    git(other, "push", "--quiet", "origin", BRANCH)
    remote.fetch(["main", BRANCH])
    found = read_branch(remote, tmp_path, Place(BRANCH, git(other, "rev-parse", "HEAD"), "main", base), sealed)
    assert [commit.own_changes for commit in found.commits] == [True, True]


def test_a_branch_that_conflicts_with_its_base_does_not_merge(
    clone: Path, git: Git, remote: Remote, other: Path, tmp_path: Path
) -> None:
    git(other, "checkout", "--quiet", "-b", BRANCH)
    head = change(other, git, "other.yaml", "kind: Branch\n", "origin", BRANCH)
    git(other, "checkout", "--quiet", "main")
    base = change(other, git, "other.yaml", "kind: Base\n", "origin", "main")
    remote.fetch(["main", BRANCH])
    found = read_branch(remote, tmp_path, Place(BRANCH, head, "main", base), sealed)
    assert (found.merges_cleanly, found.merged_tree) == (False, None)


def test_a_history_of_its_own_has_no_merge_base(
    clone: Path, git: Git, remote: Remote, other: Path, tmp_path: Path
) -> None:
    git(other, "checkout", "--quiet", "--orphan", BRANCH)
    head = change(other, git, "other.yaml", "kind: Else\n", "origin", BRANCH)
    remote.fetch([BRANCH])
    found = read_branch(remote, tmp_path, Place(BRANCH, head, "main", git(clone, "rev-parse", "main")), sealed)
    assert (found.merge_base, found.merges_cleanly) == (None, False)


def test_a_shallow_clone_is_deepened_until_the_histories_meet(clone: Path, git: Git, tmp_path: Path) -> None:
    left = git(clone, "rev-parse", "HEAD")
    for number in range(60):
        git(clone, "commit", "--quiet", "--allow-empty", f"--message={number}")
    git(clone, "push", "--quiet", "origin", "main")
    git(clone, "checkout", "--quiet", "-b", BRANCH, left)
    head = change(clone, git, "ours.yaml", "a: 1\n", "origin", BRANCH)
    git(clone.parent, "clone", "--quiet", "--depth=1", f"file://{clone.parent}/origin.git", "shallow")
    with Repository.discover(clone.parent / "shallow") as repository:
        remote = open_remote(repository.commands(), "origin")
        assert remote.fetch([BRANCH])
        found = read_branch(remote, tmp_path, Place(BRANCH, head, "main", git(clone, "rev-parse", "main")), sealed)
    assert found.merge_base == left
    assert [commit.sha for commit in found.commits] == [head]


def test_a_clone_that_stays_too_shallow_is_said(
    clone: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitops_streams.git.remote._DEEPER", (1,))
    left = git(clone, "rev-parse", "HEAD")
    for number in range(9):
        git(clone, "commit", "--quiet", "--allow-empty", f"--message={number}")
    git(clone, "push", "--quiet", "origin", "main")
    git(clone, "checkout", "--quiet", "-b", BRANCH, left)
    head = change(clone, git, "ours.yaml", "a: 1\n", "origin", BRANCH)
    git(clone.parent, "clone", "--quiet", "--depth=1", f"file://{clone.parent}/origin.git", "shallow")
    with Repository.discover(clone.parent / "shallow") as repository:
        remote = open_remote(repository.commands(), "origin")
        assert remote.fetch([BRANCH])
        with pytest.raises(RepositoryError, match="this clone is shallow") as caught:
            read_branch(remote, tmp_path, Place(BRANCH, head, "main", git(clone, "rev-parse", "main")), sealed)
    assert "fetch-depth: 0" in str(caught.value.hint)


def test_too_many_commits_are_refused(
    clone: Path, git: Git, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitops_streams.git.remote_branch._MOST_COMMITS", 2)
    base = git(clone, "rev-parse", "HEAD")
    for number in range(3):
        git(clone, "commit", "--quiet", "--allow-empty", f"--message={number}")
    with pytest.raises(RepositoryError, match="more than 2 commits"):
        read_branch(remote, tmp_path, Place(BRANCH, git(clone, "rev-parse", "HEAD"), "main", base), sealed)


@pytest.mark.parametrize("persisted", [None, "host", "repository"])
def test_a_credential_goes_by_environment_whatever_header_is_persisted(
    clone: Path,
    git: Git,
    git_server: GitServer,
    commands: Commands,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    persisted: str | None,
) -> None:
    git_server.secured = True
    stale = "AUTHORIZATION: basic " + base64.b64encode(b"x-access-token:stale").decode()
    if persisted is not None:
        place = git_server.url + ("/" if persisted == "host" else "/origin.git")
        git(clone, "config", f"http.{place}.extraheader", stale)
    log = tmp_path / "argv"
    wrapper = tmp_path / "bin/git"
    wrapper.parent.mkdir()
    real = os.environ["PATH"]
    wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{log}"\nPATH="{real}" exec git "$@"\n')
    wrapper.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{real}")
    credential = HttpCredential(git_server.url, "bot", SECRET)
    remote = open_remote(commands, "origin", credential)
    assert "main" in remote.heads("main")
    assert remote.replace(BRANCH, new_commit(clone, git), None) == Pushed()
    assert remote.fetch([BRANCH])
    said = log.read_text()
    assert "push" in said
    for form in (SECRET, base64.b64encode(f"bot:{SECRET}".encode()).decode()):
        assert form not in said
        assert form not in (clone / ".git/config").read_text()
        assert form not in repr(credential) + repr(remote)


def test_two_credentials_at_once_are_named(clone: Path, git: Git, git_server: GitServer, commands: Commands) -> None:
    for number in (1, 2):
        git(clone, "config", "--add", f"http.{git_server.url}/.extraheader", f"Authorization: Basic {number}")
    with pytest.raises(PushRejected, match="was sent two credentials") as caught:
        open_remote(commands, "origin").heads("main")
    assert "persist-credentials: false" in str(caught.value.hint)


def test_a_refused_credential_is_not_replaced_by_the_users_own(
    clone: Path, git: Git, git_server: GitServer, commands: Commands, tmp_path: Path
) -> None:
    git_server.secured = True
    (tmp_path / "credentials").write_text(git_server.url.replace("//", f"//bot:{SECRET}@") + "\n")
    git(clone, "config", "credential.helper", f"store --file={tmp_path}/credentials")
    assert open_remote(commands, "origin").heads("main")
    with pytest.raises(PushRejected, match="did not accept the credentials"):
        open_remote(commands, "origin", HttpCredential(git_server.url, "bot", "expired")).heads("main")


@pytest.mark.parametrize(
    ("site", "url", "fits"),
    [
        ("https://git.acme.example", "https://git.acme.example/a/b.git", True),
        ("https://git.acme.example:443/", "https://Git.Acme.example/a/b", True),
        ("https://git.acme.example", "https://user@git.acme.example/a/b", True),
        ("https://git.acme.example", "http://git.acme.example/a/b", False),
        ("https://git.acme.example", "https://git.acme.example:8443/a/b", False),
        ("https://git.acme.example", "https://git.acme.example.evil.example/a/b", False),
        ("https://git.acme.example", "https://git.acme.example@evil.example/a/b", False),
        ("https://git.acme.example", "git@git.acme.example:a/b.git", False),
        ("https://git.acme.example", "ssh://git@git.acme.example/a/b", False),
        ("https://git.acme.example", "/srv/git/b.git", False),
        ("https://git.acme.example", "https://git.acme.example:port/a", False),
    ],
)
def test_a_credential_goes_to_its_own_host_alone(site: str, url: str, *, fits: bool) -> None:
    credential = HttpCredential(site, "bot", SECRET)
    assert credential.fits(url) is fits
    encoded = base64.b64encode(f"bot:{SECRET}".encode()).decode()
    assert any(encoded in value for value in environment([url], credential).values()) is fits


def test_settings_that_the_environment_gives_stay() -> None:
    given = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.proxy", "GIT_CONFIG_VALUE_0": "http://proxy:3128"}
    made = environment(["https://git.acme.example/a/b"], HttpCredential("https://git.acme.example", "b", "s"), given)
    assert not made.keys() & {"GIT_CONFIG_KEY_0"}
    assert made["GIT_CONFIG_COUNT"] == str(1 + sum(name.startswith("GIT_CONFIG_KEY_") for name in made))
    assert made["GIT_CONFIG_KEY_2"] == "http.https://git.acme.example/a/b.extraHeader"
    assert made["GIT_CONFIG_VALUE_2"] == ""


def test_a_password_of_the_url_is_no_setting() -> None:
    url = "https://user:pass@git.acme.example/a/b"
    made = environment([url], HttpCredential("https://git.acme.example", "b", "s"), {})
    assert "http.https://user@git.acme.example/a/b.extraHeader" in made.values()
    assert not any("pass" in value for value in made.values())


def test_a_redirect_takes_no_credential_along(
    clone: Path, git: Git, git_server: GitServer, commands: Commands, tmp_path: Path
) -> None:
    with type(git_server)(tmp_path) as elsewhere:
        git_server.moved_to = elsewhere.url
        with pytest.raises(PushRejected, match="has moved") as caught:
            open_remote(commands, "origin", HttpCredential(git_server.url, "bot", SECRET)).heads("main")
    assert "git remote set-url origin" in str(caught.value.hint)
    assert elsewhere.requests == []
