"""Every verb at its ordinary work: what it prints, what it writes, how it ends."""

from __future__ import annotations

import json

import jsonschema
import pytest

from gitops_streams import schemas
from gitops_streams.demo.exchange import Response
from gitops_streams.demo.images import AMD64, ARM64, Image

FORMATS = ("table", "diff", "json", "json-patch", "markdown")


@pytest.fixture
def shop(workspace, registry):
    """Two followed images, committed."""
    for name in ("web", "api"):
        workspace.follow(registry, name)
    workspace.commit()
    return workspace


def changed(workspace):
    return workspace.git("status", "--porcelain", "--untracked-files=all").splitlines()


# Exit codes.


def test_0_done_and_0_nothing_to_do(shop):
    assert shop.run("reconcile").code == 0
    assert shop.run("reconcile", "--exit-code").code == 0
    assert shop.run("diff", "--exit-code").code == 0
    assert shop.run("check").code == 0


def test_1_check_has_findings(shop):
    done = shop.run("check")
    assert done.code == 1
    assert "deploy/web.yaml:11: unpinned: acme/web:prod: " in done.out
    assert "run gitops-streams reconcile" in done.out
    assert "2 sites checked, 2 findings" in done.out


def test_3_some_tags_fail(shop, registry):
    registry.intercept = lambda request: Response(404) if "/api/" in request.path else None
    assert shop.run("diff").code == 3
    assert shop.run("diff", "--exit-code").code == 3
    assert shop.run("reconcile").code == 3


def test_4_changes_are_pending(shop):
    assert shop.run("diff", "--exit-code").code == 4
    assert shop.run("reconcile", "--dry-run", "--exit-code").code == 4
    assert shop.run("reconcile", "--exit-code", "--publish", "commit").code == 4
    assert shop.run("reconcile", "--exit-code", "--publish", "commit").code == 0


def test_files_that_cannot_be_scanned_are_no_failure(shop):
    shop.write("deploy/bad.yaml", "image: [\n# acme/web\n")
    assert shop.run("diff").code == 0


# Formats.


@pytest.mark.parametrize("verb", ["diff", "reconcile"])
@pytest.mark.parametrize("output", FORMATS)
@pytest.mark.parametrize("state", ["changes", "nothing", "failing"])
def test_every_format(shop, registry, verb, output, state):
    if state == "nothing":
        shop.run("reconcile")
    elif state == "failing":
        registry.intercept = lambda _: Response(404)
    done = shop.run(verb, "-o", output)
    assert done.code == (3 if state == "failing" else 0)
    assert done.err == ""
    assert done.out.endswith("\n") or (output == "diff" and state != "changes" and done.out == "")
    match output:
        case "json":
            jsonschema.validate(done.json, schemas.load("plan"))
            summary = {"changes": "changed", "nothing": "unchanged", "failing": "failed"}[state]
            assert done.json["summary"]["tags"][summary] == 2
            assert ("published" in done.json) == (verb == "reconcile")
        case "json-patch":
            patched = {"deploy/api.yaml", "deploy/web.yaml"} if state == "changes" else set()
            assert set(done.json) == patched
        case "diff":
            assert done.out.count("diff --git") == (2 if state == "changes" else 0)
        case _:
            assert {"changes": "2 changed", "nothing": "2 unchanged", "failing": "2 failed"}[state] in done.out


def test_the_json_of_check_and_status(shop):
    checked = shop.run("check", "-o", "json")
    assert checked.code == 1
    assert [finding["kind"] for finding in checked.json["findings"]] == ["unpinned", "unpinned"]
    assert [tag["sites"]["unpinned"] for tag in shop.run("status", "-o", "json").json["tags"]] == [1, 1]
    shop.run("reconcile")
    assert shop.run("check", "-o", "json").json["findings"] == []
    assert [tag["sites"]["current"] for tag in shop.run("status", "-o", "json").json["tags"]] == [1, 1]


