"""The log of files: along the branch, whoever merged, bounded; and shallow clones that are given more of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gitops_streams.errors import RepositoryError
from gitops_streams.git.deepen import deepen
from gitops_streams.git.log import read_log
from gitops_streams.git.process import Git as Reader
from gitops_streams.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import GitServer

    Git = Callable[..., str]

FILE = "status/we b.lock"


@pytest.fixture
def write(clone: Path, git: Git) -> Callable[..., str]:
    """Commit a content of the file; return the commit."""

    def commit(content: str | None, subject: str = "A change", path: str = FILE) -> str:
        (clone / path).parent.mkdir(exist_ok=True)
        if content is None:
            (clone / path).unlink()
        else:
            (clone / path).write_text(content)
        git(clone, "add", "--all")
        git(clone, "commit", "--quiet", "--allow-empty", "--message", subject)
        return git(clone, "rev-parse", "HEAD")

    return commit


@pytest.fixture
def repository(clone: Path) -> Iterator[Repository]:
    with Repository.discover(clone) as found:
        yield found


def contents(repository: Repository, *paths: str, commit: str = "HEAD") -> list[list[str | None]]:
    """Return what the files were after each commit, the newest first."""
    log = repository.log(paths, commit)
    ids = [blob for revision in log.revisions for blob in revision.blobs.values() if blob is not None]
    texts = dict(zip(ids, repository.objects(ids), strict=True))
    return [
        [None if blob is None else texts[blob].decode() for _, blob in sorted(revision.blobs.items())]
        for revision in log.revisions
    ]


def test_who_when_and_what(clone, git, write, repository, monkeypatch):
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Änn\u202e \\x01")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-01-02T03:04:05+05:30")
    first = write("one", "Subject\n\nBody\n\nCo-authored-by: nobody")
    write("other", path="other.yaml")
    (revision,) = repository.log([FILE], "HEAD").revisions
    assert revision.commit == first
    assert revision.author == "Änn\u202e \\x01"
    assert revision.when == datetime(2026, 1, 1, 21, 34, 5, tzinfo=UTC)
    assert revision.subject == "Subject"
    assert revision.blobs == {FILE: git(clone, "rev-parse", f"HEAD:{FILE}")}


def test_changes_of_several_files_and_their_ends(clone, write, repository):
    write("1")
    write("a", path="status/b.lock")
    (clone / "status/b.lock").write_text("b")
    write("2")
    write(None)
    assert contents(repository, FILE, "status/b.lock") == [[None], ["b", "2"], ["a"], ["1"]]
    assert contents(repository, FILE) == [[None], ["2"], ["1"]]
    assert contents(repository, "status/*") == []
    assert contents(repository) == []


def test_a_link_is_no_file(clone, write, repository, git):
    write("1")
    (clone / FILE).unlink()
    (clone / FILE).symlink_to("b.lock")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message=A link")
    assert contents(repository, FILE) == [[None], ["1"]]


def test_renames_are_not_followed(clone, write, repository, git):
    write("1")
    git(clone, "mv", FILE, "status/new.lock")
    git(clone, "commit", "--quiet", "--message=Moved")
    git(clone, "config", "log.follow", "true")
    git(clone, "config", "diff.renames", "copies")
    assert contents(repository, "status/new.lock") == [["1"]]
    assert contents(repository, FILE) == [[None], ["1"]]


@pytest.mark.parametrize(
    "setting",
    [
        ("log.showSignature", "true"),
        ("log.showRoot", "false"),
        ("log.diffMerges", "off"),
        ("i18n.logOutputEncoding", "latin1"),
        ("color.ui", "always"),
        ("format.pretty", "oneline"),
        ("diff.noprefix", "true"),
        ("log.date", "relative"),
        ("core.quotePath", "true"),
    ],
)
def test_the_user_s_settings_change_nothing(clone, git, repository, setting):
    git(clone, "config", *setting)
    assert len(contents(repository, "deploy/web.yaml")) == 1
    (revision,) = repository.log(["deploy/web.yaml"], "HEAD").revisions
    assert revision.author == "A Test"


def test_what_a_merge_brought_is_the_merge_s(clone, git, write, repository):
    write("1")
    git(clone, "checkout", "--quiet", "-b", "side")
    write("2")
    write("3")
    git(clone, "checkout", "--quiet", "main")
    write("other", path="other.yaml")
    git(clone, "merge", "--quiet", "--no-ff", "--message=Merged", "side")
    revisions = repository.log([FILE], "HEAD").revisions
    assert [revision.subject for revision in revisions] == ["Merged", "A change"]
    assert contents(repository, FILE) == [["3"], ["1"]]


def test_the_horizon(clone, write):
    for number in range(6):
        write(str(number))
    git = Reader(clone)
    assert len(read_log(git, "HEAD", [FILE], horizon=4).revisions) == 4
    assert len(read_log(git, "HEAD", [FILE], horizon=6).revisions) == 6
    assert len(read_log(git, "HEAD", [FILE], horizon=60).revisions) == 6


def test_a_date_that_is_none(clone, git, repository):
    tree = git(clone, "rev-parse", "HEAD^{tree}")
    text = f"tree {tree}\nauthor  <> 99999999999999999 +0000\ncommitter A <a> 0 +0000\n\n\n"
    commit = git(clone, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=text)
    (revision,) = repository.log(["deploy/web.yaml"], commit).revisions
    assert (revision.author, revision.subject) == ("", "")
    assert revision.when is None or revision.when.year < 10_000


def test_a_commit_that_is_none(repository):
    with pytest.raises(RepositoryError):
        repository.log([FILE], "no-such-branch")


@pytest.fixture
def shallow(clone: Path, git: Git, write, tmp_path: Path) -> Path:
    """Return a clone of one commit; the branch has five."""
    for number in range(4):
        write(str(number))
    git(clone, "push", "--quiet", "origin", "main")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path}/origin.git", "shallow")
    return tmp_path / "shallow"


def test_a_shallow_clone_ends_early_until_it_is_deepened(shallow, git):
    with Repository.discover(shallow) as repository:
        tip = git(shallow, "rev-parse", "HEAD")
        before = repository.log([FILE], tip)
        assert (len(before.revisions), before.shallow) == (1, True)
        assert repository.shallow_end(tip) == tip
        refs = git(shallow, "for-each-ref")
        assert deepen(repository, tip) is None
        after = repository.log([FILE], tip)
        assert (len(after.revisions), after.shallow) == (4, False)
        assert repository.shallow_end(tip) is None
        assert git(shallow, "for-each-ref") == refs
        assert not (shallow / ".git/FETCH_HEAD").exists()


def test_deepening_has_an_end(shallow, git, monkeypatch):
    monkeypatch.setattr("gitops_streams.git.deepen.DEEPER", 2)
    with Repository.discover(shallow) as repository:
        tip = git(shallow, "rev-parse", "HEAD")
        assert deepen(repository, tip) is None
        log = repository.log([FILE], tip)
        assert (len(log.revisions), log.shallow) == (3, True)


def test_commits_that_are_not_pushed_stand_on_the_shallow_end(shallow, git):
    (shallow / FILE).write_text("mine")
    git(shallow, "commit", "--quiet", "--all", "--message=Mine")
    with Repository.discover(shallow) as repository:
        tip = git(shallow, "rev-parse", "HEAD")
        assert deepen(repository, tip) is None
        assert len(repository.log([FILE], tip).revisions) == 5


def test_a_whole_clone_is_left_alone(clone, git, repository):
    git(clone, "remote", "set-url", "origin", f"file://{clone}/gone")
    assert deepen(repository, git(clone, "rev-parse", "HEAD")) is None


@pytest.mark.parametrize("remote", ["gone", "none"])
def test_why_it_cannot_be_deepened(shallow, git, remote):
    if remote == "none":
        git(shallow, "remote", "remove", "origin")
    else:
        git(shallow, "remote", "set-url", "origin", f"file://{shallow}/gone")
    with Repository.discover(shallow) as repository:
        why = deepen(repository, git(shallow, "rev-parse", "HEAD"))
    assert why is not None
    assert ("there is no remote" if remote == "none" else "origin") in why


def test_over_http(clone, git, write, git_server: GitServer, tmp_path):
    for number in range(3):
        write(str(number))
    git(clone, "push", "--quiet", "origin", "main")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"{git_server.url}/origin.git", "http")
    with Repository.discover(tmp_path / "http") as repository:
        tip = git(tmp_path / "http", "rev-parse", "HEAD")
        assert deepen(repository, tip) is None
        assert len(repository.log([FILE], tip).revisions) == 3
    # A credential in the URL is nobody's business.
    git_server.secured = True
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path}/origin.git", "closed")
    secret = git_server.url.replace("//", "//bot:s3cret@")
    git(tmp_path / "closed", "remote", "set-url", "origin", f"{secret}/origin.git")
    with Repository.discover(tmp_path / "closed") as repository:
        why = deepen(repository, git(tmp_path / "closed", "rev-parse", "HEAD"))
    assert why is not None
    assert "s3cret" not in why
