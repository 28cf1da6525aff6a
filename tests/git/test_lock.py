from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from gitops_streams.errors import RepositoryError
from gitops_streams.git.commit import CommitEntry
from gitops_streams.git.journal import FOLDER, Journal, clear_journal, read_journal, write_journal
from gitops_streams.git.lock import exclusive, index_lock
from gitops_streams.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NEW = "1234567890" * 4
KILLED = Journal("abc", ("deploy/web.yaml",), "refs/heads/main", None, NEW, "origin")


@pytest.fixture
def repository(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    monkeypatch.setattr("gitops_streams.git.lock._GRACE", 0.1)
    with Repository.discover(clone) as found:
        yield found


def test_a_journal_is_read_back(clone: Path) -> None:
    entry = CommitEntry("a\nb/\udce9.yaml", "100644", None, NEW)
    journal = Journal("abc", ("x",), "refs/heads/main", NEW, NEW, "origin", (entry,), (entry,))
    write_journal(clone / ".git", journal)
    assert read_journal(clone / ".git") == journal
    clear_journal(clone / ".git")
    assert read_journal(clone / ".git") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"token": 1}', '{"paths": [], "entries": [{}], "earlier": []}'])
def test_a_damaged_journal_is_none(clone: Path, text: str) -> None:
    (clone / ".git" / FOLDER).mkdir()
    (clone / ".git" / FOLDER / "journal.json").write_text(text)
    assert read_journal(clone / ".git") is None


def test_one_run_at_a_time_in_all_work_trees(repository: Repository, clone: Path, git: Callable[..., str]) -> None:
    git(clone, "worktree", "add", "--quiet", "-b", "feature", "../linked")
    with (
        Repository.discover(clone.parent / "linked") as linked,
        exclusive(repository),
        pytest.raises(RepositoryError, match=f"process {os.getpid()}"),
        exclusive(linked, 0.1),
    ):
        pass
    with exclusive(repository), pytest.raises(RepositoryError), exclusive(repository, 0.0):
        pass
    with exclusive(repository) as run:
        assert list(run.scratch.iterdir()) == []
    assert not run.scratch.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("refs/heads/main.lock", NEW + "\n"),
        ("refs/heads/main.lock", ""),
        ("HEAD.lock", ""),
        ("refs/remotes/origin/main.lock", NEW + "\n"),
        ("shallow.lock", "whatever"),
    ],
)
def test_a_lock_that_a_killed_run_left_is_removed(repository: Repository, clone: Path, name: str, content: str) -> None:
    write_journal(clone / ".git", KILLED)
    (clone / ".git" / name).write_text(content)
    with exclusive(repository) as run:
        assert run.killed == KILLED
        assert not (clone / ".git" / name).exists()


def test_locks_of_others_stay(repository: Repository, clone: Path) -> None:
    older, foreign, unnamed = (clone / ".git" / name for name in ("HEAD.lock", "refs/heads/main.lock", "config.lock"))
    older.touch()
    past = time.time() - 60
    os.utime(older, (past, past))
    write_journal(clone / ".git", KILLED)
    foreign.write_text("f" * 40 + "\n")
    unnamed.touch()
    (clone / ".git/index.lock").touch()
    with exclusive(repository):
        assert older.exists()
        assert foreign.exists()
        assert unnamed.exists()
        assert (clone / ".git/index.lock").exists()


def test_without_a_journal_no_lock_is_touched(repository: Repository, clone: Path) -> None:
    (clone / ".git/refs/heads/main.lock").touch()
    with exclusive(repository) as run:
        assert run.killed is None
        assert (clone / ".git/refs/heads/main.lock").exists()


def test_our_own_index_lock_is_known_by_its_inode(repository: Repository, clone: Path) -> None:
    held, lock = clone / ".git" / FOLDER / "index.held", clone / ".git/index.lock"
    held.parent.mkdir()
    held.touch()
    os.link(held, lock)
    with exclusive(repository):
        assert not lock.exists()
        assert not held.exists()


def test_an_index_lock_of_ours_keeps_git_out(clone: Path, git: Callable[..., str]) -> None:
    (clone / ".git" / FOLDER).mkdir()
    (clone / "new").touch()
    with index_lock(clone / ".git", 0.1), pytest.raises(AssertionError, match=r"index\.lock"):
        git(clone, "add", "new")
    git(clone, "add", "new")


def test_scratch_and_temporary_files_are_cleared_away(repository: Repository, clone: Path) -> None:
    scratch = clone / ".git" / FOLDER / "scratch"
    scratch.mkdir(parents=True)
    (scratch / "blob-0").touch()
    (clone / "deploy/.gitops-streams-abc.tmp0").touch()
    write_journal(clone / ".git", KILLED)
    with exclusive(repository) as run:
        assert list(run.scratch.iterdir()) == []
        assert not (clone / "deploy/.gitops-streams-abc.tmp0").exists()
