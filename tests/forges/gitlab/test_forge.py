from __future__ import annotations

import pytest
from fake_forge import AfterEffect, Kind, Respond
from forge_worlds import BRANCH, forge_world

from gitops_streams.errors import ForgeError
from gitops_streams.forges.forge import AutoMerging, CommitIdentity, GitCredential, Merged, NotAutoMerging
from gitops_streams.forges.open import open_forge
from gitops_streams.forges.settings import ForgeKind, ForgeSettings
from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import (
    CommitStatus,
    Decorations,
    PullPatch,
    PullSpec,
    PullState,
    StatusState,
)

SPEC = PullSpec(head=BRANCH, base="main", title="chore(images): update", body="Body")
MERGE = r"PUT .*/merge$"
ORDER = {"delete_branch": False, "fallback_merge": False}


@pytest.fixture
def world(forge, clock):
    made = forge_world(forge, Kind.GITLAB, clock)
    yield made
    for each in made.opened:
        each.close_connections()


def test_a_project_in_nested_groups_is_asked_for_by_its_whole_path(world):
    world.connect().find(BRANCH)
    first = world.forge.requests[0]
    assert first.path == "/api/v4/projects/acme/platform/gitops"
    assert first.authentication == "bearer"
    assert world.forge.requests[1].path == f"/api/v4/projects/{world.repository.id}/merge_requests"


def test_a_renamed_project_is_followed(world):
    world.repository.rename("acme/moved/gitops")
    hub = world.connect(name="acme/platform/gitops")
    assert hub.create(SPEC) == hub.find(BRANCH)[0]


@pytest.mark.parametrize("token", ["glcbt-64_x", "the-job's"])
def test_a_jobs_token_is_refused_before_anything_is_sent(world, token):
    settings = ForgeSettings(ForgeKind.GITLAB, "https://gitlab.example", repository="a/b", token_env="T")
    with pytest.raises(ForgeError, match="is a job's") as caught:
        open_forge(settings, None, {"T": token, "CI_JOB_TOKEN": "the-job's"})
    assert "project access token with the scope api" in caught.value.hint
    assert token not in caught.value.message


def test_a_jobs_token_that_nobody_knew_for_one_is_explained(world):
    with pytest.raises(ForgeError) as caught:
        world.connect(world.forge.token("ci", kind="job")).find(BRANCH)
    assert "CI_JOB_TOKEN cannot" in caught.value.hint


@pytest.mark.parametrize("title", ["Draft: x", "[DRAFT]x", "(draft) Draft: x"])
def test_what_makes_a_title_a_draft_is_not_part_of_it(world, title):
    hub = world.connect()
    hub.create(SPEC)
    with world.forge.store.lock:
        world.repository.pull(1).title, world.repository.pull(1).draft = title, True
    assert (hub.get(1).title, hub.get(1).draft) == ("x", True)
    with world.forge.store.lock:
        world.repository.pull(1).draft = False
    assert hub.get(1).title == title


def test_a_draft_keeps_its_prefix_and_no_other_request_is_sent_for_a_body(world):
    hub = world.connect()
    hub.create(PullSpec(BRANCH, "main", "t", "b", draft=True))
    hub.update(1, PullPatch(title="t"))
    assert world.repository.pull(1).title == "Draft: t"
    before = len(world.forge.requests)
    hub.update(1, PullPatch(body="c"))
    assert len(world.forge.requests) == before + 1
    assert hub.update(1, PullPatch()).body == "c"


def test_the_account_of_a_token_commits_under_its_own_address(world):
    hub = world.connect()
    world.forge.faults.add(
        r"GET .*/user$", Respond(200, {"id": 1, "username": "m", "name": "Machine", "commit_email": "m@acme.example"})
    )
    assert hub.identity() == CommitIdentity("Machine", "m@acme.example")
    assert world.connect().identity() is None
    token = world.forge.token("machine")
    assert world.connect(token).git_credential() == GitCredential("oauth2", token.value)


def test_a_token_that_may_not_ask_who_it_is_writes_no_comments(world):
    world.forge.faults.add(r"GET .*/user$", Respond(403, {"error": "insufficient_scope"}))
    hub = world.connect()
    with pytest.raises(ForgeError, match="does not tell which account") as caught:
        hub.comment_sticky(1, "review", "x")
    assert "read_user" in caught.value.hint
    assert hub.account() is None


def test_both_names_of_auto_merge_are_sent_since_either_alone_may_merge_at_once(world):
    world.require_a_check()
    hub = world.connect()
    hub.enable_auto_merge(hub.create(SPEC), MergeMethod.MERGE, **ORDER)
    body = world.forge.log("PUT", "/merge")[0].body
    assert (body["auto_merge"], body["merge_when_pipeline_succeeds"], body["sha"]) == (True, True, world.head)


def test_a_pipeline_that_comes_late_is_waited_for(world, clock):
    asked = []

    def meanwhile(request):
        asked.extend([request] if request.url.path.endswith("/merge") else [])
        if len(asked) == 3:
            world.require_a_check()

    hub = world.connect(meanwhile=meanwhile)
    assert hub.enable_auto_merge(hub.create(SPEC), MergeMethod.MERGE, **ORDER) == AutoMerging()
    assert clock.slept == [2.0, 4.0]


def test_where_no_pipeline_ever_comes_the_reason_is_told(world, clock):
    hub = world.connect()
    took = hub.enable_auto_merge(hub.create(SPEC), MergeMethod.MERGE, **ORDER)
    assert took == NotAutoMerging(
        "there is no pipeline to wait for, which GitLab takes no auto-merge for; run one for merge requests"
    )
    assert clock.slept == [2.0, 4.0, 8.0]


