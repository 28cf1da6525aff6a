from __future__ import annotations

import pytest
from fake_forge import AfterEffect, Respond
from fake_forge.records import Protection

from gitops_streams.errors import ForgeError
from gitops_streams.forges.forge import AutoMerging, Merged, NotAutoMerging
from gitops_streams.forges.github.graphql import GraphqlRefused
from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import PullPatch, PullSpec

SPEC = PullSpec(head="gitops-streams/main/all", base="main", title="t", body="")


@pytest.fixture
def enable(github):
    def ask(hub, pull, *, fallback=False):
        return hub.enable_auto_merge(pull, MergeMethod.SQUASH, delete_branch=True, fallback_merge=fallback)

    return ask


def test_a_pull_request_that_waits_for_something_merges_itself(github, repository, enable):
    repository.protections.append(Protection("main", required_approvals=1))
    hub = github()
    pull = hub.create(SPEC)
    assert enable(hub, pull) == AutoMerging()
    seen = hub.get(pull.number)
    assert seen.auto_merge
    assert repository.pull(pull.number).auto_merge.method == "squash"
    before = hub.requests
    assert enable(hub, seen) == AutoMerging()
    assert hub.requests == before
    hub.disable_auto_merge(seen)
    assert not hub.get(pull.number).auto_merge
    hub.disable_auto_merge(seen)
    hub.disable_auto_merge(hub.get(pull.number))


def test_where_nothing_is_left_to_wait_for_it_is_said_or_merged(github, repository, enable):
    hub = github()
    pull = hub.create(SPEC)
    refused = enable(hub, pull)
    assert isinstance(refused, NotAutoMerging)
    assert "require a check" in refused.reason
    assert enable(hub, pull, fallback=True) == Merged()
    assert repository.pull(pull.number).merged


def test_the_setting_is_named_or_it_is_merged(github, repository, enable):
    repository.auto_merge_allowed = False
    hub = github()
    pull = hub.create(SPEC)
    refused = enable(hub, pull)
    assert isinstance(refused, NotAutoMerging)
    assert '"Allow auto-merge"' in refused.reason
    assert enable(hub, pull, fallback=True) == Merged()


def test_the_fallback_merges_nothing_that_still_waits(github, repository, enable):
    repository.auto_merge_allowed = False
    repository.protections.append(Protection("main", required_approvals=1))
    hub = github()
    pull = hub.create(SPEC)
    assert enable(hub, pull, fallback=True) == NotAutoMerging("it cannot be merged at once: GitHub calls it blocked")


def test_failed_checks_are_waited_for_even_where_nobody_requires_them(forge, github, repository, enable):
    hub = github()
    pull = hub.create(SPEC)
    with forge.store.lock:
        repository.add_status(pull.head_sha, "ci", "failure", "", None, forge.store.account("ci"))
    refused = enable(hub, pull, fallback=True)
    assert isinstance(refused, NotAutoMerging)
    assert "not required" in refused.reason
    assert not repository.pull(pull.number).merged


def test_only_the_head_that_was_reviewed_is_merged(github, repository, enable):
    hub = github()
    pull = hub.create(SPEC)
    repository.human_push(SPEC.head, {"evil": b"x"})
    refused = enable(hub, pull, fallback=True)
    assert isinstance(refused, NotAutoMerging)
    assert not repository.pull(pull.number).merged


def test_the_fallback_merges_only_the_head_that_was_reviewed(forge, github, repository, enable):
    hub = github()
    pull = hub.create(SPEC)
    clean = {"errors": [{"type": "UNPROCESSABLE", "message": "Pull request Pull request is in clean status"}]}
    forge.faults.add(r"POST .*/graphql", Respond(200, clean))
    repository.human_push(SPEC.head, {"evil": b"x"})
    refused = enable(hub, pull, fallback=True)
    assert isinstance(refused, NotAutoMerging)
    assert "Head branch was modified" in refused.reason


def test_a_merge_whose_answer_is_lost_is_looked_up(forge, github, repository, enable):
    hub = github()
    pull = hub.create(SPEC)
    forge.faults.add(r"PUT .*/merge$", AfterEffect(502))
    assert enable(hub, pull, fallback=True) == Merged()


def test_a_token_that_may_not_is_told_why(forge, github, repository, enable):
    pull = github().create(SPEC)
    hub = github(forge.token("reader", permissions={"contents": "read", "pull_requests": "read"}))
    refused = enable(hub, pull)
    assert isinstance(refused, NotAutoMerging)
    assert "Pull requests: write" in refused.reason


def test_drafts_are_made_and_made_ready(forge, github, repository):
    hub = github()
    pull = hub.create(PullSpec(SPEC.head, SPEC.base, "t", "", draft=True))
    assert pull.draft
    assert not hub.update(pull.number, PullPatch(draft=False)).draft
    assert not hub.get(pull.number).draft
    drafted = hub.update(pull.number, PullPatch(title="new", draft=True))
    assert (drafted.title, drafted.draft) == ("new", True)
    before = len(forge.log("POST", "/graphql"))
    assert hub.update(pull.number, PullPatch(draft=True)).draft
    assert len(forge.log("POST", "/graphql")) == before


def test_graphql_limits_are_waited_for(forge, github, clock):
    hub = github()
    pull = hub.create(SPEC)
    body = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]}
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(clock.now) + 30)}
    forge.faults.add(r"POST .*/graphql", Respond(200, body, headers))
    assert hub.update(pull.number, PullPatch(draft=True)).draft
    assert any(29 < seconds <= 31 for seconds in clock.slept)


def test_a_pull_request_that_graphql_does_not_know_yet_is_waited_for(forge, github, clock):
    hub = github()
    pull = hub.create(SPEC)
    error = {"type": "NOT_FOUND", "message": "Could not resolve to a node with the global id of 'PR_1'"}
    forge.faults.add(r"POST .*/graphql", Respond(200, {"errors": [error]}), times=2)
    assert hub.update(pull.number, PullPatch(draft=True)).draft
    assert clock.slept.count(2.0) == 2


@pytest.mark.parametrize("body", [{"errors": [{"message": 7}]}, {"errors": "x"}, {"data": None}, [], {"errors": [{}]}])
def test_what_is_no_graphql_answer_is_an_error_and_nothing_else(forge, github, body):
    hub = github()
    pull = hub.create(SPEC)
    forge.faults.add(r"POST .*/graphql", Respond(200, body))
    with pytest.raises(ForgeError):
        hub.update(pull.number, PullPatch(draft=True))


def test_graphql_refusals_are_printable(forge, github):
    hub = github()
    pull = hub.create(SPEC)
    body = {"errors": [{"type": "X", "message": "two\nlines\x1b[31m"}]}
    forge.faults.add(r"POST .*/graphql", Respond(200, body))
    with pytest.raises(GraphqlRefused) as caught:
        hub.update(pull.number, PullPatch(draft=True))
    assert caught.value.message.isprintable()


def test_a_workflows_own_token_is_told_apart(forge, github):
    hub = github(forge.token(kind="actions"))
    assert hub.account() == "github-actions[bot]"
    assert hub.identity().name == "github-actions[bot]"


def test_who_cannot_be_told_is_nobody(forge, github):
    forge.faults.add(r"POST .*/graphql", Respond(200, {"errors": [{"type": "FORBIDDEN", "message": "no"}]}))
    hub = github(forge.token("pinner[bot]", kind="installation"))
    assert hub.account() is None
    assert hub.identity() is None
    pull = hub.create(SPEC)
    with pytest.raises(ForgeError, match="which account"):
        hub.comment_sticky(pull.number, "k", "text")
