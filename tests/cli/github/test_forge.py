"""The Action on a forge: what it pushes with which token, beside what a checkout has left behind."""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from pathlib import Path

import pytest
from fake_forge import FakeForge, TokenKind

from gitops_streams.demo.exchange import Request, Response
from gitops_streams.demo.images import Image

RIGHTS = {"metadata": "read", "contents": "write", "pull_requests": "write"}
"""What docs/github-action.md tells users to give."""


class OneHeader(FakeForge):
    """Refuses a second Authorization header, as github.com does."""

    def _right_answer(self, request: Request) -> Response:
        if sum(name.lower() == "authorization" for name, _ in request.headers) > 1:
            return Response(400, {}, b'Duplicate header: "Authorization"')
        return super()._right_answer(request)


@pytest.fixture
def forge(tmp_path):
    with OneHeader(tmp_path) as running:
        yield running
        assert running.violations == []


@pytest.fixture
def hosted(job, forge):
    """Put the job's repository on a forge, with the workflow's own token."""
    files = {path.decode(): content for path, content in job.workspace.files().items()}
    repository = forge.create_repository("acme/gitops", files=files, private=True)
    job.token = forge.token(kind=TokenKind.ACTIONS, permissions=RIGHTS).value
    job.origin = repository.git.path
    job.workspace.git("remote", "set-url", "origin", repository.clone_url)
    header = header_of(job.token)
    job.workspace.git("-c", f"http.extraHeader={header}", "fetch", "--quiet", "origin")
    job.workspace.git("reset", "--quiet", "--hard", "origin/main")
    job.variables |= {
        "GITHUB_SERVER_URL": forge.url,
        "GITHUB_API_URL": forge.api_url(),
        "GITHUB_GRAPHQL_URL": forge.graphql_url,
    }
    return job


def header_of(token):
    return "AUTHORIZATION: basic " + b64encode(f"x-access-token:{token}".encode()).decode()


def persist_in_config(job, forge, token):
    """As actions/checkout does up to version 5."""
    job.workspace.git("config", "--local", f"http.{forge.url}/.extraheader", header_of(token))


def persist_in_include(job, forge, token):
    """As actions/checkout does from version 6 on: a file outside of the repository, included by where it is."""
    file = job.folder / "git-credentials.config"
    job.workspace.git("config", "--file", str(file), f"http.{forge.url}/.extraheader", header_of(token))
    git_dir = job.workspace.folder / ".git"
    job.workspace.git("config", "--local", f"includeIf.gitdir:{git_dir}.path", str(file))


def test_two_headers_are_refused(hosted, forge):
    """What the next tests are about: without care, a push ends like this."""
    persist_in_config(hosted, forge, hosted.token)
    header = f"http.{forge.url}/.extraHeader={header_of(hosted.token)}"
    with pytest.raises(AssertionError, match="returned error: 400"):
        hosted.workspace.git("-c", header, "ls-remote", "origin")


@pytest.mark.parametrize("persist", [None, persist_in_config, persist_in_include])
def test_a_push_with_the_token_whatever_checkout_has_persisted(hosted, forge, persist):
    if persist is not None:
        # Another token, which is good as well: sent beside ours, it would be a second header.
        persist(hosted, forge, forge.token().value)
    before = hosted.tip()
    ran = hosted.run(publish="push")
    assert ran.code == 0, ran.text
    assert ran.outputs["head-sha"] == hosted.tip() != before
    assert hosted.token not in (hosted.workspace.folder / ".git/config").read_text()


def test_a_stale_persisted_header_does_no_harm(hosted, forge):
    persist_in_config(hosted, forge, "ghs_expired")
    assert hosted.run(publish="push").code == 0


def test_another_token_for_branches(hosted, forge):
    hosted.token = forge.token(kind=TokenKind.ACTIONS, permissions={**RIGHTS, "contents": "read"}).value
    refused = hosted.run(publish="push")
    assert refused.code == 1
    assert refused.log.of("error")
    able = forge.token("machine").value
    ran = hosted.run(publish="push", branch_token=able)
    assert ran.code == 0, ran.text
    assert able not in "\n".join(ran.log.shown)


def test_the_header_is_masked(hosted):
    masks = {command.data for command in hosted.run(publish="push").log.of("add-mask")}
    assert b64encode(f"x-access-token:{hosted.token}".encode()).decode() in masks


