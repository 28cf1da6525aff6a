"""``check --base --comment``: one comment on a pull request, whoever opened it; no failure where that may not be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_forge import FakeForge, Repository, Respond

NOWHERE = "sha256:" + "a" * 64
MARKER = "<!-- gitops-streams:review -->"
CONFIG = "forge: {{kind: github, url: '{url}', apiUrl: '{api}', graphqlUrl: '{graphql}'}}\n"
WRITES = {"POST", "PATCH", "PUT", "DELETE"}


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[FakeForge]:
    with FakeForge(tmp_path) as running:
        yield running
    assert running.violations == []


class Hosted:
    """The proposal as a pull request on the fake forge."""

    def __init__(self, proposal: Any, forge: FakeForge, monkeypatch: pytest.MonkeyPatch) -> None:
        self.proposal, self.forge, self.monkeypatch = proposal, forge, monkeypatch
        workspace = proposal.workspace
        workspace.git("checkout", "--quiet", "main")
        workspace.config(CONFIG.format(url=forge.url, api=forge.api_url(), graphql=forge.graphql_url))
        workspace.commit("Configure")
        self.repository: Repository = forge.create_repository("acme/gitops")
        workspace.git("remote", "add", "origin", self.repository.clone_url)
        workspace.git("checkout", "--quiet", "-B", "proposal")
        self.push("main")
        self.use(forge.token("bot").value)

    def use(self, token: str) -> None:
        self.monkeypatch.setenv("GITOPS_STREAMS_TOKEN", token)

    def push(self, branch: str = "proposal") -> None:
        """Push HEAD to a branch of the forge."""
        self.proposal.workspace.git("push", "--quiet", "--force", str(self.repository.git.path), f"HEAD:{branch}")
        with self.forge.store.lock:
            self.repository.sync()

    def propose(self, digest: object) -> Any:
        """Pin ``web`` by hand and open a pull request."""
        self.proposal.pin("web", digest)
        self.proposal.workspace.commit("Pin by hand")
        self.push()
        return self.repository.open_pull("proposal", "main", title="Pin by hand")

    def check(self, *arguments: object) -> Any:
        self._before = len(self.forge.log())
        return self.proposal.check("--comment", *arguments)

    @property
    def writes(self) -> list[str]:
        """The requests of the last check that changed something."""
        return [
            f"{one.method} {one.path}"
            for one in self.forge.log()[self._before :]
            if one.method in WRITES and not one.path.endswith(("graphql", "git-upload-pack"))
        ]


@pytest.fixture
def hosted(proposal: Any, forge: FakeForge, monkeypatch: pytest.MonkeyPatch) -> Hosted:
    return Hosted(proposal, forge, monkeypatch)


def comments(pull: Any) -> list[str]:
    return [comment.body for comment in pull.comments]


def test_a_persons_pull_request(hosted):
    pull = hosted.propose(NOWHERE)
    done = hosted.check("--pull-request", pull.number)
    assert done.code == 1
    (text,) = comments(pull)
    assert text.startswith(MARKER)
    assert "❌ **1 pin changes, 1 finding**" in text
    assert "not in the registry" in text
    assert "notice" not in done.err
    # The same again: nothing is written.
    hosted.check("--pull-request", pull.number)
    assert hosted.writes == []


def test_the_same_comment_is_rewritten_and_taken_away(hosted):
    pull = hosted.propose(NOWHERE)
    hosted.check("--pull-request", pull.number)
    (first,) = pull.comments
    hosted.proposal.pin("web", hosted.proposal.push("web"))
    hosted.proposal.workspace.commit("Another one")
    hosted.push()
    assert hosted.check("--pull-request", pull.number).code == 0
    (second,) = pull.comments
    assert second.id == first.id
    assert "nothing to object to" in second.body
    hosted.proposal.pin("web", hosted.proposal.digests["web"][0])
    hosted.proposal.workspace.commit("Take it back")
    hosted.push()
    assert hosted.check("--pull-request", pull.number).code == 0
    assert comments(pull) == []
    assert hosted.proposal.asked == []


def test_no_pin_is_touched(hosted):
    hosted.proposal.workspace.write("README.md", "hello\n")
    hosted.proposal.workspace.commit("Text")
    hosted.push()
    pull = hosted.repository.open_pull("proposal", "main", title="Text")
    assert hosted.check("--pull-request", pull.number).code == 0
    assert (comments(pull), hosted.writes, hosted.proposal.asked) == ([], [], [])


def test_our_own_pull_request(hosted):
    hosted.proposal.push("web")
    hosted.monkeypatch.setattr("gitops_streams.publish.group_pull._PAUSES", (0.01,) * 4)
    done = hosted.proposal.workspace.run("reconcile", "--publish", "pull-request", "--base", "main")
    assert done.code == 0, done.text
    (pull,) = hosted.repository.pulls
    hosted.proposal.workspace.git("fetch", "--quiet", str(hosted.repository.git.path), pull.head)
    hosted.proposal.workspace.git("checkout", "--quiet", "--detach", "FETCH_HEAD")
    assert hosted.check("--pull-request", pull.number).code == 0
    (text,) = comments(pull)
    assert "✅" in text
    print(text)
    print("=====BODY")
    print(pull.body)
    # The images are shown as in the body.
    table = next(block for block in text.split("\n\n") if "| Stream tag | Why it moved |" in block)
    assert table in pull.body


def test_what_is_not_committed_is_no_part_of_the_pull_request(hosted):
    pull = hosted.propose(hosted.proposal.push("web"))
    hosted.proposal.pin("web", NOWHERE)
    assert hosted.check("--pull-request", pull.number).code == 0
    assert NOWHERE[:19] not in comments(pull)[0]


@pytest.mark.parametrize("permissions", [{"contents": "read"}, {"contents": "read", "pull_requests": "read"}])
def test_a_token_that_only_reads_degrades_to_a_notice(hosted, permissions):
    pull = hosted.propose(NOWHERE)
    hosted.use(hosted.forge.token("reader", permissions={"metadata": "read", **permissions}).value)
    done = hosted.check("--pull-request", pull.number)
    assert done.code == 1
    assert "missing-digest" in done.out
    assert done.err.count("notice: no comment:") == 1
    assert comments(pull) == []
    hosted.proposal.pin("web", hosted.proposal.push("web"))
    hosted.proposal.workspace.commit("Right")
    assert hosted.check("--pull-request", pull.number).code == 0


def test_without_a_token(hosted):
    pull = hosted.propose(hosted.proposal.push("web"))
    hosted.monkeypatch.delenv("GITOPS_STREAMS_TOKEN")
    done = hosted.check("--pull-request", pull.number)
    assert done.code == 0
    assert "there is no token" in done.line("notice:")


def test_a_forge_that_is_down(hosted):
    pull = hosted.propose(hosted.proposal.push("web"))
    hosted.forge.faults.add(r"GET .*/comments", Respond(500), times=20)
    hosted.forge.faults.add(r"POST .*graphql", Respond(500), times=20)
    hosted.monkeypatch.setattr("gitops_streams.forges.http.patience.SystemClock.sleep", lambda *_: None)
    done = hosted.check("--pull-request", pull.number)
    assert done.code == 0
    assert "notice: no comment:" in done.err
    hosted.forge.faults.clear()


def test_the_token_goes_where_the_base_says(hosted):
    """The change's own configuration names another forge: nothing is sent there."""
    asked = []
    hosted.proposal.registry.intercept = lambda request: asked.append(request) if "/repos/" in request.path else None
    evil = f"http://{hosted.proposal.registry.host}"
    hosted.proposal.workspace.config(CONFIG.format(url=evil, api=f"{evil}/api/v3", graphql=f"{evil}/graphql"))
    pull = hosted.propose(NOWHERE)
    assert hosted.check("--pull-request", pull.number).code == 1
    assert len(comments(pull)) == 1
    assert not asked


