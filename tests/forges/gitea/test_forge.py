from __future__ import annotations

import pytest
from fake_forge import AfterEffect, Kind, Respond
from forge_worlds import BRANCH, forge_world

from gitops_streams.errors import ForgeError
from gitops_streams.forges.forge import AutoMerging, CommitIdentity, Merged, NotAutoMerging
from gitops_streams.forges.http.refusal import AnswerLost
from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import Decorations, PullPatch, PullSpec, PullState

SPEC = PullSpec(head=BRANCH, base="main", title="chore(images): update", body="Body")
MERGE = r"POST .*/merge$"
ORDER = {"delete_branch": False, "fallback_merge": False}


@pytest.fixture
def world(forge, clock):
    made = forge_world(forge, Kind.GITEA, clock)
    yield made
    for each in made.opened:
        each.close_connections()


def test_it_is_asked_as_gitea_wants_it(world):
    hub = world.connect()
    hub.find(BRANCH)
    assert {one.authentication for one in world.forge.requests} == {"token"}


@pytest.mark.parametrize("title", ["WIP: x", "[wip]x"])
def test_an_older_release_tells_a_draft_by_its_title_alone(world, title):
    hub = world.connect()
    hub.create(SPEC)
    with world.forge.store.lock:
        world.repository.pull(1).title, world.repository.pull(1).draft = title, False
    assert (hub.get(1).title, hub.get(1).draft) == ("x", True)
    assert hub.update(1, PullPatch(draft=False)).title == "x"
    assert world.repository.pull(1).title == "x"


def test_a_renamed_repository_is_followed(world):
    world.repository.rename("acme/moved")
    hub = world.connect(name="acme/gitops")
    assert hub.create(SPEC) == hub.find(BRANCH)[0]


def test_a_branch_that_is_gone_is_still_known_by_its_name(world):
    hub = world.connect()
    hub.create(SPEC)
    document = dict(hub._repository.known(1).value)  # noqa: SLF001 - what Gitea would answer
    document["head"] = {**document["head"], "ref": "refs/pull/1/head", "repo": None}
    document["state"], document["merged"] = "closed", True
    world.forge.faults.add(r"GET .*/pulls\?state=closed", Respond(200, [document]))
    world.forge.faults.add(r"GET .*/pulls\?state=open", Respond(200, []))
    (found,) = hub.find(BRANCH)
    assert (found.head, found.state, found.own) == (BRANCH, PullState.MERGED, True)


def test_a_deleted_base_or_branch_closes_it(world):
    hub = world.connect()
    world.repository.human_push("release", {"r": b"x"})
    hub.create(PullSpec(BRANCH, "release", "t", "b"))
    world.repository.delete_branch("release")
    assert hub.get(1).state is PullState.CLOSED


def test_the_token_of_a_workflow_is_told_why_it_writes_no_comments(world):
    hub = world.connect(world.forge.token(kind="actions"))
    with pytest.raises(ForgeError, match="does not tell which account") as caught:
        hub.comment_sticky(1, "review", "x")
    assert "read:user" in caught.value.hint
    assert hub.account() is None
    assert hub.identity() is None


def test_the_account_of_a_token_commits_under_its_own_address(world):
    user = {"id": 1, "login": "machine", "full_name": "", "email": "m@acme.example"}
    world.forge.faults.add(r"GET .*/user$", Respond(200, user))
    assert world.connect().identity() == CommitIdentity("machine", "m@acme.example")


def test_labels_of_the_organization_will_do(world):
    hub = world.connect()
    label = world.repository.create_label("images")
    world.forge.faults.add(r"GET .*/repos/.*/labels", Respond(200, []))
    world.forge.faults.add(r"GET .*/orgs/acme/labels", Respond(200, [{"id": label.id, "name": "Images"}]))
    assert hub.decorate(hub.create(SPEC), Decorations(labels=("images",))) == ()
    assert hub.get(1).labels == {"images"}


def test_a_person_has_no_labels_of_an_organization(world):
    hub = world.connect()
    world.forge.faults.add(r"GET .*/orgs/acme/labels", Respond(404, {"message": "Not Found"}))
    assert hub.decorate(hub.create(SPEC), Decorations(labels=("new",), create_labels=True)) == ()
    assert hub.get(1).labels == {"new"}


def test_teams_are_asked_until_somebody_has_reviewed(world):
    hub = world.connect()
    world.repository.teams.add("platform")
    pull = hub.create(SPEC)
    assert hub.decorate(pull, Decorations(team_reviewers=("acme/platform",))) == ()
    assert world.repository.pull(1).team_reviewers == ["platform"]
    before = len(world.writes)
    assert hub.decorate(hub.get(1), Decorations(team_reviewers=("platform",))) == ()
    with world.forge.store.lock:
        world.repository.pull(1).team_reviewers.clear()
    world.repository.pull(1).approve("bob")
    assert hub.decorate(hub.get(1), Decorations(reviewers=("bob",), team_reviewers=("platform",))) == ()
    assert len(world.writes) == before