def test_the_json_says_where_each_digest_comes_from(shop, registry):
    result = next(item for item in shop.run("diff", "-o", "json").json["results"] if item["stream"] == "acme/web")
    site = result["sites"][0]
    assert result["from"] == {"kind": "DockerImage", "name": f"{registry.host}/acme/web:1.0"}
    assert (site["file"], site["line"], site["boundBy"]) == ("deploy/web.yaml", 11, "source")
    assert site["after"] == f"{site['before']}@{result['newDigest']}"


# A dry run writes nothing; a diff applies to what the run would have written.


@pytest.mark.parametrize(
    "arguments",
    [("diff",), ("diff", "--at", "HEAD"), ("reconcile", "--dry-run"), ("reconcile", "--dry-run", "--publish", "push")],
    ids=" ".join,
)
def test_a_dry_run_writes_nothing(shop, arguments):
    head, before = shop.git("rev-parse", "HEAD"), shop.files()
    assert shop.run(*arguments).code == 0
    assert shop.files() == before
    assert shop.git("rev-parse", "HEAD") == head
    assert changed(shop) == []


def test_diff_reads_the_work_tree_and_at_reads_a_commit(shop):
    shop.run("reconcile")
    assert shop.run("diff", "--exit-code").code == 0
    assert shop.run("diff", "--exit-code", "--at", "HEAD").code == 4
    done = shop.run("diff", "--at", "no-such-branch")
    assert done.code == 1
    assert "'no-such-branch' names no commit" in done.err


# Saved plans.


@pytest.mark.parametrize("publish", ["worktree", "commit"])
def test_a_saved_plan_does_what_reconcile_does(shop, registry, tmp_path, publish):
    plan = tmp_path / "plan.json"
    plan.write_text(shop.run("diff", "-o", "json").out)
    count = registry.count()
    done = shop.run("apply", "--publish", publish, plan)
    assert done.code == 0, done.text
    assert registry.count() == count
    applied = shop.files()
    if publish == "commit":
        assert changed(shop) == []
        subject = shop.git("log", "-1", "--format=%s")
        assert subject == "chore(images): update 2 digests"
        shop.git("reset", "--quiet", "--hard", "HEAD^")
    else:
        assert len(changed(shop)) == 4
        shop.git("checkout", "--quiet", "--", ".")
        shop.git("clean", "--quiet", "--force", "-d")
    assert shop.run("reconcile", "--publish", publish).code == 0
    assert shop.files() == applied


def test_diff_piped_into_apply(shop, process):
    plan = shop.process("diff", "-o", "json").out
    done = process("apply", "-", "-C", shop.folder, stdin=plan.encode())
    assert done.code == 0
    assert "wrote 2 manifests and 2 status files in the work tree" in done.out
    assert shop.run("check").code == 0


