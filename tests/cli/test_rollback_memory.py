"""Rollback memory on real Git histories: what people took back is held, and nothing else is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gitops_streams.demo.images import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_streams.demo.registry import Registry
    from gitops_streams.oci.digest import Digest

STATUS = ".gitops-streams/status/acme/web.lock"
ANN = {
    "GIT_AUTHOR_NAME": "Ann *Admin*",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
}


class Story:
    """A repository in which ``acme/web:prod`` follows ``1.0``, and which people and the tool commit to."""

    def __init__(self, workspace, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
        self.workspace = workspace
        self.registry = registry
        self.monkeypatch = monkeypatch
        self.reference = f"{registry.host}/acme/web:1.0"
        workspace.stream("web", prod=self.reference)
        workspace.deploy("web", self.reference)
        workspace.commit()

    def release(self, name: str) -> Digest:
        """Push another image under the same tag."""
        return self.registry.push("acme/web", "1.0", Image.build("web", name))

    def reconcile(self, *more: str, code: int = 0, publish: str = "commit"):
        done = self.workspace.run("reconcile", "--publish", publish, "-o", "json", *more)
        assert done.code == code, done.text
        return done.json

    def tag(self, **settings):
        (tag,) = self.reconcile(**settings)["results"]
        return tag

    def by_ann(self, *arguments: str) -> str:
        """Run git as somebody else."""
        with self.monkeypatch.context() as patched:
            for name, value in ANN.items():
                patched.setenv(name, value)
            return self.workspace.git(*arguments)

    def revert(self, commit: str = "HEAD") -> str:
        self.by_ann("revert", "--no-edit", commit)
        return self.workspace.git("rev-parse", "HEAD")

    def moved(self, *names: str) -> list[Digest]:
        """Let images follow one another, the tool committing each."""
        digests = []
        for name in names:
            digests.append(self.release(name))
            assert self.tag()["newDigest"] == str(digests[-1])
        return digests

    @property
    def pinned(self) -> str:
        return self.workspace.read("deploy/web.yaml").decode().partition("@")[2].partition(" ")[0]


@pytest.fixture
def story(workspace, registry, monkeypatch) -> Story:
    return Story(workspace, registry, monkeypatch)


def assert_held(story: Story, at: Digest, back: Digest, commit: str, **settings) -> None:
    before = story.workspace.git("rev-parse", "HEAD")
    tag = story.tag(**settings)
    assert (tag["outcome"], tag["newDigest"]) == ("held", str(at))
    assert tag["reason"].startswith(f"Ann *Admin* took {back.short} back in {commit[:12]} on ")
    assert "gitops-streams resume acme/web:prod" in tag["reason"]
    assert [site["outcome"] for site in tag["sites"]] == ["held"]
    assert story.pinned == str(at)
    assert story.workspace.git("rev-parse", "HEAD") == before
    assert story.workspace.git("status", "--porcelain") == ""


def test_git_revert(story):
    old, new = story.moved("a", "b")
    commit = story.revert()
    assert_held(story, old, new, commit)
    assert_held(story, old, new, commit)  # until when it takes


def test_a_newer_image_lets_go_and_the_reverted_one_is_held_again_when_it_comes_back(story):
    _, bad = story.moved("a", "b")
    commit = story.revert()
    better = story.release("c")
    assert story.tag()["outcome"] == "changed"
    assert story.pinned == str(better)
    assert story.release("b") == bad
    assert_held(story, better, bad, commit)


def test_the_revert_of_a_revert_lets_go(story):
    _, new = story.moved("a", "b")
    story.revert()
    story.revert()
    assert story.pinned == str(new)
    assert story.tag()["outcome"] == "unchanged"
    other = story.release("c")
    assert story.tag()["newDigest"] == str(other)
    story.release("b")
    assert story.tag()["outcome"] == "changed"
    assert story.pinned == str(new)


def test_several_steps_taken_back_at_once(story):
    first, second, third = story.moved("a", "b", "c")
    story.by_ann("revert", "--no-edit", "HEAD~2..HEAD")
    assert story.pinned == str(first)
    story.by_ann("reset", "--soft", "HEAD~2")
    story.by_ann("commit", "--quiet", "--message=Revert everything")
    commit = story.workspace.git("rev-parse", "HEAD")
    assert_held(story, first, third, commit)
    assert story.release("b") == second
    assert_held(story, first, second, commit)


def test_a_revert_that_is_merged(story):
    old, new = story.moved("a", "b")
    story.by_ann("checkout", "--quiet", "-b", "revert-1")
    story.revert()
    story.by_ann("checkout", "--quiet", "main")
    (story.workspace.folder / "other.txt").write_text("meanwhile")
    story.workspace.commit("Meanwhile")
    story.by_ann("merge", "--quiet", "--no-ff", "--no-edit", "revert-1")
    assert_held(story, old, new, story.workspace.git("rev-parse", "HEAD"))


def test_the_tool_s_pull_request_merged_then_reverted_by_its_merge_commit(story):
    (old,) = story.moved("a")
    story.by_ann("checkout", "--quiet", "-b", "bot")
    (new,) = story.moved("b")
    story.by_ann("checkout", "--quiet", "main")
    story.by_ann("merge", "--quiet", "--no-ff", "--no-edit", "bot")
    story.by_ann("revert", "--no-edit", "-m", "1", "HEAD")
    assert_held(story, old, new, story.workspace.git("rev-parse", "HEAD"))


@pytest.mark.parametrize("how", ["squash", "rebase"])
def test_a_revert_that_is_squashed_or_rebased(story, how):
    old, new = story.moved("a", "b")
    story.by_ann("checkout", "--quiet", "-b", "revert-1")
    story.revert()
    (story.workspace.folder / "why.txt").write_text("it was bad")
    story.by_ann("add", "--all")
    story.by_ann("commit", "--quiet", "--message=Say why")
    story.by_ann("checkout", "--quiet", "main")
    (story.workspace.folder / "other.txt").write_text("meanwhile")
    story.workspace.commit("Meanwhile")
    if how == "squash":
        story.by_ann("merge", "--quiet", "--squash", "revert-1")
        story.by_ann("commit", "--quiet", "--message=Revert (#7)")
        commit = "HEAD"
    else:
        story.by_ann("checkout", "--quiet", "revert-1")
        story.by_ann("rebase", "--quiet", "main")
        story.by_ann("checkout", "--quiet", "main")
        story.by_ann("merge", "--quiet", "--ff-only", "revert-1")
        commit = "HEAD~1"
    assert_held(story, old, new, story.workspace.git("rev-parse", commit))


def test_a_commit_that_was_amended_away_is_no_revert(story):
    old, new = story.moved("a", "b")
    story.by_ann("reset", "--quiet", "--hard", "HEAD~1")
    assert story.pinned == str(old)
    assert story.tag()["newDigest"] == str(new)
    assert story.pinned == str(new)


def test_a_copied_old_pin_is_no_revert(story):
    old, new = story.moved("a", "b")
    text = story.workspace.read("deploy/web.yaml").replace(str(new).encode(), str(old).encode())
    story.workspace.write("deploy/copy.yaml", text)
    story.workspace.commit("Copied from an old branch")
    assert story.tag()["outcome"] == "changed"
    assert str(new).encode() in story.workspace.read("deploy/copy.yaml")


def test_a_manifest_that_lags_behind_is_no_revert(story):
    old, new = story.moved("a", "b")
    text = story.workspace.read("deploy/web.yaml").replace(str(new).encode(), str(old).encode())
    story.workspace.write("deploy/web.yaml", text)
    story.workspace.commit("Only the manifest")
    assert story.tag()["outcome"] == "changed"
    assert story.pinned == str(new)


def test_a_source_that_goes_back_by_itself_is_no_revert(story):
    old, _ = story.moved("a", "b")
    assert story.release("a") == old
    assert story.tag()["outcome"] == "changed"
    assert story.pinned == str(old)


def test_a_status_file_that_was_deleted_is_forgotten(story):
    _, new = story.moved("a", "b")
    story.revert()
    story.by_ann("rm", "--quiet", STATUS)
    story.by_ann("commit", "--quiet", "--message=Start anew")
    assert story.tag()["outcome"] == "changed"
    assert story.pinned == str(new)


def test_another_declaration_is_a_new_decision(story):
    _, new = story.moved("a", "b")
    story.revert()
    story.workspace.stream("web", prod=f"{story.registry.host}/acme/web@{new}")
    story.workspace.deploy("web", f'{story.reference} # {{"$imagestream": "acme/web:prod"}}')
    story.workspace.commit("This very image")
    assert story.tag()["outcome"] == "changed"


def test_an_uncommitted_revert(story):
    old, new = story.moved("a", "b")
    story.by_ann("revert", "--no-commit", "HEAD")
    tag = story.tag(publish="worktree")
    assert tag["outcome"] == "held"
    assert tag["reason"].startswith(f"an uncommitted change took {new.short} back; it is held")
    assert story.pinned == str(old)


def test_a_place_without_a_digest_gets_the_image_that_was_gone_back_to(story):
    old, _ = story.moved("a", "b")
    story.revert()
    story.workspace.deploy("more", story.reference)
    story.workspace.commit("One more")
    tag = story.tag()
    assert sorted(site["outcome"] for site in tag["sites"]) == ["changed", "held"]
    assert str(old).encode() in story.workspace.read("deploy/more.yaml")
    status = story.workspace.read(STATUS).decode()
    assert status.count("image:") == 1


def test_the_table_names_who_and_where(story):
    story.moved("a", "b")
    commit = story.revert()
    done = story.workspace.run("diff")
    assert commit[:12] in done.line("held  ")
    assert "Ann *Admin* took" in done.out


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone_is_deepened(story, tmp_path, git: Callable[..., str], monkeypatch, cli, depth):
    old, new = story.moved("a", "b")
    commit = story.revert()
    git(tmp_path, "clone", "--quiet", f"--depth={depth}", f"file://{story.workspace.folder}", "ci")
    ci = tmp_path / "ci"
    refs = git(ci, "for-each-ref")
    done = cli("reconcile", "-C", ci, "--publish", "commit", "-o", "json")
    (tag,) = done.json["results"]
    assert (tag["outcome"], tag["newDigest"]) == ("held", str(old))
    assert commit[:12] in tag["reason"]
    assert new.short in tag["reason"]
    assert git(ci, "for-each-ref") == refs
    assert git(ci, "rev-parse", "--is-shallow-repository") == "false"


def test_a_detached_checkout_of_ci(story, tmp_path, git: Callable[..., str], cli):
    old, _ = story.moved("a", "b")
    commit = story.revert()
    git(tmp_path, "init", "--quiet", "ci")
    ci = tmp_path / "ci"
    git(ci, "remote", "add", "origin", f"file://{story.workspace.folder}")
    git(ci, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", f"+{commit}:refs/remotes/origin/main")
    git(ci, "checkout", "--quiet", "--detach", "refs/remotes/origin/main")
    (tag,) = cli("diff", "-C", ci, "-o", "json").json["results"]
    assert (tag["outcome"], tag["newDigest"]) == ("held", str(old))


def test_a_shallow_clone_that_cannot_be_deepened_says_so_and_goes_on(story, tmp_path, git: Callable[..., str], cli):
    _, new = story.moved("a", "b")
    story.revert()
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{story.workspace.folder}", "ci")
    ci = tmp_path / "ci"
    git(ci, "remote", "set-url", "origin", f"file://{tmp_path}/gone")
    done = cli("diff", "-C", ci, "-o", "json")
    (tag,) = done.json["results"]
    assert (tag["outcome"], tag["newDigest"]) == ("changed", str(new))
    (problem,) = done.json["problems"]
    assert problem["reason"].startswith("what people took back is not remembered: this clone is shallow")
    assert "fetch-depth: 0" in problem["reason"]


def test_an_idle_run_reads_no_log(story, tmp_path, git: Callable[..., str], cli, monkeypatch):
    story.moved("a", "b")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{story.workspace.folder}", "ci")
    ci = tmp_path / "ci"
    git(ci, "remote", "set-url", "origin", f"file://{tmp_path}/gone")
    done = cli("reconcile", "-C", ci, "-o", "json")
    assert done.json["problems"] == []
    assert done.json["summary"]["tags"]["unchanged"] == 1
    assert git(ci, "status", "--porcelain") == ""
    assert os.path.exists(ci / ".git/shallow")  # noqa: PTH110  one of git's own files


def test_resume_lets_it_go(story):
    _, new = story.moved("a", "b")
    story.revert()
    done = story.workspace.run("resume", "web:prod")
    assert done.code == 0, done.text
    assert f"acme/web:prod may move to {new} again" in done.out
    assert story.workspace.git("status", "--porcelain") == f" M {STATUS}"
    assert story.tag(publish="worktree")["outcome"] == "changed"
    assert story.pinned == str(new)
    story.workspace.commit("Once more")
    assert story.tag()["outcome"] == "unchanged"
    assert "is not held by itself" in story.workspace.run("resume", "web:prod").out


def test_resume_after_several_steps_and_a_newer_image(story):
    _, second, third = story.moved("a", "b", "c")
    story.by_ann("revert", "--no-commit", "HEAD~2..HEAD")
    story.by_ann("commit", "--quiet", "--message=Back to the first")
    story.moved("d")
    assert story.workspace.run("resume", "web:prod").code == 0
    story.workspace.commit("Let them come")
    for name, digest in (("b", second), ("c", third)):
        assert story.release(name) == digest
        assert story.tag()["outcome"] == "changed"
        assert story.pinned == str(digest)


def test_resume_writes_nothing_in_a_dry_run(story):
    story.moved("a", "b")
    story.revert()
    assert "dry run" in story.workspace.run("resume", "web:prod", "--dry-run").out
    assert story.workspace.git("status", "--porcelain") == ""
