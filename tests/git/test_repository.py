from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitops_streams.errors import RepositoryError
from gitops_streams.git.repository import Branch, Detached, Repository

if TYPE_CHECKING:
    from collections.abc import Callable


def test_it_is_found_from_a_subdirectory(clone: Path) -> None:
    with Repository.discover(clone / "deploy") as repository:
        assert repository.root == clone
        assert repository.git_dir == repository.common_dir == clone / ".git"


@pytest.mark.parametrize("name", ["with space", "with\nnewline", "größe", "-dash", "$HOME"])
def test_it_is_found_whatever_its_directory_is_called(tmp_path: Path, git: Callable[..., str], name: str) -> None:
    folder = tmp_path / name / "sub"
    folder.mkdir(parents=True)
    git(folder.parent, "init", "--quiet")
    with Repository.discover(folder) as repository:
        assert repository.root == folder.parent
        assert repository.git_dir == folder.parent / ".git"


def test_it_is_found_through_a_symbolic_link(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(clone / "deploy")
    with Repository.discover(tmp_path / "link") as repository:
        assert repository.root == clone


def test_a_hooks_variables_do_not_lead_elsewhere(
    clone: Path, tmp_path: Path, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "--quiet", "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere/.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "elsewhere"))
    with Repository.discover(clone) as repository:
        assert repository.root == clone


def test_a_bare_repository(clone: Path) -> None:
    with Repository.discover(clone.parent / "origin.git") as repository:
        assert repository.root is None
        assert repository.git_dir == clone.parent / "origin.git"
        assert repository.at("HEAD").listing("deploy") == ["deploy/api.yaml", "deploy/web.yaml"]
        with pytest.raises(RepositoryError, match="bare repository"):
            repository.work_tree()


def test_a_linked_work_tree(clone: Path, git: Callable[..., str]) -> None:
    git(clone, "worktree", "add", "--quiet", "-b", "feature", "../linked")
    with Repository.discover(clone.parent / "linked/deploy") as repository:
        assert repository.root == clone.parent / "linked"
        assert repository.common_dir == clone / ".git"
        assert repository.git_dir == clone / ".git/worktrees/linked"
        assert repository.head() == Branch("feature", git(clone, "rev-parse", "main"))


def test_heads(clone: Path, tmp_path: Path, git: Callable[..., str]) -> None:
    commit = git(clone, "rev-parse", "HEAD")
    with Repository.discover(clone) as repository:
        assert repository.head() == Branch("main", commit)
        git(clone, "checkout", "--quiet", "--detach")
        assert repository.head() == Detached(commit)
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk", "new")
    with Repository.discover(tmp_path / "new") as repository:
        assert repository.head() == Branch("trunk", None)


def test_a_damaged_branch_is_not_an_unborn_one(clone: Path, git: Callable[..., str]) -> None:
    (clone / ".git/refs/heads/main").write_text("0123456789" * 4 + "\n")
    with Repository.discover(clone) as repository, pytest.raises(RepositoryError, match="cannot be read"):
        repository.head()


@pytest.mark.parametrize("revision", ["nonsense", "", "--all", "main\0", "HEAD:deploy", "f" * 40])
def test_a_revision_that_names_no_commit(clone: Path, revision: str) -> None:
    with Repository.discover(clone) as repository, pytest.raises(RepositoryError, match="names no commit"):
        repository.at(revision)


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="is not in a git repository") as caught:
        Repository.discover(tmp_path)
    assert "git init" in str(caught.value.hint)


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="is not a directory"):
        Repository.discover(tmp_path / "missing")


def test_inside_the_git_directory(clone: Path) -> None:
    with pytest.raises(RepositoryError, match="inside a git directory"):
        Repository.discover(clone / ".git/objects")


def test_no_git(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(clone))
    with pytest.raises(RepositoryError, match="git cannot be started") as caught:
        Repository.discover(clone)
    assert "PATH" in str(caught.value.hint)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to somebody else")
def test_somebody_elses_repository(clone: Path) -> None:
    for path in (clone, clone / ".git"):
        os.chown(path, 65534, 65534)
    with pytest.raises(RepositoryError, match="belongs to another user") as caught:
        Repository.discover(clone)
    assert "safe.directory" in str(caught.value.hint)
