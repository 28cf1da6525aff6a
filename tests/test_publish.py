from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitops_streams.errors import PlanRefused, PushRejected, RefusedFile, RepositoryError, UsageError, WriteFailed
from gitops_streams.git.identity import Identity, Signing, SigningMethod
from gitops_streams.git.repository import Repository
from gitops_streams.git.write import FileEdit
from gitops_streams.publish import (
    ATTEMPTS,
    Committed,
    NothingToDo,
    Planned,
    PublishOptions,
    PushedCommit,
    Written,
    publish_commit,
    publish_push,
    publish_worktree,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_streams.git.snapshot import Snapshot
    from gitops_streams.publish import PlanAt

    Git = Callable[..., str]

WEB, API, STATUS = "deploy/web.yaml", "deploy/api.yaml", ".gitops-streams/status/_/web.lock"
MESSAGE = "chore(images): update web:1.4 to sha256:8aed2a6a\n\nweb:1.4 unpinned → sha256:8aed2a6a\n"


def pin(suffix: bytes, *paths: str, status: bool = True) -> PlanAt:
    """Return a plan that gives the images in some files a digest."""

    def plan(snapshot: Snapshot) -> Planned:
        edits = []
        for path, content in snapshot.read(paths or (WEB,)):
            assert isinstance(content, bytes)
            edits.append(FileEdit(path, content, content.split(b"@")[0].rstrip() + b"@" + suffix + b"\n"))
        recorded = snapshot.read_one(STATUS)
        if status:
            edits.append(FileEdit(STATUS, recorded if isinstance(recorded, bytes) else None, suffix + b"\n"))
        return Planned(tuple(edit for edit in edits if edit.before != edit.after), MESSAGE)

    return plan


def commit(folder: Path, plan: PlanAt, **options: object) -> Committed | NothingToDo:
    with Repository.discover(folder) as repository:
        return publish_commit(repository, plan, PublishOptions(**options))  # type: ignore[arg-type]


def push(folder: Path, plan: PlanAt, **options: object) -> PushedCommit | NothingToDo:
    with Repository.discover(folder) as repository:
        return publish_push(repository, plan, PublishOptions(**options))  # type: ignore[arg-type]


def test_a_commit_has_the_edits_and_nothing_else(clone: Path, git: Git) -> None:
    parent = git(clone, "rev-parse", "HEAD")
    done = commit(clone / "deploy", pin(b"sha256:1"))
    assert isinstance(done, Committed)
    assert done == Committed(git(clone, "rev-parse", "main"), "main")
    assert git(clone, "rev-parse", "main^") == parent
    assert git(clone, "diff", "--name-only", "HEAD^", "HEAD").splitlines() == [STATUS, WEB]
    assert git(clone, "log", "-1", "--format=%B").strip() == MESSAGE.strip()
    assert (
        git(clone, "log", "-1", "--format=%an <%ae> %cn <%ce>") == "A Test <test@example.com> A Test <test@example.com>"
    )
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "diff-files", "--name-only") == ""
    assert (clone / WEB).read_bytes() == b"kind: Deployment\nimage: quay.io/acme/web:1.4@sha256:1\n"
    git(clone, "fsck", "--strict")
    assert commit(clone, pin(b"sha256:1")) == NothingToDo()
    assert "gitops-streams" in git(clone, "reflog", "-1", "main")