def job(hosted, pull, **more):
    """Make the environment of a GitHub job of a pull request."""
    event = Path(hosted.proposal.workspace.folder).parent / "event.json"
    head = hosted.proposal.workspace.git("rev-parse", "proposal")
    event.write_text(json.dumps({"pull_request": {"number": pull.number, "head": {"sha": head}}}))
    variables = {
        "GITHUB_SERVER_URL": hosted.forge.url,
        "GITHUB_API_URL": hosted.forge.api_url(),
        "GITHUB_GRAPHQL_URL": hosted.forge.graphql_url,
        "GITHUB_REPOSITORY": "acme/gitops",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REF": f"refs/pull/{pull.number}/merge",
        **more,
    }
    for name, value in variables.items():
        hosted.monkeypatch.setenv(name, value)
    return head


def test_in_a_job_the_pull_request_is_known(hosted):
    pull = hosted.propose(NOWHERE)
    head = job(hosted, pull)
    workspace = hosted.proposal.workspace
    workspace.git("checkout", "--quiet", "--detach", "main")
    workspace.git("merge", "--quiet", "--no-ff", "--message", "Merge for CI", "proposal")
    assert hosted.check().code == 1
    (text,) = comments(pull)
    assert f"`{head[:10]}`" in text  # the commit that people know, not the merge


@pytest.mark.parametrize(
    "more",
    [
        {"GITHUB_REPOSITORY": "acme/another"},
        {"GITHUB_SERVER_URL": "https://github.com"},
        {"GITHUB_EVENT_PATH": "", "GITHUB_REF": "refs/heads/main"},
    ],
)
def test_a_job_of_something_else_comments_nowhere(hosted, more):
    pull = hosted.propose(NOWHERE)
    job(hosted, pull, **more)
    done = hosted.check()
    assert done.code == 1
    assert "--pull-request" in done.err
    assert comments(pull) == []


def test_hostile_text_stays_inert(hosted):
    pull = hosted.propose(NOWHERE)
    workspace = hosted.proposal.workspace
    evil = "deploy/<img src=x>@team fixes #1 | `$(id)`.yaml"
    workspace.write(evil, f"image: {hosted.proposal.reference('web')}@{NOWHERE}\n")
    workspace.commit("Evil")
    hosted.push()
    hosted.check("--pull-request", pull.number)
    (text,) = comments(pull)
    assert "\\x7c" in text
    assert "| <img" not in text
    for line in text.splitlines():
        if "<img" in line:
            assert "``" in line


def test_a_long_review_fits(hosted, monkeypatch):
    workspace, proposal = hosted.proposal.workspace, hosted.proposal
    for number in range(400):
        image = f"{proposal.reference('web')}@sha256:{number:064x}"
        workspace.deploy(f"a-rather-long-name-of-a-deployment-{'x' * 60}-{number}", image)
    workspace.commit("Many")
    hosted.push()
    pull = hosted.repository.open_pull("proposal", "main", title="Many")
    done = hosted.check("--pull-request", pull.number, "--offline")
    assert done.code == 1
    (text,) = comments(pull)
    assert len(text) < 65_536
    assert "more pins" in text
    assert "400 pins change, 400 findings" in text
