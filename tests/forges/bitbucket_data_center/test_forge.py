from __future__ import annotations

import pytest
from fake_forge import AfterEffect, Kind, Respond
from forge_worlds import BRANCH, forge_world

from gitops_streams.errors import ForgeError
from gitops_streams.forges.forge import AutoMerging, Merged, NotAutoMerging
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused
from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import Decorations, PullPatch, PullSpec, PullState

SPEC = PullSpec(head=BRANCH, base="main", title="chore(images): update", body="Body")
ORDER = {"delete_branch": False, "fallback_merge": False}
MERGE = r"POST .*/merge\?"


@pytest.fixture
def world(forge, clock):
    made = forge_world(forge, Kind.BITBUCKET_DATA_CENTER, clock)
    yield made
    for each in made.opened:
        each.close_connections()


def test_it_is_asked_as_bitbucket_wants_it(world):
    hub = world.connect()
    hub.find(BRANCH)
    assert {one.authentication for one in world.forge.requests} == {"bearer"}
    assert hub.git_credential().username == "x-token-auth"
    assert world.connect(username="alice").git_credential().username == "alice"


def test_the_repository_of_a_person(world):
    made = world.forge.create_repository("~alice/gitops", world.kind)
    made.human_push(BRANCH, {"a": b"x"})
    assert world.connect(name="~alice/gitops").create(SPEC).number == 1


@pytest.mark.parametrize("times", [1, 3])
def test_a_change_that_somebody_else_was_before_is_made_again_and_theirs_stays(world, times):
    left = [times]

    def meanwhile(request):
        if request.method == "PUT" and left[0]:
            left[0] -= 1
            world.repository.pull(1).edit(title=f"theirs {left[0]}")

    hub = world.connect(meanwhile=meanwhile)
    hub.create(SPEC)
    changed = hub.update(1, PullPatch(body="ours"))
    assert (changed.title, changed.body) == ("theirs 0", "ours")


def test_who_keeps_changing_it_wins(world):
    hub = world.connect(
        meanwhile=lambda request: world.repository.pull(1).edit(title="theirs") if request.method == "PUT" else None
    )
    hub.create(SPEC)
    with pytest.raises(ForgeRefused, match="out-of-date") as caught:
        hub.update(1, PullPatch(body="ours"))
    assert "run again" in caught.value.hint
    assert len(world.forge.log("PUT")) == 4


def test_a_lost_change_is_made_again(world):
    hub = world.connect()
    hub.create(SPEC)
    world.forge.faults.add("PUT", AfterEffect(502))
    assert hub.update(1, PullPatch(title="new")).title == "new"


def test_declining_names_the_version_and_looks_again(world):
    left = [1]

    def meanwhile(request):
        if request.url.path.endswith("/decline") and left[0]:
            left[0] -= 1
            world.repository.pull(1).edit(title="theirs")

    hub = world.connect(meanwhile=meanwhile)
    hub.create(SPEC)
    hub.close(1)
    assert hub.get(1).state is PullState.CLOSED
    before = len(world.writes)
    hub.close(1)
    assert len(world.writes) == before


def test_a_refused_decline_is_an_error(world):
    hub = world.connect()
    hub.create(SPEC)
    world.forge.faults.add("/decline", Respond(409, {"errors": [{"message": "no"}]}), times=3)
    with pytest.raises(ForgeError):
        hub.close(1)
    world.forge.faults.add("/decline", Respond(401, {"errors": [{"message": "no"}]}))
    with pytest.raises(ForgeError) as caught:
        hub.close(1)
    assert "Repository write" in caught.value.hint


def test_a_draft_is_asked_for_only_where_one_is_wanted(world):
    hub = world.connect()
    hub.create(SPEC)
    assert "draft" not in world.forge.log("POST")[0].body


def test_an_answered_comment_stays(world):
    hub = world.connect()
    hub.create(SPEC)
    hub.comment_sticky(1, "review", "x")
    refusal = {"errors": [{"message": "has replies", "exceptionName": "CommentDeletionException"}]}
    world.forge.faults.add("DELETE", Respond(409, refusal))
    hub.comment_sticky(1, "review", None)
    world.forge.faults.add("DELETE", Respond(401, {"errors": [{"message": "no"}]}))
    with pytest.raises(ForgeError):
        hub.comment_sticky(1, "review", None)