def test_the_users_own_work_stays_as_it_is(clone: Path, git: Git) -> None:
    (clone / "other.yaml").write_text("dirty\n")
    (clone / "staged.yaml").write_text("staged\n")
    git(clone, "add", "staged.yaml")
    (clone / "staged.yaml").write_text("staged, then changed\n")
    (clone / "untracked.yaml").write_text("untracked\n")
    git(clone, "rm", "--quiet", API)
    before = git(clone, "status", "--porcelain")
    assert isinstance(commit(clone, pin(b"sha256:1")), Committed)
    assert git(clone, "status", "--porcelain") == before
    assert git(clone, "show", "--name-only", "--format=", "HEAD").splitlines() == [STATUS, WEB]
    assert git(clone, "diff", "--cached", "--name-only").splitlines() == [API, "staged.yaml"]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda clone, _: (clone / WEB).write_text("mine\n"), "has changes that are not in HEAD"),
        (lambda clone, _: (clone / WEB).unlink(), "has been deleted"),
        (lambda clone, git: git(clone, "rm", "--quiet", "--cached", WEB), "removed from the index"),
        (lambda clone, _: ((clone / WEB).unlink(), (clone / WEB).symlink_to("api.yaml")), "symbolic link"),
        (
            lambda clone, _: (clone / STATUS).parent.mkdir(parents=True) or (clone / STATUS).write_text("x"),
            "not in HEAD",
        ),
    ],
)
@pytest.mark.parametrize("publish", [commit, push])
def test_unfinished_work_is_refused_by_name_before_anything_changes(
    clone: Path, git: Git, publish: Callable[..., object], spoil: Callable[[Path, Git], object], says: str
) -> None:
    spoil(clone, git)
    before = git(clone, "status", "--porcelain"), git(clone, "rev-parse", "HEAD")
    with pytest.raises(RefusedFile, match=r"\.yaml|\.lock") as caught:
        publish(clone, pin(b"sha256:1", WEB, API))
    assert says in caught.value.message
    assert (git(clone, "status", "--porcelain"), git(clone, "rev-parse", "HEAD")) == before
    assert git(clone.parent / "origin.git", "rev-list", "--count", "main") == "1"
    assert (clone / API).read_text().endswith("api:2\n")


def test_staged_work_on_an_edited_file_is_refused(clone: Path, git: Git) -> None:
    original = (clone / WEB).read_bytes()
    (clone / WEB).write_text("staged\n")
    git(clone, "add", WEB)
    (clone / WEB).write_bytes(original)
    with pytest.raises(RefusedFile, match="staged changes"):
        commit(clone, pin(b"sha256:1"))


def test_a_file_that_holds_the_wanted_content_already_is_fine(clone: Path, git: Git) -> None:
    with Repository.discover(clone) as repository:
        planned = pin(b"sha256:1")(repository.work_tree())
        assert publish_worktree(repository, planned) == Written((WEB, STATUS))
    git(clone, "add", WEB)
    assert isinstance(commit(clone, pin(b"sha256:1")), Committed)
    assert git(clone, "status", "--porcelain") == ""


def test_modes_stay(clone: Path, git: Git) -> None:
    (clone / WEB).chmod(0o755)
    git(clone, "commit", "--quiet", "--all", "--message=executable")
    commit(clone, pin(b"sha256:1"))
    assert git(clone, "ls-tree", "HEAD", WEB).startswith("100755 ")
    assert stat.S_IMODE((clone / WEB).stat().st_mode) & 0o111
    assert git(clone, "status", "--porcelain") == ""


def test_line_ends_that_the_checkout_converts(clone: Path, git: Git) -> None:
    git(clone, "config", "core.autocrlf", "true")
    for path in (WEB, API):
        (clone / path).unlink()
    git(clone, "checkout", "--", WEB, API)
    assert b"\r\n" in (clone / WEB).read_bytes()
    assert isinstance(commit(clone, pin(b"sha256:1")), Committed)
    assert (clone / WEB).read_bytes() == b"kind: Deployment\r\nimage: quay.io/acme/web:1.4@sha256:1\r\n"
    assert git(clone, "show", f"HEAD:{WEB}").endswith("web:1.4@sha256:1")
    assert "\r" not in git(clone, "show", f"HEAD:{WEB}")
    assert git(clone, "status", "--porcelain") == ""


