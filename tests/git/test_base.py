"""Where a change left its base: in full clones, in shallow ones, on merges that a forge makes for CI."""

from __future__ import annotations

import pytest

from gitops_streams.errors import RepositoryError
from gitops_streams.git import base as module
from gitops_streams.git.base import differing, find_base, merged_into
from gitops_streams.git.remote import open_remote
from gitops_streams.git.repository import Repository


@pytest.fixture
def origin(tmp_path, git):
    """Return a bare repository: ``main`` with three commits, ``work`` with two more from its second one."""
    folder = tmp_path / "origin"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "origin")

    def commit(path, text):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", f"Write {path}")
        return git(folder, "rev-parse", "HEAD")

    commit("a.yaml", "1\n" * 30)
    fork_point = commit("a.yaml", "2\n" * 30)
    git(folder, "checkout", "--quiet", "-b", "work")
    git(folder, "mv", "a.yaml", "renamed.yaml")
    commit("new.yaml", "new\n")
    work = commit("new.yaml", "newer\n")
    git(folder, "checkout", "--quiet", "main")
    main = commit("c.yaml", "3\n")
    # As a forge makes it for CI.
    git(folder, "checkout", "--quiet", "--detach", "main")
    git(folder, "merge", "--quiet", "--no-ff", "--message", "Merge work", "work")
    git(folder, "update-ref", "refs/pull/1/merge", "HEAD")
    git(folder, "checkout", "--quiet", "main")
    return folder, {
        "fork": fork_point,
        "work": work,
        "main": main,
        "merge": git(folder, "rev-parse", "refs/pull/1/merge"),
    }


@pytest.fixture
def checkout(tmp_path, git, origin):
    """Check a ref out as actions/checkout does: no history but what is asked for."""

    def make(ref, *options):
        folder = tmp_path / "checkout"
        git(tmp_path, "init", "--quiet", "checkout")
        git(folder, "remote", "add", "origin", f"file://{origin[0]}")
        git(folder, "fetch", "--quiet", "--no-tags", *options, "origin", ref)
        git(folder, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        return Repository.discover(folder)

    return make


def remotes(repository):
    yield open_remote(repository.commands(), "origin")


def none():
    raise AssertionError("nothing has to be fetched")
    yield


def test_a_full_clone_asks_nobody(checkout, origin, git):
    with checkout("refs/heads/work") as repository:
        git(repository.root, "fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
        for revision in ("main", "origin/main", origin[1]["main"]):
            found = find_base(repository, revision, none())
            assert (found.commit, found.merge_base) == (origin[1]["main"], origin[1]["fork"])


@pytest.mark.parametrize("revision", ["main", "origin/main", "refs/heads/main", "the commit"])
def test_a_clone_of_one_commit_is_deepened(checkout, origin, revision):
    with checkout("refs/heads/work", "--depth=1") as repository:
        wanted = origin[1]["main"] if revision == "the commit" else revision
        found = find_base(repository, wanted, remotes(repository))
        assert (found.commit, found.merge_base, found.head) == (origin[1]["main"], origin[1]["fork"], origin[1]["work"])
        assert repository.at(found.merge_base).listing("") == ["a.yaml"]


def test_the_merge_that_ci_checks_out_needs_no_history(checkout, origin, git):
    commits = origin[1]
    with checkout("refs/pull/1/merge", "--depth=1") as repository:
        assert merged_into(repository, commits["work"]) == commits["main"]
        assert merged_into(repository, commits["fork"]) is None
        found = find_base(repository, commits["main"], remotes(repository))
        assert (found.merge_base, found.head) == (commits["main"], commits["merge"])
        assert git(repository.root, "rev-list", "--count", "HEAD") == "1"
        files = differing(repository, found, work_tree=False)
        assert files.paths == {"a.yaml", "renamed.yaml", "new.yaml"}
        assert files.renamed == {"a.yaml": "renamed.yaml"}


def test_the_base_moved_on_after_the_merge_was_made(checkout, origin, git):
    """What the base has got since is no part of the change."""
    folder, commits = origin
    (folder / "d.yaml").write_text("4\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Later")
    with checkout("refs/pull/1/merge", "--depth=1") as repository:
        found = find_base(repository, "main", remotes(repository))
        assert found.commit == git(folder, "rev-parse", "main") != commits["main"]
        assert found.merge_base == commits["main"]


def test_deepening_ends(checkout, origin, monkeypatch):
    monkeypatch.setattr(module, "_DEEPER", (1,))
    with (
        checkout("refs/heads/work", "--depth=1") as repository,
        pytest.raises(RepositoryError, match="too shallow") as raised,
    ):
        find_base(repository, "main", remotes(repository))
    assert "fetch-depth: 0" in raised.value.hint


def test_a_remote_that_is_gone_is_named(checkout, origin, git):
    with checkout("refs/heads/work", "--depth=1") as repository:
        git(repository.root, "remote", "set-url", "origin", "file:///nowhere/at/all")
        with pytest.raises(RepositoryError, match="names no commit") as raised:
            find_base(repository, "1" * 40, remotes(repository))
        assert "origin" in raised.value.message


@pytest.mark.parametrize("revision", ["nonsense", "-x", "", "--upload-pack=touch pwned", "a\0b", "+refs/heads/main:x"])
def test_what_names_nothing(checkout, revision, tmp_path):
    with checkout("refs/heads/work") as repository, pytest.raises(RepositoryError, match="names no commit"):
        find_base(repository, revision, remotes(repository))
    assert not list(tmp_path.rglob("pwned"))


def test_unrelated_histories(checkout, origin, git):
    folder, _ = origin
    git(folder, "checkout", "--quiet", "--orphan", "other")
    git(folder, "commit", "--quiet", "--message", "Another beginning")
    with checkout("refs/heads/work") as repository, pytest.raises(RepositoryError, match="in common"):
        find_base(repository, "other", remotes(repository))


def test_a_second_way_to_speak_to_the_remote_is_tried(checkout, origin, git):
    with checkout("refs/heads/work", "--depth=1") as repository:
        git(repository.root, "remote", "add", "broken", "file:///nowhere/at/all")
        tried = [open_remote(repository.commands(), name) for name in ("broken", "origin")]
        assert find_base(repository, "main", iter(tried)).merge_base == origin[1]["fork"]


def test_what_is_not_committed(checkout, origin, git):
    with checkout("refs/heads/work") as repository:
        found = find_base(repository, origin[1]["fork"], none())
        (repository.root / "renamed.yaml").write_text("5\n")
        (repository.root / "sub").mkdir()
        (repository.root / "sub/über\n.yaml").write_text("6\n")
        (repository.root / ".git/info/exclude").write_text("ignored\n")
        (repository.root / "ignored").write_text("")
        committed = {"a.yaml", "renamed.yaml", "new.yaml"}
        assert differing(repository, found, work_tree=False).paths == committed
        assert differing(repository, found, work_tree=True).paths == {*committed, "sub/über\n.yaml"}


def test_no_commit_yet(tmp_path, git):
    git(tmp_path, "init", "--quiet", "empty")
    with Repository.discover(tmp_path / "empty") as repository, pytest.raises(RepositoryError, match="no commit yet"):
        find_base(repository, "main", none())