def test_comments_on_lines_and_events_are_none_of_ours(world):
    hub = world.connect()
    hub.create(SPEC)
    mine = {"id": 9, "version": 0, "text": "`gitops-streams:review`\n\nx", "author": {"name": "machine"}}
    events = [
        {"action": "OPENED"},
        {"action": "COMMENTED", "commentAction": "ADDED", "comment": mine, "commentAnchor": {"line": 1}},
        {"action": "COMMENTED", "commentAction": "DELETED", "comment": mine},
    ]
    world.forge.faults.add("/activities", Respond(200, {"values": events, "isLastPage": True}))
    hub.comment_sticky(1, "review", "x")
    assert len(world.repository.pull(1).comments) == 1


def test_an_account_that_is_not_told_writes_no_comments(world):
    world.forge.faults.add("/application-properties", Respond(200, {"version": "8.19.0"}))
    hub = world.connect()
    assert hub.account() is None
    with pytest.raises(ForgeError, match="does not tell which account") as caught:
        hub.comment_sticky(1, "review", "x")
    assert "X-AUSERNAME" in caught.value.hint


@pytest.mark.parametrize("version", ["8.14.3", "7.21", "nonsense"])
def test_an_older_server_would_merge_at_once_and_is_not_asked(world, version):
    world.require_a_check()
    world.forge.faults.add("/application-properties", Respond(200, {"version": version}))
    hub = world.connect()
    took = hub.enable_auto_merge(hub.create(SPEC), MergeMethod.MERGE, **ORDER)
    assert "older than 8.15" in took.reason
    assert world.forge.log("POST", "/merge") == []


def test_auto_merge_that_is_turned_off_is_told(world):
    world.require_a_check()
    world.repository.auto_merge_allowed = False
    hub = world.connect()
    took = hub.enable_auto_merge(hub.create(SPEC), MergeMethod.MERGE, **ORDER)
    assert "turn on Auto-merge" in took.reason


def test_a_conflict_is_told(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    world.repository.human_push("main", {"deploy/web.yaml": b"other\n"})
    took = hub.enable_auto_merge(pull, MergeMethod.MERGE, delete_branch=False, fallback_merge=True)
    assert took == NotAutoMerging("it conflicts with its base")


@pytest.mark.parametrize("check", [True, False])
def test_an_order_whose_answer_is_lost_is_looked_at(world, check):
    if check:
        world.require_a_check()
    hub = world.connect()
    pull = hub.create(SPEC)
    world.forge.faults.add(MERGE, Respond(502, {}))
    with pytest.raises(AnswerLost):
        hub.enable_auto_merge(pull, MergeMethod.MERGE, delete_branch=False, fallback_merge=True)
    world.forge.faults.add(MERGE, AfterEffect(502))
    took = hub.enable_auto_merge(pull, MergeMethod.MERGE, delete_branch=False, fallback_merge=True)
    assert took == (AutoMerging() if check else Merged())


def test_auto_merge_that_somebody_else_took_back_is_off(world):
    world.require_a_check()
    hub = world.connect()
    hub.enable_auto_merge(hub.create(SPEC), MergeMethod.MERGE, **ORDER)
    pull = hub.get(1)
    world.forge.faults.add("DELETE", Respond(409, {"errors": [{"message": "not open"}]}))
    hub.disable_auto_merge(pull)
    world.forge.faults.add("DELETE", Respond(401, {"errors": [{"message": "no"}]}))
    with pytest.raises(ForgeError):
        hub.disable_auto_merge(pull)


def test_reviewers_of_others_stay_when_one_of_ours_cannot_be(world):
    hub = world.connect()
    hub.create(SPEC)
    with world.forge.store.lock:
        world.repository.pull(1).reviewers.append(world.forge.store.account("carol"))
    (warning,) = hub.decorate(hub.get(1), Decorations(reviewers=("nobody",)))
    assert "nobody cannot be added as a reviewer" in warning
    assert [one.login for one in world.repository.pull(1).reviewers] == ["carol"]