def test_a_sparse_checkout(clone: Path, git: Git) -> None:
    git(clone, "sparse-checkout", "set", "--no-cone", "/other.yaml")
    assert not (clone / WEB).exists()
    assert isinstance(commit(clone, pin(b"sha256:1", status=False)), Committed)
    assert not (clone / WEB).exists()
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "show", f"HEAD:{WEB}").endswith("@sha256:1")


def test_paths_of_every_spelling(clone: Path, git: Git) -> None:
    names = [
        "with space.yaml",
        "new\nline.yaml",
        '"quoted".yaml',
        "größe.yaml",
        "-rf.yaml",
        os.fsdecode(b"latin-\xe9.yaml"),
    ]
    for name in names:
        (clone / name).write_bytes(b"image: a")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message=names")
    (clone / names[1]).write_bytes(b"image: a")
    assert isinstance(commit(clone, pin(b"sha256:1", *names)), Committed)
    assert git(clone, "status", "--porcelain") == ""
    assert all((clone / name).read_bytes() == b"image: a@sha256:1\n" for name in names)


def test_a_bare_repository(clone: Path, git: Git) -> None:
    origin = clone.parent / "origin.git"
    assert isinstance(commit(origin, pin(b"sha256:1")), Committed)
    assert git(origin, "show", f"main:{WEB}").endswith("@sha256:1")
    with Repository.discover(origin) as repository, pytest.raises(RepositoryError, match="bare"):
        publish_worktree(repository, Planned((), ""))


def test_a_clone_without_checkout(clone: Path, git: Git) -> None:
    git(clone.parent, "clone", "--quiet", "--no-checkout", "--depth=1", f"file://{clone.parent}/origin.git", "none")
    done = push(clone.parent / "none", pin(b"sha256:1"))
    assert isinstance(done, PushedCommit)
    assert git(clone.parent / "origin.git", "rev-parse", "main") == done.sha
    assert [path.name for path in (clone.parent / "none").iterdir()] == [".git"]


def test_a_detached_head_needs_a_branch(clone: Path, git: Git) -> None:
    git(clone, "checkout", "--quiet", "--detach")
    for publish in (commit, push):
        with pytest.raises(RepositoryError, match="HEAD is detached") as caught:
            publish(clone, pin(b"sha256:1"))
        assert "--branch" in str(caught.value.hint)
    done = push(clone, pin(b"sha256:1"), branch="main")
    assert isinstance(done, PushedCommit)
    assert git(clone.parent / "origin.git", "rev-parse", "main") == done.sha
    assert git(clone, "status", "--porcelain") == ""


def test_another_branch_than_the_one_checked_out(clone: Path, git: Git) -> None:
    git(clone, "branch", "release")
    done = commit(clone, pin(b"sha256:1"), branch="release")
    assert isinstance(done, Committed)
    assert git(clone, "rev-parse", "release") == done.sha
    assert git(clone, "status", "--porcelain") == ""
    assert (clone / WEB).read_text().endswith("web:1.4\n")


def test_a_linked_work_tree(clone: Path, git: Git) -> None:
    git(clone, "worktree", "add", "--quiet", "-b", "feature", "../linked")
    linked = clone.parent / "linked"
    assert isinstance(commit(linked / "deploy", pin(b"sha256:1")), Committed)
    assert git(linked, "status", "--porcelain") == git(clone, "status", "--porcelain") == ""
    with pytest.raises(RepositoryError, match="feature is checked out in"):
        commit(clone, pin(b"sha256:2"), branch="feature")


def test_an_unborn_branch(tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "new")
    with pytest.raises(RepositoryError, match="main has no commit yet"):
        commit(tmp_path / "new", pin(b"sha256:1"))


@pytest.mark.parametrize("name", ["--force", "a..b", "with space", "x.lock", "-"])
def test_a_name_that_is_no_branch(clone: Path, name: str) -> None:
    with pytest.raises(UsageError, match="not a branch name"):
        commit(clone, pin(b"sha256:1"), branch=name)


