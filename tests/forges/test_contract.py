"""What every forge has to do, tried on every kind that the fake plays."""

from __future__ import annotations

import traceback

import pytest
from fake_forge import AfterEffect, Garbled, Kind, Reset, Respond
from forge_worlds import BRANCH, CREATE, forge_world

from gitops_streams.errors import ForgeError
from gitops_streams.forges.forge import AutoMerging, LendsCredential, Merged, NotAutoMerging
from gitops_streams.forges.http.refusal import AnswerLost, RateLimited
from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import (
    CommitStatus,
    Decorations,
    PullPatch,
    PullSpec,
    PullState,
    StatusState,
)

SPEC = PullSpec(head=BRANCH, base="main", title="chore(images): update", body="<!-- marker -->\nBody: é𝄞 | `x`")


@pytest.fixture(params=list(Kind), ids=lambda kind: kind.value)
def world(request, forge, clock):
    made = forge_world(forge, request.param, clock)
    yield made
    for each in made.opened:
        each.close_connections()


def test_a_pull_request_is_opened_found_changed_and_closed(world):
    hub = world.connect()
    assert hub.find(BRANCH) == ()
    pull = hub.create(SPEC)
    assert (pull.number, pull.state, pull.title, pull.body) == (1, PullState.OPEN, SPEC.title, SPEC.body)
    assert (pull.head, pull.head_sha, pull.base) == (BRANCH, world.head, "main")
    assert pull.own
    assert not pull.draft
    assert not pull.auto_merge
    assert pull.author
    assert pull.url.startswith(world.forge.url)
    assert hub.find(BRANCH) == hub.find(BRANCH, "main") == hub.open_with_prefix("gitops-streams/") == (pull,)
    assert hub.get(1) == pull
    assert hub.find(BRANCH, "other") == hub.find("gitops-streams/main") == hub.open_with_prefix("x") == ()
    changed = hub.update(1, PullPatch(title="New", body="Text"))
    assert (changed.title, changed.body) == ("New", "Text")
    assert hub.update(1, PullPatch(body="Only")).title == "New"
    hub.close(1)
    hub.close(1)
    assert hub.get(1).state is PullState.CLOSED
    assert [each.state for each in hub.find(BRANCH)] == [PullState.CLOSED]
    assert hub.open_with_prefix("gitops-streams/") == ()
    assert hub.requests == len(world.forge.requests)


def test_the_head_follows_the_branch(world):
    hub = world.connect()
    hub.create(SPEC)
    world.repository.human_push(BRANCH, {"more": b"x"})
    assert hub.get(1).head_sha == hub.find(BRANCH)[0].head_sha == hub.open_with_prefix(BRANCH)[0].head_sha == world.head


def test_merged_is_not_closed(world):
    hub = world.connect()
    hub.create(SPEC)
    world.repository.pull(1).merge(delete_branch=True)
    assert hub.get(1).state is PullState.MERGED
    assert [(pull.head, pull.state) for pull in hub.find(BRANCH)] == [(BRANCH, PullState.MERGED)]
    hub.close(1)
    assert hub.get(1).state is PullState.MERGED


def test_a_forks_branch_of_the_same_name_is_not_ours(world):
    hub = world.connect()
    ours = hub.create(SPEC)
    forks = {Kind.AZURE_DEVOPS: "mallory/theirs"}
    fork = world.repository.fork(forks.get(world.kind, "mallory"))
    fork.human_push(BRANCH, {"deploy/evil.yaml": b"x"})
    world.repository.open_pull(BRANCH, by="mallory", head_repository=fork)
    assert hub.find(BRANCH) == hub.open_with_prefix(BRANCH) == (ours,)
    assert not hub.get(2).own


def test_open_ones_are_listed_by_prefix_oldest_first(world):
    hub = world.connect()
    for name in ("gitops-streams/main/b", "gitops-streams/main/a", "other"):
        world.repository.human_push(name, {f"{name}.yaml": b"x"}, start="main")
        hub.create(PullSpec(head=name, base="main", title=name, body=""))
    hub.create(SPEC)
    world.repository.pull(4).close_by("alice")
    assert [pull.title for pull in hub.open_with_prefix("gitops-streams/main/")] == [
        "gitops-streams/main/b",
        "gitops-streams/main/a",
    ]


def test_lists_are_read_to_their_end(world):
    hub = world.connect()
    commit = world.head
    refs = "".join(f"create refs/heads/x/{index} {commit}\n" for index in range(101))
    world.repository.git.git("update-ref", "--stdin", stdin=refs.encode())
    for index in range(101):
        world.repository.open_pull(f"x/{index}", body="b")
    assert len(hub.open_with_prefix("x/")) == 101


def test_who_has_it_already_is_returned(world):
    hub = world.connect()
    hub.create(SPEC)
    assert hub.create(SPEC).number == 1
    assert len(world.repository.pulls) == 1