def test_no_token_goes_to_another_host(hosted, forge):
    """The remote is not on GitHub's server: git authenticates as it is set up, and ours stays here."""
    hosted.variables["GITHUB_SERVER_URL"] = "https://github.com"
    ran = hosted.run(publish="push")
    assert ran.code == 1
    assert not any(hosted.token in str(logged) for logged in forge.log())


# Pull requests.


def pulls(forge):
    return forge.store.repository("acme/gitops").pulls


def test_a_pull_request_is_opened_once(hosted, forge):
    ran = hosted.run(labels="images\nbot", reviewers="")
    assert ran.code == 0, ran.text
    (pull,) = pulls(forge)
    assert ran.outputs["operation"] == "created"
    assert ran.outputs["changed"] == "true"
    assert ran.outputs["pull-request-number"] == str(pull.number)
    assert ran.outputs["pull-request-url"].endswith(f"/acme/gitops/pull/{pull.number}")
    assert ran.outputs["head-sha"] == hosted.tip(pull.head)
    (told,) = json.loads(ran.outputs["pull-requests"])
    assert (told["operation"], told["number"], told["base"], told["branch"]) == (
        "created",
        pull.number,
        "main",
        pull.head,
    )
    assert hosted.tip() != hosted.tip(pull.head)
    report = json.loads(Path(ran.outputs["report-path"]).read_text())
    assert report["summary"]["tags"]["changed"] == 2
    assert "acme/web:prod" in ran.summary
    # The workflow's own token opened it, and that is said once.
    assert [notice.properties["title"] for notice in ran.log.of("notice")] == [
        "The pull request's workflows wait for approval"
    ]

    again = hosted.run(labels="images\nbot")
    assert again.code == 0, again.text
    assert again.outputs["operation"] == "unchanged"
    assert again.outputs["pull-request-number"] == str(pull.number)
    assert again.outputs["head-sha"] == ran.outputs["head-sha"]
    assert again.log.of("notice") == []
    assert len(pulls(forge)) == 1


def test_a_pull_request_is_updated_then_closed(hosted, forge):
    hosted.run()
    (pull,) = pulls(forge)
    hosted.registry.push("acme/web", "1.0", Image.build("web", "2"))
    assert hosted.run().outputs["operation"] == "updated"
    assert len(pulls(forge)) == 1
    pull.merge()
    hosted.workspace.git("-c", f"http.extraHeader={header_of(hosted.token)}", "pull", "--quiet", "origin", "main")
    ran = hosted.run()
    assert (ran.outputs["operation"], ran.outputs["changed"]) == ("none", "false")


def test_a_token_of_an_app_needs_no_notice(hosted, forge):
    other = forge.token("images-app[bot]").value
    ran = hosted.run(token=other)
    assert ran.outputs["operation"] == "created", ran.text
    assert ran.log.of("notice") == []
    assert other not in "\n".join(ran.log.shown)
    masks = {command.data for command in ran.log.of("add-mask")}
    assert other in masks


def test_a_persons_commit_blocks_and_says_so(hosted, forge):
    hosted.run()
    (pull,) = pulls(forge)
    forge.store.repository("acme/gitops").human_push(pull.head, {"README.md": b"mine\n"}, message="Mine")
    hosted.registry.push("acme/web", "1.0", Image.build("web", "2"))
    ran = hosted.run()
    assert ran.code == 0, ran.text
    assert ran.outputs["operation"] == "blocked"
    assert any("is blocked" in warning.properties["title"] for warning in ran.log.of("warning"))


def test_rights_that_are_missing_are_named(hosted, forge):
    hosted.token = forge.token(kind=TokenKind.ACTIONS, permissions={**RIGHTS, "contents": "read"}).value
    ran = hosted.run()
    assert ran.code != 0
    assert any("contents" in error.data for error in ran.log.of("error")), ran.text
    assert not pulls(forge)


def test_a_dry_run_opens_nothing(hosted, forge):
    before = hosted.tip()
    ran = hosted.run(dry_run="true")
    assert ran.code == 0, ran.text
    assert ran.outputs["operation"] == "created"
    assert not pulls(forge)
    assert hosted.tip() == before


def test_the_header_of_a_checkout_does_not_hinder_a_pull_request(hosted, forge):
    persist_in_config(hosted, forge, forge.token().value)
    assert hosted.run().outputs["operation"] == "created"