def test_a_missing_identity(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"):
        monkeypatch.delenv(f"GIT_{name}")
    with pytest.raises(RepositoryError, match="does not know who") as caught:
        commit(clone, pin(b"sha256:1"))
    assert "user.email" in str(caught.value.hint)
    assert isinstance(commit(clone, pin(b"sha256:1"), identity=Identity("bot[bot]", "1+bot@example.com")), Committed)


def test_a_bots_identity(clone: Path, git: Git) -> None:
    commit(clone, pin(b"sha256:1"), identity=Identity("bot[bot]", "1+bot@example.com"))
    assert (
        git(clone, "log", "-1", "--format=%an <%ae>, %cn <%ce>")
        == "bot[bot] <1+bot@example.com>, bot[bot] <1+bot@example.com>"
    )


def test_somebody_elses_index_lock_is_waited_for(clone: Path) -> None:
    lock = clone / ".git/index.lock"
    lock.touch()
    timer = threading.Timer(0.3, lock.unlink)
    timer.start()
    assert isinstance(commit(clone, pin(b"sha256:1")), Committed)
    timer.join()


def test_somebody_elses_index_lock_is_named_and_stays(clone: Path, git: Git) -> None:
    lock = clone / ".git/index.lock"
    lock.touch()
    with pytest.raises(RepositoryError, match=r"index\.lock is held"):
        commit(clone, pin(b"sha256:1"), wait=0.1)
    assert git(clone, "rev-list", "--count", "HEAD") == "1"
    lock.unlink()
    assert isinstance(commit(clone, pin(b"sha256:1")), Committed)
    assert git(clone, "status", "--porcelain") == ""


def test_the_branch_moves_while_it_is_planned_for(clone: Path, git: Git) -> None:
    seen = []

    def plan(snapshot: Snapshot) -> Planned:
        seen.append(snapshot.commit)
        planned = pin(b"sha256:1")(snapshot)
        if len(seen) == 1:
            git(clone, "commit", "--quiet", "--allow-empty", "--message=meanwhile")
        return planned

    done = commit(clone, plan)
    assert isinstance(done, Committed)
    assert len(seen) == 2
    assert git(clone, "log", "--format=%s").splitlines()[1] == "meanwhile"
    assert git(clone, "status", "--porcelain") == ""


def test_a_branch_that_never_rests(clone: Path, git: Git) -> None:
    def plan(snapshot: Snapshot) -> Planned:
        # Not by "git commit", which would commit what the attempt before has put into the index.
        commit = git(clone, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "meanwhile")
        git(clone, "update-ref", "refs/heads/main", commit)
        return pin(b"sha256:1")(snapshot)

    with pytest.raises(RepositoryError, match=f"moved {ATTEMPTS} times"):
        commit(clone, plan)
    assert git(clone, "rev-list", "--count", "HEAD") == str(ATTEMPTS + 1)


def test_a_push(clone: Path, git: Git) -> None:
    done = push(clone, pin(b"sha256:1"))
    assert isinstance(done, PushedCommit)
    assert (done.branch, done.remote, done.attempts, done.local) == ("main", "origin", 1, True)
    assert git(clone.parent / "origin.git", "rev-parse", "main") == done.sha == git(clone, "rev-parse", "HEAD")
    assert git(clone, "status", "--porcelain", "--branch") == "## main...origin/main"
    assert push(clone, pin(b"sha256:1")) == NothingToDo()


def other_clone(clone: Path, git: Git) -> Path:
    git(clone.parent, "clone", "--quiet", "origin.git", "colleague")
    return clone.parent / "colleague"


def test_a_lost_race_is_planned_again_on_the_new_head(clone: Path, git: Git) -> None:
    colleague = other_clone(clone, git)
    (colleague / API).write_text("image: by a colleague")
    git(colleague, "commit", "--quiet", "--all", "--message=theirs")
    git(colleague, "push", "--quiet")
    done = push(clone, pin(b"sha256:1", WEB, API))
    assert isinstance(done, PushedCommit)
    assert (done.attempts, done.local) == (2, False)
    origin = clone.parent / "origin.git"
    assert git(origin, "rev-parse", "main^") == git(colleague, "rev-parse", "HEAD")
    assert git(origin, "show", f"main:{API}") == "image: by a colleague@sha256:1"
    # Others' commits are not brought into the local branch behind its user's back.
    assert git(clone, "status", "--porcelain") == ""
    git(clone, "pull", "--quiet", "--ff-only")
    assert git(clone, "rev-parse", "HEAD") == done.sha


def test_somebody_else_has_done_it_already(clone: Path, git: Git) -> None:
    colleague = other_clone(clone, git)
    # Equal commits would be one commit, and no race.
    assert isinstance(push(colleague, pin(b"sha256:1"), identity=Identity("b", "b@example.com")), PushedCommit)
    assert push(clone, pin(b"sha256:1")) == NothingToDo()
    assert git(clone.parent / "origin.git", "rev-list", "--count", "main") == "2"


def test_a_remote_that_never_rests(clone: Path, git: Git) -> None:
    colleague, plans = other_clone(clone, git), []

    def plan(snapshot: Snapshot) -> Planned:
        plans.append(snapshot.commit)
        git(colleague, "commit", "--quiet", "--allow-empty", "--message=theirs")
        git(colleague, "push", "--quiet")
        return pin(b"sha256:1")(snapshot)

    with pytest.raises(PushRejected, match=f"moved {ATTEMPTS} times"):
        push(clone, plan)
    assert len(plans) == len(set(plans)) == ATTEMPTS


def test_commits_that_the_remote_lacks(clone: Path, git: Git) -> None:
    git(clone, "commit", "--quiet", "--allow-empty", "--message=not pushed")
    with pytest.raises(PushRejected, match="main has commits that origin lacks") as caught:
        push(clone, pin(b"sha256:1"))
    assert "git push origin main" in str(caught.value.hint)
    assert git(clone.parent / "origin.git", "rev-list", "--count", "main") == "1"


def test_a_shallow_clone_stays_shallow(clone: Path, git: Git) -> None:
    for number in range(5):
        git(clone, "commit", "--quiet", "--allow-empty", f"--message={number}")
    git(clone, "push", "--quiet")
    git(clone.parent, "clone", "--quiet", "--depth=1", f"file://{clone.parent}/origin.git", "shallow")
    shallow = clone.parent / "shallow"
    git(clone, "commit", "--quiet", "--allow-empty", "--message=race")
    git(clone, "push", "--quiet")
    done = push(shallow / "deploy", pin(b"sha256:1"))
    assert isinstance(done, PushedCommit)
    assert done.attempts == 2
    assert git(shallow, "rev-parse", "--is-shallow-repository") == "true"
    assert git(shallow, "rev-list", "--count", done.sha) == "3"


def test_two_publishers_race(clone: Path, git: Git) -> None:
    clones = [clone, other_clone(clone, git)]
    start, results = threading.Barrier(2), {}

    def run(number: int, path: str) -> None:
        def plan(snapshot: Snapshot) -> Planned:
            planned = pin(b"sha256:1", path, status=False)(snapshot)
            if not start.broken and snapshot.commit == first:
                start.wait(60)
            return planned

        results[number] = push(clones[number], plan)

    first = git(clone, "rev-parse", "HEAD")
    threads = [threading.Thread(target=run, args=(number, path)) for number, path in enumerate((WEB, API))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    origin = clone.parent / "origin.git"
    assert sorted(result.attempts for result in results.values()) == [1, 2]
    assert git(origin, "rev-list", "--count", "main") == "3"
    assert git(origin, "show", f"main:{WEB}").endswith("@sha256:1")
    assert git(origin, "show", f"main:{API}").endswith("@sha256:1")
    git(origin, "fsck", "--strict")


def test_two_runs_in_one_clone_come_one_after_the_other(clone: Path, git: Git) -> None:
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from gitops_streams.git.repository import Repository\nfrom gitops_streams.git.write import FileEdit\n"
        "from gitops_streams.publish import Planned, publish_commit\n"
        "def plan(snapshot):\n"
        "    old = snapshot.read_one('other.yaml')\n"
        "    return Planned((FileEdit('other.yaml', old, old + sys.argv[2].encode()),), 'x')\n"
        "with Repository.discover(Path(sys.argv[1])) as repository:\n    publish_commit(repository, plan)\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", script, str(clone), f"{number}\n"]) for number in range(3)]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    assert sorted((clone / "other.yaml").read_text().splitlines()[1:]) == ["0", "1", "2"]
    assert git(clone, "rev-list", "--count", "HEAD") == "4"
    assert git(clone, "status", "--porcelain") == ""