@pytest.mark.parametrize("fault", [AfterEffect(502), Reset(after_effect=True), Garbled()])
def test_an_answer_that_is_lost_opens_no_second_one(world, fault):
    hub = world.connect()
    world.forge.faults.add(CREATE[world.kind], fault)
    pull = hub.create(SPEC)
    assert (pull.number, pull.title, len(world.repository.pulls)) == (1, SPEC.title, 1)


def test_an_answer_that_is_lost_while_lists_lag_opens_no_second_one(world):
    hub = world.connect()
    world.forge.list_lag = 2
    world.forge.faults.add(CREATE[world.kind], AfterEffect(502))
    assert hub.create(SPEC).number == 1
    assert len(world.repository.pulls) == 1


def test_a_refused_try_is_tried_again(world):
    world.forge.faults.add(CREATE[world.kind], Respond(502, {"message": "Server Error"}))
    assert world.connect().create(SPEC).number == 1


def test_an_answer_that_stays_lost_is_told(world):
    world.forge.faults.add(CREATE[world.kind], Respond(502, {"message": "Server Error"}), times=3)
    with pytest.raises(AnswerLost, match="opening a pull request"):
        world.connect().create(SPEC)
    assert world.repository.pulls == []


def test_drafts_come_and_go_and_titles_stay(world):
    hub = world.connect()
    pull = hub.create(PullSpec(SPEC.head, SPEC.base, SPEC.title, SPEC.body, draft=True))
    assert (pull.draft, pull.title) == (True, SPEC.title)
    assert hub.find(BRANCH) == (pull,)
    assert world.repository.pull(1).draft
    renamed = hub.update(1, PullPatch(title="New"))
    assert (renamed.draft, renamed.title) == (True, "New")
    ready = hub.update(1, PullPatch(draft=False))
    assert (ready.draft, ready.title) == (False, "New")
    assert not world.repository.pull(1).draft
    both = hub.update(1, PullPatch(title="Newer", draft=True))
    assert (both.draft, both.title) == (True, "Newer")
    assert hub.get(1).title == "Newer"


def test_one_comment_is_kept_and_those_of_others_are_left_alone(world):
    hub = world.connect()
    hub.create(SPEC)
    marker = "<!-- gitops-streams:blocked -->" if hub.capabilities.hidden_comments else "`gitops-streams:blocked`"
    theirs = world.repository.pull(1).comment(f"{marker}\nmine, says mallory", by="mallory")
    hub.comment_sticky(1, "blocked", "first")
    hub.comment_sticky(1, "review", "another")
    before = len(world.writes)
    hub.comment_sticky(1, "blocked", "first")
    assert len(world.writes) == before
    hub.comment_sticky(1, "blocked", "second")
    texts = [(one.author.login, one.body) for one in world.repository.pull(1).comments]
    gap = "\n" if hub.capabilities.hidden_comments else "\n\n"
    assert texts == [
        ("mallory", theirs.body),
        ("machine", f"{marker}{gap}second"),
        ("machine", f"{marker.replace('blocked', 'review')}{gap}another"),
    ]
    hub.comment_sticky(1, "blocked", None)
    hub.comment_sticky(1, "blocked", None)
    assert [one.author.login for one in world.repository.pull(1).comments] == ["mallory", "machine"]


def test_a_comment_whose_answer_is_lost_is_not_written_twice(world):
    hub = world.connect()
    hub.create(SPEC)
    world.forge.faults.add(r"POST .*/(notes|comments|threads)(\?|$)", AfterEffect(502))
    hub.comment_sticky(1, "blocked", "text")
    hub.comment_sticky(1, "blocked", "text")
    assert len(world.repository.pull(1).comments) == 1


def test_labels_are_given_and_taken_and_those_of_people_stay(world):
    hub = world.connect()
    if not hub.capabilities.labels:
        pytest.skip("has no labels")
    world.repository.create_label("images")
    pull = hub.create(SPEC)
    world.repository.pull(1).add_label("by-hand")
    assert hub.decorate(pull, Decorations(labels=("images",))) == ()
    assert hub.decorate(hub.get(1), Decorations(labels=("new",), create_labels=True)) == ()
    assert hub.get(1).labels == {"images", "by-hand", "new"}
    before = len(world.writes)
    assert hub.decorate(hub.get(1), Decorations(labels=("new", "images"), unwanted_labels=("absent",))) == ()
    assert len(world.writes) == before
    assert hub.decorate(hub.get(1), Decorations(unwanted_labels=("new",))) == ()
    assert hub.find(BRANCH)[0].labels == {"images", "by-hand"}