def test_a_branch_pushed_with_a_token_of_its_own(hosted, forge):
    hosted.token = forge.token(kind=TokenKind.ACTIONS, permissions={**RIGHTS, "contents": "read"}).value
    able = forge.token("machine", permissions={"metadata": "read", "contents": "write"}).value
    ran = hosted.run(branch_token=able)
    assert ran.code == 0, ran.text
    assert ran.outputs["operation"] == "created"


def test_a_contract_change_fails_the_step_where_that_is_wanted(hosted, forge):
    hosted.run()
    pulls(forge)[0].merge()
    hosted.workspace.git("-c", f"http.extraHeader={header_of(hosted.token)}", "pull", "--quiet", "origin", "main")
    hosted.registry.push("acme/web", "1.0", Image.build("web", "2", config={"User": "0"}))
    ran = hosted.run(fail_on="contract")
    assert ran.code == 1, ran.text
    assert ran.outputs["operation"] == "created"
    assert any("User" in error.data for error in ran.log.of("error"))


# Pull requests of others.


@pytest.fixture
def proposed(hosted, forge):
    """Open a stranger's pull request, and check its merge out as actions/checkout does: one commit, no history."""
    workspace = hosted.workspace
    assert workspace.run("reconcile").code == 0
    workspace.commit("Pin")
    repository = forge.store.repositories[0]
    workspace.git("push", "--quiet", "--force", str(hosted.origin), "HEAD:main")
    manifest = workspace.folder / "deploy/web.yaml"
    digest = manifest.read_text().partition("@")[2].partition(" ")[0]
    manifest.write_text(manifest.read_text().replace(digest, "sha256:" + "a" * 64))
    head = workspace.commit("Another digest")
    base = workspace.git("rev-parse", "HEAD~1")
    # While it is open, the base moves on.
    workspace.git("checkout", "--quiet", "--detach", base)
    workspace.deploy("api", f"{hosted.registry.host}/acme/api:1.0")
    newer = workspace.commit("Unpin something else")
    workspace.git("merge", "--quiet", "--no-ff", "--message", "Merge for CI", head)
    for branch, commit in (("main", newer), ("work", head)):
        workspace.git("push", "--quiet", "--force", str(hosted.origin), f"{commit}:refs/heads/{branch}")
    with forge.store.lock:
        repository.sync()
    pull = repository.open_pull("work", "main")
    bare = ("--git-dir", str(hosted.origin))
    workspace.git(*bare, "fetch", "--quiet", str(workspace.folder), f"+HEAD:refs/pull/{pull.number}/merge")
    shutil.rmtree(workspace.folder)
    workspace.folder.mkdir()
    workspace.git("init", "--quiet")
    workspace.git("remote", "add", "origin", repository.clone_url)
    header = header_of(hosted.token)
    extra = f"http.extraHeader={header}"
    workspace.git("-c", extra, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", "refs/pull/1/merge")
    workspace.git("checkout", "--quiet", "--detach", "FETCH_HEAD")
    hosted.event_name = "pull_request"
    hosted.variables["GITHUB_REF"] = "refs/pull/1/merge"
    hosted.event = {
        "pull_request": {
            "number": pull.number,
            "base": {"sha": base, "repo": {"full_name": "acme/gitops"}},
            "head": {"sha": head, "repo": {"full_name": "evil/gitops"}},
        }
    }
    return pull


def test_a_pull_requests_pins_are_looked_up_and_told_once(hosted, forge, proposed):
    ran = hosted.run(command="check")
    assert ran.code == 1
    (error,) = ran.log.of("error")
    assert (error.properties["title"], error.properties["file"]) == (
        "acme/web:prod: not in the registry",
        "deploy/web.yaml",
    )
    (comment,) = proposed.comments
    assert comment.body.startswith("<!-- gitops-streams:review -->")
    assert "not in the registry" in comment.body
    assert "deploy/api.yaml" not in comment.body  # the base's own doing, since it moved on
    assert hosted.event["pull_request"]["head"]["sha"][:10] in comment.body
    body = comment.body
    assert hosted.run(command="check").code == 1
    assert [each.body for each in proposed.comments] == [body]


def test_a_token_that_only_reads_gives_one_notice(hosted, forge, proposed):
    rights = {"metadata": "read", "contents": "read", "pull_requests": "read"}
    hosted.token = forge.token(kind=TokenKind.ACTIONS, permissions=rights).value
    ran = hosted.run(command="check")
    assert ran.code == 1
    (notice,) = ran.log.of("notice")
    assert notice.properties["title"] == "The review is not on the pull request"
    assert proposed.comments == []
    assert hosted.run(command="check", fail_on="").code == 0