def test_a_draft_is_not_merged(world):
    hub = world.connect()
    pull = hub.create(PullSpec(BRANCH, "main", "t", "b", draft=True))
    took = hub.enable_auto_merge(pull, MergeMethod.MERGE, delete_branch=False, fallback_merge=True)
    assert took == NotAutoMerging("GitLab takes no auto-merge while it calls it draft_status")


def test_a_pipeline_that_has_succeeded_lets_it_merge_at_once(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    world.repository.set_pipeline(world.head, "success")
    assert hub.enable_auto_merge(pull, MergeMethod.SQUASH, delete_branch=True, fallback_merge=False) == Merged()
    assert world.repository.git.branch(BRANCH) is None


@pytest.mark.parametrize("pipeline", ["running", "success"])
def test_an_order_whose_answer_is_lost_is_looked_at(world, pipeline):
    hub = world.connect()
    pull = hub.create(SPEC)
    world.repository.set_pipeline(world.head, pipeline)
    world.forge.faults.add(MERGE, AfterEffect(502))
    took = hub.enable_auto_merge(pull, MergeMethod.MERGE, **ORDER)
    assert took == (AutoMerging() if pipeline == "running" else Merged())


def test_an_order_that_is_taken_and_not_done_is_told(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    world.forge.faults.add(MERGE, Respond(200, {"iid": 1, "state": "opened"}))
    assert isinstance(hub.enable_auto_merge(pull, MergeMethod.MERGE, **ORDER), NotAutoMerging)


def test_who_may_not_merge_is_told_where_that_is_set(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    world.forge.faults.add(MERGE, Respond(401, {"message": "401 Unauthorized"}))
    took = hub.enable_auto_merge(pull, MergeMethod.MERGE, **ORDER)
    assert "Allowed to merge" in took.reason


def test_a_status_that_is_there_already_is_no_error(world):
    hub = world.connect()
    said = {"message": {"status": ["Cannot transition status via :success from :success"]}}
    world.forge.faults.add(r"POST .*/statuses/", Respond(400, said))
    hub.set_status(world.head, CommitStatus("c", StatusState.SUCCESS, "d"))
    world.forge.faults.add(r"POST .*/statuses/", Respond(400, {"message": "other"}))
    with pytest.raises(ForgeError):
        hub.set_status(world.head, CommitStatus("c", StatusState.SUCCESS, "d"))


def test_what_gitlab_leaves_out_without_a_word_is_told(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    world.forge.store.account("bob")
    document = hub._project.known(1).value  # noqa: SLF001 - what GitLab would answer
    world.forge.faults.add(r"PUT .*/merge_requests/1$", Respond(200, dict(document)))
    warnings = hub.decorate(pull, Decorations(labels=("a",), create_labels=True, reviewers=("bob",)))
    assert warnings == (
        "the label a could not be set: the token's account needs the role Reporter at least",
        "not every reviewer could be set: no access to the project, or its plan takes one only",
    )


def test_a_milestone_goes_by_its_number_too(world):
    world.repository.create_milestone("v1")
    hub = world.connect()
    assert hub.decorate(hub.create(SPEC), Decorations(milestone="1")) == ()
    assert world.repository.pull(1).milestone.title == "v1"


def test_a_refused_decoration_is_a_warning(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    world.forge.faults.add(r"PUT .*/merge_requests/1$", Respond(403, {"message": "403 Forbidden"}))
    world.forge.faults.add(r"GET .*/labels", Respond(403, {"message": "403 Forbidden"}))
    world.forge.faults.add(r"GET .*/users\?", Respond(403, {"message": "403 Forbidden"}), times=2)
    world.forge.faults.add(r"GET .*/milestones", Respond(403, {"message": "403 Forbidden"}))
    wanted = Decorations(labels=("a",), assignees=("bob",), reviewers=("bob",), milestone="v1")
    assert [warning.partition(":")[0] for warning in hub.decorate(pull, wanted)] == [
        "labels",
        "assignees",
        "reviewers",
        "the milestone v1",
    ]
    (warning,) = hub.decorate(pull, Decorations(labels=("a",), create_labels=True))
    assert "role Developer" in warning


def test_a_deleted_branch_leaves_a_merge_request_open(world):
    hub = world.connect()
    hub.create(SPEC)
    world.repository.delete_branch(BRANCH)
    assert hub.get(1).state is PullState.OPEN


@pytest.mark.parametrize("jenkins", [False, True])
def test_a_pipeline_that_is_our_own_status_alone_is_none(world, clock, jenkins):
    hub = world.connect()
    pull = hub.create(SPEC)
    hub.account()
    mine = {"name": "gitops-streams/verify", "author": {"id": world.forge.store.account("machine").id}}
    theirs = [{"name": "build", "author": {"id": 7}}] if jenkins else []
    document = {**hub._project.read(1).value, "head_pipeline": {"status": "success", "source": "external"}}  # noqa: SLF001 - what GitLab would answer
    document["detailed_merge_status"] = "mergeable"
    world.forge.faults.add(r"GET .*/merge_requests/1$", Respond(200, document), times=1 if jenkins else 5)
    world.forge.faults.add(r"GET .*/statuses", Respond(200, [mine, *theirs]), times=1 if jenkins else 4)
    if jenkins:
        world.repository.set_pipeline(world.head, "success")
    took = hub.enable_auto_merge(pull, MergeMethod.MERGE, **ORDER)
    if jenkins:
        assert took == Merged()
    else:
        assert "there is no pipeline to wait for" in took.reason
        assert world.forge.log("PUT", "/merge") == []
        assert clock.slept == [2.0, 4.0, 8.0]