def test_a_label_that_does_not_exist_is_a_warning(world):
    hub = world.connect()
    if not hub.capabilities.labels or world.kind is Kind.AZURE_DEVOPS:
        pytest.skip("has no labels, or no list of them")
    pull = hub.create(SPEC)
    (warning,) = hub.decorate(pull, Decorations(labels=("absent",)))
    assert "the label absent does not exist; create it, or set pullRequest.createLabels" in warning
    assert world.repository.pull(1).labels == []


def named(world, login: str) -> str:
    """Return how an account is named to this kind of forge."""
    account = world.forge.store.account(login)
    return account.email if world.kind is Kind.AZURE_DEVOPS else login


def test_reviewers_are_asked_once_and_the_author_never(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    with world.forge.store.lock:
        world.repository.pull(1).reviewers.append(world.forge.store.account("carol"))
    wanted = Decorations(reviewers=(named(world, "bob"), named(world, "carol"), named(world, "machine")))
    assert hub.decorate(hub.get(1), wanted) == ()
    assert {one.login for one in world.repository.pull(1).reviewers} == {"bob", "carol"}
    before = len(world.writes)
    assert hub.decorate(hub.get(1), wanted) == ()
    assert len(world.writes) == before
    assert hub.update(pull.number, PullPatch(title="New")).title == "New"
    assert {one.login for one in world.repository.pull(1).reviewers} == {"bob", "carol"}


def test_a_reviewer_who_cannot_be_is_a_warning_and_the_others_are_asked(world):
    hub = world.connect()
    hub.create(SPEC)
    bob = named(world, "bob")
    (warning,) = hub.decorate(hub.get(1), Decorations(reviewers=("nobody", bob)))
    assert "nobody" in warning
    assert [one.login for one in world.repository.pull(1).reviewers] == ["bob"]


def test_assignees_and_milestones(world):
    hub = world.connect()
    hub.create(SPEC)
    world.forge.store.account("bob")
    world.repository.create_milestone("v1")
    warnings = hub.decorate(hub.get(1), Decorations(assignees=("bob",), milestone="v1"))
    if hub.capabilities.milestones:
        assert warnings == ()
        assert [one.login for one in world.repository.pull(1).assignees] == ["bob"]
        assert world.repository.pull(1).milestone.title == "v1"
        before = len(world.writes)
        assert hub.decorate(hub.get(1), Decorations(assignees=("bob",), milestone="v2")) == ()
        assert len(world.writes) == before
    else:
        assert len(warnings) == 1
        assert "bob could not be assigned" in warnings[0]


def test_a_milestone_that_does_not_exist_is_a_warning(world):
    hub = world.connect()
    if not hub.capabilities.milestones:
        pytest.skip("has no milestones")
    (warning,) = hub.decorate(hub.create(SPEC), Decorations(milestone="v9"))
    assert "the milestone v9 does not exist" in warning


@pytest.mark.parametrize("url", ["https://ci.example/1", None])
@pytest.mark.parametrize("state", StatusState)
def test_statuses(world, state, url):
    hub = world.connect()
    hub.create(SPEC)
    hub.set_status(world.head, CommitStatus("gitops-streams/verify", state, "x" * 200, url))
    status = world.repository.status(world.head)["gitops-streams/verify"]
    assert (status.state, len(status.description)) == (state.value, 140)
    assert url is None or status.url == url


def test_auto_merge_is_ordered_seen_and_taken_back(world):
    hub = world.connect()
    if not hub.capabilities.auto_merge:
        pytest.skip("has no auto-merge")
    world.require_a_check()
    pull = hub.create(SPEC)
    assert hub.enable_auto_merge(pull, MergeMethod.SQUASH, delete_branch=True, fallback_merge=True) == AutoMerging()
    assert world.repository.pull(1).auto_merge.method == "squash"
    (seen,) = hub.find(BRANCH)
    assert seen.auto_merge
    assert hub.get(1).auto_merge
    before = len(world.writes)
    assert hub.enable_auto_merge(seen, MergeMethod.SQUASH, delete_branch=True, fallback_merge=True) == AutoMerging()
    assert len(world.writes) == before
    hub.disable_auto_merge(seen)
    hub.disable_auto_merge(seen)
    hub.disable_auto_merge(hub.get(1))
    assert world.repository.pull(1).auto_merge is None
    assert not hub.get(1).auto_merge
    assert isinstance(
        hub.enable_auto_merge(hub.get(1), MergeMethod.MERGE, delete_branch=False, fallback_merge=False), AutoMerging
    )
    world.pass_the_check()
    assert hub.get(1).state is PullState.MERGED


def test_nothing_is_merged_at_once_unless_that_is_wanted(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    refused = hub.enable_auto_merge(pull, MergeMethod.MERGE, delete_branch=False, fallback_merge=False)
    assert isinstance(refused, NotAutoMerging)
    assert refused.reason
    assert world.repository.pull(1).is_open
    assert world.repository.pull(1).auto_merge is None
    if hub.capabilities.auto_merge:
        assert hub.enable_auto_merge(pull, MergeMethod.MERGE, delete_branch=False, fallback_merge=True) == Merged()
        assert world.repository.pull(1).merged


def test_a_head_that_was_not_reviewed_is_not_merged(world):
    hub = world.connect()
    world.require_a_check()
    pull = hub.create(SPEC)
    world.repository.human_push(BRANCH, {"more": b"x"})
    for fallback in (False, True):
        took = hub.enable_auto_merge(pull, MergeMethod.MERGE, delete_branch=False, fallback_merge=fallback)
        assert isinstance(took, NotAutoMerging)
    assert world.repository.pull(1).is_open
    assert world.repository.pull(1).auto_merge is None


def test_checks_that_are_not_required_hold_back_a_merge_at_once(world):
    hub = world.connect()
    if not hub.capabilities.auto_merge or world.kind in {Kind.AZURE_DEVOPS, Kind.BITBUCKET_DATA_CENTER}:
        pytest.skip("the forge's own checks are all that is known")
    pull = hub.create(SPEC)
    if world.kind is Kind.GITLAB:
        world.repository.set_pipeline(world.head, "failed")
    else:
        world.repository.set_status(world.head, "ci", "failure")
    took = hub.enable_auto_merge(pull, MergeMethod.MERGE, delete_branch=False, fallback_merge=True)
    assert isinstance(took, NotAutoMerging)
    assert world.repository.pull(1).is_open


def test_a_token_without_rights_is_told_what_to_change_and_never_shown(world):
    token = world.forge.token("narrow", permissions={"contents": "read", "pull_requests": "read", "metadata": "read"})
    hub = world.connect(token)
    with pytest.raises(ForgeError) as caught:
        hub.create(SPEC)
    assert caught.value.hint
    assert any(word in caught.value.hint for word in ("Pull requests", "scope", "Repository write", "Contribute"))
    assert world.repository.pulls == []
    assert token.value not in "".join(traceback.format_exception(caught.value)) + repr(hub) + str(caught.value.hint)


def test_a_revoked_token_is_told(world):
    token = world.forge.token("gone")
    token.revoked = True
    with pytest.raises(ForgeError) as caught:
        world.connect(token).find(BRANCH)
    assert "token is not valid" in caught.value.hint
    assert token.value not in "".join(traceback.format_exception(caught.value))


def test_what_a_forge_says_of_a_token_is_not_shown(world):
    token = world.forge.token("machine")
    hub = world.connect(token)
    hub.find(BRANCH)
    world.forge.faults.add(CREATE[world.kind], Respond(400, {"message": f"bad token {token.value}"}))
    with pytest.raises(ForgeError) as caught:
        hub.create(SPEC)
    assert token.value not in "".join(traceback.format_exception(caught.value))
    assert "***" in caught.value.message


def test_a_repository_that_is_not_there_is_told(world):
    name = world.repository.full_name.replace("gitops", "absent")
    with pytest.raises(ForgeError) as caught:
        world.connect(name=name).find(BRANCH)
    assert "forge.repository" in caught.value.hint


def test_an_archived_repository_is_told(world):
    world.repository.archived = True
    with pytest.raises(ForgeError) as caught:
        world.connect().create(SPEC)
    assert world.kind is Kind.BITBUCKET_CLOUD or "archive" in caught.value.hint or "disabled" in caught.value.message
    assert world.repository.pulls == []


def test_a_base_that_is_gone_is_told(world):
    with pytest.raises(ForgeError) as caught:
        world.connect().create(PullSpec(BRANCH, "gone", "t", "b"))
    assert "pullRequest.base" in caught.value.hint


def test_being_too_fast_is_waited_for(world):
    hub = world.connect()
    hub.find(BRANCH)
    world.forge.faults.add(CREATE[world.kind], Respond(429, {"message": "slow down"}, {"Retry-After": "7"}))
    assert hub.create(SPEC).number == 1
    assert 7.0 in world.clock.slept
    world.forge.faults.add(CREATE[world.kind], Respond(429, {"message": "slow down"}, {"Retry-After": "9999"}))
    hub.close(1)
    with pytest.raises(RateLimited, match="9999 s"):
        hub.create(SPEC)


def test_the_account_and_its_credential(world):
    token = world.forge.token("machine")
    hub = world.connect(token)
    assert hub.account() == "machine"
    assert isinstance(hub, LendsCredential)
    credential = hub.git_credential()
    assert credential.password == token.value
    assert credential.username
    assert token.value not in repr(credential)


def test_a_body_of_the_longest_length_is_taken(world):
    hub = world.connect()
    limit = hub.capabilities.body_limit
    body = "x" * limit
    assert hub.create(PullSpec(BRANCH, "main", "t", body)).body == body
    assert hub.find(BRANCH)[0].body == body