def test_another_run_is_named(clone: Path) -> None:
    (clone / ".git/gitops-streams").mkdir()
    with (clone / ".git/gitops-streams/lock").open("w") as lock:
        lock.write("4711\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(RepositoryError, match="process 4711"):
            commit(clone, pin(b"sha256:1"), wait=0.1)


def test_an_edit_that_was_not_made_from_the_commit(clone: Path) -> None:
    for edit in (FileEdit(WEB, b"else", b"x"), FileEdit("gone.yaml", b"x", b"y"), FileEdit(WEB, None, b"x")):
        with pytest.raises(PlanRefused, match="differs"):
            commit(clone, lambda _, edit=edit: Planned((edit,), "x"))
    for path in ("deploy", "other.yaml/x"):
        with pytest.raises(PlanRefused, match="is no"):
            commit(clone, lambda _, path=path: Planned((FileEdit(path, None, b"x"),), "x"))


def test_a_work_tree_that_cannot_be_written_moves_no_branch(
    clone: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def refuse(source: str, target: str, **options: int) -> None:
        if target == "web.yaml":
            raise OSError(30, "Read-only file system")
        real(source, target, **options)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(WriteFailed, match=r"deploy/web\.yaml was not written: Read-only file system"):
        commit(clone, pin(b"sha256:1"))
    assert git(clone, "rev-list", "--count", "HEAD") == "1"
    monkeypatch.undo()
    assert isinstance(commit(clone, pin(b"sha256:1")), Committed)
    assert git(clone, "status", "--porcelain") == ""


def test_what_an_unfinished_run_wrote_is_taken_back_when_nothing_needs_it(
    clone: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitops_streams.publish.publication.move", _killed)
    with pytest.raises(KeyboardInterrupt):
        commit(clone, pin(b"sha256:1"))
    monkeypatch.undo()
    assert git(clone, "status", "--porcelain") != ""
    # The tag is back where HEAD has it.
    assert commit(clone, lambda _: Planned((), "x")) == NothingToDo()
    assert git(clone, "status", "--porcelain") == ""
    assert not (clone / STATUS).exists()


def _killed(*_: object) -> bool:
    raise KeyboardInterrupt


def test_a_push_whose_run_was_killed_counts_even_if_the_tag_is_back(
    clone: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitops_streams.publish.publication.carry_out", _killed)
    with pytest.raises(KeyboardInterrupt):
        push(clone, pin(b"sha256:1", status=False))
    monkeypatch.undo()
    assert git(clone, "status", "--porcelain") == ""
    original = (clone / WEB).read_bytes()

    def unpin(snapshot: Snapshot) -> Planned:
        now = snapshot.read_one(WEB)
        assert isinstance(now, bytes)
        return Planned((FileEdit(WEB, now, original),) if now != original else (), "x")

    # Planned at the local branch alone there would be nothing to do, and the remote would keep its pin.
    assert isinstance(push(clone, unpin), PushedCommit)
    assert git(clone.parent / "origin.git", "diff", "main^^", "main") == ""
    assert git(clone, "rev-list", "--count", "HEAD") == "3"
    assert git(clone, "status", "--porcelain", "--branch") == "## main...origin/main"


def test_a_killed_push_on_which_its_user_has_gone_on_working(
    clone: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitops_streams.publish.publication.carry_out", _killed)
    with pytest.raises(KeyboardInterrupt):
        push(clone, pin(b"sha256:1"))
    monkeypatch.undo()
    (clone / WEB).write_text("mine\n")
    with pytest.raises(RefusedFile, match=r"web\.yaml has changes"):
        push(clone, pin(b"sha256:1"))
    assert (clone / WEB).read_text() == "mine\n"
    git(clone, "checkout", "--", WEB)
    assert push(clone, pin(b"sha256:1")) == NothingToDo()
    assert git(clone, "status", "--porcelain", "--branch") == "## main...origin/main"


def test_a_repository_of_sha256_objects(tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "--initial-branch=main", "new")
    folder = tmp_path / "new"
    (folder / "deploy").mkdir()
    (folder / WEB).write_text("image: a\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=x")
    done = commit(folder, pin(b"sha256:1"))
    assert isinstance(done, Committed)
    assert len(done.sha) == 64
    assert git(folder, "status", "--porcelain") == ""


def test_a_hooks_variables_do_not_lead_elsewhere(
    clone: Path, tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "--quiet", "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere/.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "elsewhere/.git/index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "elsewhere"))
    assert isinstance(commit(clone, pin(b"sha256:1")), Committed)
    monkeypatch.undo()
    assert not (tmp_path / "elsewhere/.git/index").exists()


@pytest.mark.parametrize("configured", [True, False])
def test_signed_by_ssh(
    clone: Path,
    git: Git,
    tmp_path: Path,
    real_server: Callable[[str], str],
    configured: bool,  # noqa: FBT001 - a case
) -> None:
    key = tmp_path / "key"
    subprocess.run([real_server("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text()
    (tmp_path / "signers").write_text(f"test@example.com {public}")
    git(clone, "config", "gpg.ssh.allowedSignersFile", str(tmp_path / "signers"))
    signing = Signing(SigningMethod.SSH, str(key))
    if configured:
        for name, value in (("commit.gpgSign", "yes"), ("gpg.format", "ssh"), ("user.signingKey", str(key))):
            git(clone, "config", name, value)
        signing = Signing()
    assert isinstance(commit(clone, pin(b"sha256:1"), signing=signing), Committed)
    assert git(clone, "log", "-1", "--format=%G? %GS") == "G test@example.com"
    assert isinstance(commit(clone, pin(b"sha256:2"), signing=replace(signing, method=SigningMethod.OFF)), Committed)
    assert git(clone, "log", "-1", "--format=%G?") == "N"


def test_signed_by_openpgp(
    clone: Path, git: Git, hermetic: Path, real_server: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpg = real_server("gpg")
    home = hermetic / ".gnupg"
    home.mkdir(mode=0o700)
    user = "A Test <test@example.com>"
    try:
        done = subprocess.run(
            [gpg, "--batch", "--passphrase", "", "--quick-generate-key", user, "ed25519", "sign", "never"],
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        signing = Signing(SigningMethod.OPENPGP, "test@example.com")
        assert isinstance(commit(clone, pin(b"sha256:1"), signing=signing), Committed)
        assert git(clone, "log", "-1", "--format=%G? %GS") == f"G {user}"
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)


def test_a_key_that_cannot_sign(clone: Path, git: Git, tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="could not be signed") as caught:
        commit(clone, pin(b"sha256:1"), signing=Signing(SigningMethod.SSH, str(tmp_path / "missing")))
    assert "user.signingKey" in str(caught.value.hint)
    assert git(clone, "rev-list", "--count", "HEAD") == "1"
    assert git(clone, "status", "--porcelain") == ""