def test_assignees_are_added_to(world):
    hub = world.connect()
    hub.create(SPEC)
    with world.forge.store.lock:
        world.repository.pull(1).assignees.append(world.forge.store.account("carol"))
        world.forge.store.account("bob")
    (warning,) = hub.decorate(hub.get(1), Decorations(assignees=("nobody", "bob")))
    assert "nobody" in warning
    assert [one.login for one in world.repository.pull(1).assignees] == ["carol", "bob"]


def test_refused_decorations_are_warnings(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    world.repository.pull(1).add_label("old")
    pull = hub.get(1)
    no = Respond(403, {"message": "token does not have at least one of required scope(s)"})
    world.forge.faults.add(r"(GET .*/(labels|reviews|milestones)|PATCH|DELETE)", no, times=5)
    wanted = Decorations(("a",), ("old",), assignees=("bob",), reviewers=("bob",), milestone="v1")
    warnings = hub.decorate(pull, wanted)
    assert [warning.partition(":")[0] for warning in warnings] == [
        "labels",
        "the label old",
        "bob",
        "reviewers",
        "the milestone v1",
    ]
    assert all("write:issue" in warning for warning in warnings)


def test_a_head_that_moved_is_not_scheduled(world):
    hub = world.connect()
    world.require_a_check()
    pull = hub.create(SPEC)
    world.repository.human_push(BRANCH, {"more": b"x"})
    took = hub.enable_auto_merge(pull, MergeMethod.MERGE, **ORDER)
    assert took == NotAutoMerging("somebody pushed to the branch meanwhile")


def test_it_is_tried_again_while_gitea_finds_out_whether_it_conflicts(world, clock):
    hub = world.connect()
    world.require_a_check()
    pull = hub.create(SPEC)
    world.forge.faults.add(MERGE, Respond(405, {"message": "Please try again later"}), times=2)
    assert hub.enable_auto_merge(pull, MergeMethod.REBASE, **ORDER) == AutoMerging()
    assert clock.slept == [2.0, 2.0]
    assert world.repository.pull(1).auto_merge.method == "rebase"


def test_what_is_scheduled_already_is_fine_and_a_style_that_is_not_allowed_is_told(world):
    hub = world.connect()
    world.require_a_check()
    pull = hub.create(SPEC)
    world.forge.faults.add(MERGE, Respond(409, {"message": "pull request is already scheduled to auto merge"}))
    assert hub.enable_auto_merge(pull, MergeMethod.MERGE, **ORDER) == AutoMerging()
    world.forge.faults.add(MERGE, Respond(405, {"message": "squash is not allowed an allowed merge style"}))
    took = hub.enable_auto_merge(pull, MergeMethod.SQUASH, **ORDER)
    assert "choose a method" in took.reason


def test_an_order_whose_answer_is_lost_is_looked_at(world):
    hub = world.connect()
    world.require_a_check()
    pull = hub.create(SPEC)
    world.forge.faults.add(MERGE, Respond(502, {"message": "Server Error"}))
    with pytest.raises(AnswerLost):
        hub.enable_auto_merge(pull, MergeMethod.MERGE, **ORDER)
    world.forge.faults.add(MERGE, AfterEffect(502))
    assert hub.enable_auto_merge(pull, MergeMethod.MERGE, **ORDER) == AutoMerging()


def test_a_merge_at_once_whose_answer_is_lost_is_looked_at(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    world.forge.faults.add(MERGE, AfterEffect(502))
    assert hub.enable_auto_merge(pull, MergeMethod.MERGE, delete_branch=True, fallback_merge=True) == Merged()


def test_a_release_without_a_history_of_auto_merge_has_none(world):
    hub = world.connect()
    hub.create(SPEC)
    world.forge.faults.add(r"GET .*/timeline", Respond(404, {"message": "Not Found"}))
    assert not hub.get(1).auto_merge
    world.forge.faults.add(r"GET .*/timeline", Respond(403, {"message": "no"}))
    with pytest.raises(ForgeError):
        hub.get(1)


def test_required_checks_without_names_would_be_met_by_our_own_status(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    rules = {"enable_status_check": True, "status_check_contexts": [], "required_approvals": 0}
    world.forge.faults.add(r"GET .*/branches/main", Respond(200, rules))
    took = hub.enable_auto_merge(pull, MergeMethod.MERGE, **ORDER)
    assert "by name" in took.reason
    assert world.writes == ["POST /api/v1/repos/acme/gitops/pulls"]
    rules["required_approvals"] = 1
    world.forge.faults.add(r"GET .*/branches/main", Respond(200, rules))
    world.repository.protect("main", required_approvals=1)
    assert hub.enable_auto_merge(pull, MergeMethod.MERGE, **ORDER) == AutoMerging()