def test_a_plan_applied_twice_is_refused_and_changes_nothing(shop, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(shop.run("diff", "-o", "json").out)
    assert shop.run("apply", plan).code == 0
    before = shop.files()
    done = shop.run("apply", plan)
    assert done.code == 1
    assert "has changed since the plan was made" in done.err
    assert shop.files() == before


def test_a_plan_of_which_one_file_has_changed_is_refused_whole(shop, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(shop.run("diff", "-o", "json").out)
    shop.write("deploy/web.yaml", shop.read("deploy/web.yaml") + b"# somebody's edit\n")
    before = shop.files()
    done = shop.run("apply", plan)
    assert done.code == 1
    assert "deploy/web.yaml has changed since the plan was made (its SHA-256 differs)" in done.err
    assert shop.files() == before


def test_a_plan_without_changes(shop, tmp_path):
    shop.run("reconcile")
    plan = tmp_path / "plan.json"
    plan.write_text(shop.run("diff", "-o", "json").out)
    before = shop.files()
    done = shop.run("apply", plan)
    assert (done.code, done.out) == (0, "nothing to write\n")
    assert shop.files() == before


# A second run changes nothing.


@pytest.mark.parametrize("publish", ["worktree", "commit"])
def test_a_second_run_changes_nothing(shop, publish):
    assert shop.run("reconcile", "--publish", publish).code == 0
    head, before = shop.git("rev-parse", "HEAD"), shop.files()
    times = {path: path.stat().st_mtime_ns for path in shop.folder.glob("deploy/*")}
    done = shop.run("reconcile", "--publish", publish)
    assert done.code == 0
    assert {"worktree": "nothing to write", "commit": "nothing to commit"}[publish] in done.out
    assert shop.git("rev-parse", "HEAD") == head
    assert shop.files() == before
    assert {path: path.stat().st_mtime_ns for path in shop.folder.glob("deploy/*")} == times


@pytest.fixture
def pushed(shop, git, tmp_path):
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    shop.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    shop.git("push", "--quiet", "--set-upstream", "origin", "main")
    return shop, tmp_path / "origin.git"


def test_push_and_push_again(pushed, git):
    workspace, origin = pushed
    done = workspace.run("reconcile", "--publish", "push")
    assert done.code == 0
    head = workspace.git("rev-parse", "HEAD")
    assert f"pushed 2 manifests and 2 status files as {head[:12]} to origin/main" in done.out
    assert git(origin, "rev-parse", "main") == head
    assert changed(workspace) == []
    again = workspace.run("reconcile", "--publish", "push")
    assert again.code == 0
    assert "nothing to push" in again.out
    assert git(origin, "rev-parse", "main") == head


def test_push_after_somebody_else(pushed, git, tmp_path, registry):
    workspace, origin = pushed
    git(tmp_path, "clone", "--quiet", str(origin), "theirs")
    (tmp_path / "theirs/README").write_text("theirs\n")
    git(tmp_path / "theirs", "add", "README")
    git(tmp_path / "theirs", "commit", "--quiet", "--message=theirs")
    git(tmp_path / "theirs", "push", "--quiet")
    done = workspace.run("reconcile", "--publish", "push")
    assert done.code == 0, done.text
    assert git(origin, "log", "--format=%s", "main").splitlines() == [
        "chore(images): update 2 digests", "theirs", "Initial state",
    ]  # fmt: skip
    assert "@sha256:" in git(origin, "show", "main:deploy/web.yaml")


def test_a_remote_that_refuses(pushed, git):
    workspace, origin = pushed
    hook = origin / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'not on a Friday' >&2\nexit 1\n")
    hook.chmod(0o755)
    head, before = workspace.git("rev-parse", "HEAD"), workspace.files()
    done = workspace.run("reconcile", "--publish", "push")
    assert done.code == 1
    assert "error: " in done.err
    assert "Friday" in done.err
    assert workspace.git("rev-parse", "HEAD") == head
    assert workspace.files() == before


def test_a_remote_that_cannot_be_reached_with_a_password_in_its_url(pushed):
    workspace, _ = pushed
    workspace.git("remote", "set-url", "origin", "http://robot:hunter2-secret@127.0.0.1:1/origin.git")
    before = workspace.files()
    done = workspace.run("reconcile", "--publish", "push", "-v")
    assert done.code == 1
    assert "127.0.0.1" in done.err
    assert "hunter2" not in done.text
    assert workspace.files() == before


def test_no_remote(shop):
    done = shop.run("reconcile", "--publish", "push")
    assert done.code == 1
    assert "remote" in done.line("error: ")
    assert done.line("hint: ")


# Repositories of every kind.


def test_a_bare_repository(pushed, cli, git):
    _, origin = pushed
    assert cli("diff", "-C", origin, "--exit-code").code == 4
    assert cli("status", "-C", origin).code == 0
    assert cli("check", "-C", origin).code == 1
    done = cli("reconcile", "-C", origin)
    assert done.code == 1
    assert "is a bare repository: it has no work tree" in done.line("error: ")
    assert "--publish commit or push" in done.line("hint: ")
    assert cli("reconcile", "-C", origin, "--publish", "commit").code == 0
    assert "@sha256:" in git(origin, "show", "main:deploy/web.yaml")
    assert cli("check", "-C", origin).code == 0


def test_a_bare_repository_without_a_commit(cli, git, tmp_path):
    git(tmp_path, "init", "--quiet", "--bare", "empty.git")
    done = cli("diff", "-C", tmp_path / "empty.git")
    assert done.code == 1
    assert "no commit" in done.line("error: ")
    assert "shallow" not in done.line("hint: ")


def test_a_branch_without_a_commit(workspace, registry):
    path, digest = workspace.follow(registry, "web")
    assert workspace.run("diff", "--exit-code").code == 4
    done = workspace.run("reconcile", "--publish", "commit")
    assert done.code == 1
    assert "no commit" in done.line("error: ")
    assert "commit" in done.line("hint: ")
    assert workspace.run("reconcile").code == 0
    assert str(digest).encode() in workspace.read(path)


def test_a_shallow_clone(pushed, cli, git, tmp_path):
    workspace, origin = pushed
    workspace.commit("another")
    workspace.git("push", "--quiet")
    git(tmp_path, "clone", "--quiet", "--depth=1", origin.as_uri(), "shallow")
    shallow = tmp_path / "shallow"
    assert cli("diff", "-C", shallow, "--exit-code").code == 4
    assert cli("reconcile", "-C", shallow, "--publish", "push").code == 0
    assert "@sha256:" in git(origin, "show", "main:deploy/web.yaml")
    done = cli("diff", "-C", shallow, "--at", "HEAD~5")
    assert done.code == 1
    assert "a shallow clone lacks older commits" in done.line("hint: ")


def test_a_detached_head(pushed, git):
    workspace, origin = pushed
    workspace.git("checkout", "--quiet", "--detach")
    assert workspace.run("diff", "--exit-code").code == 4
    done = workspace.run("reconcile", "--publish", "commit")
    assert done.code == 1
    assert "no branch" in done.line("error: ") or "detached" in done.line("error: ")
    assert "--branch" in done.line("hint: ")
    assert workspace.run("reconcile", "--publish", "push", "--branch", "main").code == 0
    assert "@sha256:" in git(origin, "show", "main:deploy/web.yaml")
    workspace.git("checkout", "--quiet", "main")
    assert workspace.run("reconcile").code == 0


def test_a_linked_work_tree(shop, cli, git, tmp_path):
    shop.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    assert cli("reconcile", "-C", tmp_path / "other", "--publish", "commit").code == 0
    assert "@sha256:" in git(tmp_path / "other", "show", "other:deploy/web.yaml")
    assert changed(shop) == []


def test_a_folder_within_the_repository(shop, cli, monkeypatch):
    assert cli("diff", "-C", shop.folder / "deploy", "--exit-code").code == 4
    monkeypatch.chdir(shop.folder / "streams")
    assert cli("diff", "--exit-code").code == 4


def test_the_git_directory_itself(shop, cli):
    done = cli("diff", "-C", shop.folder / ".git")
    assert done.code == 1
    assert "is inside a git directory" in done.line("error: ")


def test_unfinished_work_in_an_edited_file_is_refused_by_name(shop):
    shop.write("deploy/web.yaml", shop.read("deploy/web.yaml") + b"# unfinished\n")
    before, head = shop.files(), shop.git("rev-parse", "HEAD")
    done = shop.run("reconcile", "--publish", "commit")
    assert done.code == 1
    assert "deploy/web.yaml" in done.line("error: ")
    assert done.line("hint: ")
    assert shop.files() == before
    assert shop.git("rev-parse", "HEAD") == head
    shop.write("deploy/other.yaml", "unfinished\n")
    shop.git("checkout", "--quiet", "--", "deploy/web.yaml")
    assert shop.run("reconcile", "--publish", "commit").code == 0
    assert changed(shop) == ["?? deploy/other.yaml"]


def test_no_identity(shop):
    done = shop.process(
        "reconcile", "--publish", "commit",
        env={"GIT_AUTHOR_NAME": "", "GIT_COMMITTER_NAME": "", "GIT_AUTHOR_EMAIL": "", "GIT_COMMITTER_EMAIL": ""},
    )  # fmt: skip
    assert done.code == 1
    assert "error: " in done.err
    assert done.line("hint: ")


def test_the_identity_of_a_bot_and_a_sign_off(shop):
    shop.config(
        "commit:\n  author: {name: A Bot, email: bot@example.com}\n  signOff: true\n"
        "  coAuthors: ['Someone <someone@example.com>']\n  subject: 'deploy: {count} images'\n"
    )
    shop.commit()
    assert shop.run("reconcile", "--publish", "commit").code == 0
    assert shop.git("log", "-1", "--format=%an %ae %cn %s") == "A Bot bot@example.com A Bot deploy: 2 images"
    trailers = shop.git("log", "-1", "--format=%(trailers:only)")
    assert "Signed-off-by: A Bot <bot@example.com>" in trailers
    assert "Co-authored-by: Someone <someone@example.com>" in trailers
    assert trailers.count("Image-Digest: ") == 2


def test_a_repository_that_is_pinned_already_gets_its_history(shop):
    shop.run("reconcile")
    (shop.folder / ".gitops-streams/status/acme/web.lock").unlink()
    (shop.folder / ".gitops-streams/status/acme/api.lock").unlink()
    shop.commit("Pinned by hand")
    done = shop.run("reconcile", "--publish", "commit")
    assert done.code == 0
    assert "committed 2 status files as " in done.out
    assert shop.git("log", "-1", "--format=%B").strip() == "chore(images): record resolved digests"
    assert "nothing to commit" in shop.run("reconcile", "--publish", "commit").out


# Where the program runs: as containers and CI systems have it.


def test_a_user_without_a_name_and_a_home(shop, monkeypatch):
    def nobody(_):
        raise KeyError

    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert shop.run("reconcile", "--publish", "commit").code == 0


def test_a_git_that_is_not_where_it_is_said_to_be(shop):
    done = shop.process(
        "reconcile", "--publish", "commit", env={"GIT_PYTHON_GIT_EXECUTABLE": "/nonexistent", "GIT_PYTHON_REFRESH": ""}
    )
    assert done.code == 1
    assert "GitPython cannot be used" in done.line("error: ")
    assert "GIT_PYTHON_GIT_EXECUTABLE" in done.line("hint: ")


# Options from the environment.


def test_options_from_the_environment(shop, cli, monkeypatch, tmp_path):
    monkeypatch.setenv("GITOPS_STREAMS_REPO", str(shop.folder))
    monkeypatch.setenv("GITOPS_STREAMS_OUTPUT", "json")
    monkeypatch.setenv("GITOPS_STREAMS_EXIT_CODE", "1")
    done = cli("diff")
    assert done.code == 4
    assert done.json["summary"]["tags"]["changed"] == 2
    monkeypatch.setenv("GITOPS_STREAMS_DRY_RUN", "true")
    assert cli("reconcile").code == 4
    assert changed(shop) == []
    monkeypatch.delenv("GITOPS_STREAMS_DRY_RUN")
    monkeypatch.setenv("GITOPS_STREAMS_PUBLISH", "commit")
    assert cli("reconcile").json["published"]["mode"] == "commit"
    monkeypatch.setenv("GITOPS_STREAMS_AT", "HEAD^")
    assert cli("diff").code == 4
    monkeypatch.setenv("GITOPS_STREAMS_PUBLISH", "everywhere")
    assert cli("reconcile").code == 2


def test_the_command_line_goes_before_the_environment(shop, monkeypatch):
    monkeypatch.setenv("GITOPS_STREAMS_OUTPUT", "json")
    assert shop.run("diff", "-o", "table").out.startswith("OUTCOME")


def test_all_resolves_what_nothing_uses(workspace, registry):
    workspace.follow(registry, "web")
    registry.push("acme/unused", "1", Image.build("unused", "1"))
    workspace.stream("unused", prod=f"{registry.host}/acme/unused:1")
    registry.forget()
    assert workspace.run("diff", "-o", "json").json["summary"]["tags"]["changed"] == 1
    assert registry.count() == 1
    done = workspace.run("diff", "--all", "-o", "json")
    assert done.json["summary"]["tags"] == {"changed": 1, "unchanged": 1, "held": 0, "skipped": 0, "failed": 0}
    assert workspace.run("reconcile", "--all").code == 0
    assert (workspace.folder / ".gitops-streams/status/acme/unused.lock").exists()


# check, status and resolve.


def test_check_knows_what_is_behind_and_what_nobody_recorded(shop, registry):
    shop.run("reconcile")
    old = shop.read("deploy/web.yaml")
    registry.push("acme/web", "1.0", Image.build("web", "1.0.1"))
    shop.run("reconcile")
    count = registry.count()
    assert shop.run("check").code == 0
    shop.write("deploy/web.yaml", old)
    assert "deploy/web.yaml:11: behind: acme/web:prod: " in shop.run("check").out
    shop.write("deploy/web.yaml", old[: old.index(b"@sha256:")] + b"@sha256:" + b"0" * 64 + b"\n")
    assert "deploy/web.yaml:11: unknown-digest: acme/web:prod: " in shop.run("check").out
    shop.write(
        "streams/alias.yaml",
        shop.read("streams/api.yaml")
        .replace(b"name: api", b"name: alias")
        .replace(b"kind: DockerImage", b"kind: ImageStreamTag")
        .replace(f"{registry.host}/acme/api:1.0".encode(), b"nowhere"),
    )
    done = shop.run("check")
    assert done.code == 1
    assert "streams/alias.yaml:8: broken-alias: acme/alias:prod: " in done.out
    assert registry.count() == count


def test_status_counts_what_is_current(shop, registry):
    assert "acme/web:prod" in shop.run("status").out
    assert "0/1" in shop.run("status").out
    shop.run("reconcile")
    done = shop.run("status")
    assert done.code == 0
    assert done.out.count("1/1") == 2


def test_resolve(cli, registry, tmp_path):
    image = Image.build("web", "1", platforms=(AMD64, ARM64))
    digest = registry.push("acme/web", "latest", image)
    reference = f"{registry.host}/acme/web"
    assert cli("resolve", "-C", tmp_path, reference).out == f"{reference}@{digest}\n"
    assert cli("resolve", "-C", tmp_path, f"{reference}:latest").out == f"{reference}:latest@{digest}\n"
    arm = cli("resolve", "-C", tmp_path, "--platform", "linux/arm64", reference)
    assert arm.out == f"{reference}@{image.members[1].digest}\n"
    document = cli("resolve", "-C", tmp_path, "-o", "json", reference, f"{reference}:none")
    assert document.code == 3
    assert [item["digest"] for item in document.json["results"]] == [str(digest), None]
    assert json.loads(document.out)["schemaVersion"] == 1
    assert "404 Not Found for acme/web:none" in document.err


def test_a_platform_pins_the_platforms_manifest(workspace, registry):
    image = Image.build("web", "1", platforms=(AMD64, ARM64))
    registry.push("acme/web", "1", image)
    workspace.stream("web", prod=f"{registry.host}/acme/web:1")
    path = workspace.deploy("web", f"{registry.host}/acme/web:1")
    workspace.config("platform: linux/arm64\n")
    assert workspace.run("reconcile").code == 0
    assert str(image.members[1].digest).encode() in workspace.read(path)


def test_requests_are_counted_once_for_each_reference(workspace, registry):
    path, _ = workspace.follow(registry, "web")
    for number in range(20):
        workspace.write(f"more/{number}.yaml", workspace.read(path))
    assert "21 changed" in workspace.run("diff").out
    assert registry.statuses == {("HEAD", 200): 1}
    registry.forget()
    workspace.stream("same", a=f"{registry.host}/acme/web:1.0", b=f"{registry.host}/acme/web:1.0")
    done = workspace.run("diff", "--all")
    assert "3 unchanged" in done.out  # whom the sites belong to is ambiguous now
    assert done.out.endswith(" 1 request\n")
    assert registry.statuses == {("HEAD", 200): 1}


def test_json_with_names_that_are_no_text_survives_the_round_trip(workspace, registry, process):
    _, digest = workspace.follow(registry, "web")
    workspace.write(b"deploy/caf\xe9.yaml", f"image: {registry.host}/acme/web:1.0\n")
    plan = workspace.process("diff", "-o", "json").out
    assert plan.isascii()
    done = process("apply", "-C", workspace.folder, "-", stdin=plan.encode())
    assert done.code == 0, done.text
    assert str(digest).encode() in workspace.files()[b"deploy/caf\xe9.yaml"]
