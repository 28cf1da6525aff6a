from __future__ import annotations

import pytest
from fake_forge import Garbled, Kind, Respond
from forge_worlds import BRANCH, forge_world

from gitops_streams.errors import ForgeError
from gitops_streams.forges.azure_devops.forge import authorization_for
from gitops_streams.forges.forge import Merged, NotAutoMerging
from gitops_streams.forges.http.refusal import ForgeUnreachable
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
ORDER = {"delete_branch": False, "fallback_merge": False}
PATCH = r"PATCH .*/pullrequests/1\?"


@pytest.fixture
def world(forge, clock):
    made = forge_world(forge, Kind.AZURE_DEVOPS, clock)
    yield made
    for each in made.opened:
        each.close_connections()


def test_personal_tokens_are_passwords_and_json_web_tokens_are_not(world):
    token = world.forge.token("machine")
    hub = world.connect(token)
    hub.find(BRANCH)
    assert {one.authentication for one in world.forge.requests} == {"basic"}
    assert hub.git_credential().password == token.value
    assert authorization_for("eyJ0.eyJz.sig").headers() == {"Authorization": "Bearer eyJ0.eyJz.sig"}
    assert authorization_for("eyJ0").headers()["Authorization"].startswith("Basic ")


def test_every_request_names_the_version_and_the_project(world):
    world.connect().find(BRANCH)
    (first, *_) = world.forge.requests
    assert first.path == "/acme/My Project/_apis/git/repositories/gitops/pullrequests"
    assert first.query["api-version"] == "7.1"


@pytest.mark.parametrize("fault", [Garbled(), Respond(302, None, {"Location": "https://login.example/_signin"})])
def test_a_page_to_sign_in_is_taken_for_what_it_means(world, fault):
    world.forge.faults.add("GET", fault)
    with pytest.raises(ForgeUnreachable) as caught:
        world.connect().create(SPEC)
    assert "the token is not valid" in caught.value.hint


def test_another_broken_answer_keeps_its_own_hint(world):
    world.forge.faults.add("GET", Respond(500, {"message": "x"}), times=4)
    with pytest.raises(ForgeError) as caught:
        world.connect().create(SPEC)
    assert "sign in" not in (caught.value.hint or "")


def test_descriptions_that_a_list_cuts_are_read_in_full(world):
    marker = f"<!-- gitops-streams:v1 {'x' * 500} -->\n"
    hub = world.connect()
    hub.create(PullSpec(BRANCH, "main", "t", marker + "y" * 1000))
    assert hub.find(BRANCH)[0].body == hub.open_with_prefix("gitops-streams/")[0].body == marker + "y" * 1000
    hub.close(1)
    assert hub.find(BRANCH)[0].body.startswith(marker)


def test_a_closed_one_whose_marker_is_to_be_seen_is_not_asked_for_again(world):
    hub = world.connect()
    hub.create(PullSpec(BRANCH, "main", "t", "<!-- x -->\n" + "y" * 1000))
    hub.close(1)
    before = len(world.forge.requests)
    assert hub.find(BRANCH)[0].state is PullState.CLOSED
    assert len(world.forge.requests) == before + 1


def test_a_description_over_the_limit_is_told(world):
    with pytest.raises(ForgeError) as caught:
        world.connect().create(PullSpec(BRANCH, "main", "t", "x" * 4001))
    assert "4000 characters" in caught.value.hint


def test_reviewers_go_by_id_name_or_team(world):
    hub = world.connect()
    hub.create(SPEC)
    bob, carol = world.forge.store.account("bob"), world.forge.store.account("carol")
    guid = f"00000000-0000-0000-0000-{bob.id:012d}"
    assert hub.decorate(hub.get(1), Decorations(reviewers=(guid, carol.name))) == ()
    assert [one.login for one in world.repository.pull(1).reviewers] == ["bob", "carol"]
    before = len(world.writes)
    assert hub.decorate(hub.get(1), Decorations(reviewers=(guid,))) == ()
    assert len(world.writes) == before
    world.forge.faults.add(r"PUT .*/reviewers/00000000-0000-0000-0000-000000000007", Respond(200, {}))
    assert hub.decorate(hub.get(1), Decorations(team_reviewers=("acme/Everybody",))) == ()
    (warning,) = hub.decorate(hub.get(1), Decorations(team_reviewers=("nobody",)))
    assert "name the account's id instead" in warning


def test_teams_that_may_not_be_listed_are_a_warning(world):
    hub = world.connect()
    world.forge.faults.add(r"GET .*/teams", Respond(401, {"message": "no"}))
    warnings = hub.decorate(hub.create(SPEC), Decorations(reviewers=("bob",)))
    assert "Project and team: read" in warnings[0]
    assert "bob was not found" in warnings[1]


def test_labels_that_are_refused_are_warnings(world):
    hub = world.connect()
    hub.create(SPEC)
    world.repository.pull(1).add_label("old")
    world.forge.faults.add(r"(POST|DELETE) .*/labels", Respond(403, {"message": "TF401027: You need"}), times=2)
    warnings = hub.decorate(hub.get(1), Decorations(labels=("new",), unwanted_labels=("old",)))
    assert [warning.partition(":")[0] for warning in warnings] == ["the label new", "the label old"]
    assert all("Contribute to pull requests" in warning for warning in warnings)


def test_a_status_has_a_genre_and_a_name(world):
    hub = world.connect()
    hub.set_status(world.head, CommitStatus("gitops-streams/verify", StatusState.FAILURE, "d"))
    assert world.forge.log("POST", "/statuses")[0].body["context"] == {"genre": "gitops-streams", "name": "verify"}


def test_comments_of_ours_ask_for_no_answer(world):
    hub = world.connect()
    hub.create(SPEC)
    hub.comment_sticky(1, "review", "x")
    assert world.forge.log("POST", "/threads")[0].body["status"] == "closed"


def test_threads_on_lines_and_deleted_ones_are_none_of_ours(world):
    hub = world.connect()
    hub.create(SPEC)
    account = world.forge.store.account("machine")
    author = {"id": f"00000000-0000-0000-0000-{account.id:012d}"}
    comment = {"id": 1, "content": "<!-- gitops-streams:review -->\nx", "author": author}
    threads = [
        {"id": 1, "isDeleted": True, "comments": [comment]},
        {"id": 2, "threadContext": {"filePath": "/a"}, "comments": [comment]},
        {"id": 3, "comments": [{**comment, "isDeleted": True}]},
        {"id": 4, "comments": []},
    ]
    world.forge.faults.add(r"GET .*/threads", Respond(200, {"value": threads}))
    hub.comment_sticky(1, "review", "x")
    assert len(world.repository.pull(1).comments) == 1


def test_a_head_that_moved_is_not_completed(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    world.repository.human_push(BRANCH, {"more": b"x"})
    took = hub.enable_auto_merge(pull, MergeMethod.MERGE, delete_branch=False, fallback_merge=True)
    assert took == NotAutoMerging("somebody pushed to the branch meanwhile")


def test_a_completion_goes_on_in_the_background(world, clock):
    hub = world.connect()
    pull = hub.create(SPEC)
    document = {**hub._repository.read(1).value, "status": "active"}  # noqa: SLF001 - what Azure would answer
    world.forge.faults.add(PATCH, Respond(200, document))
    took = hub.enable_auto_merge(pull, MergeMethod.MERGE, delete_branch=True, fallback_merge=True)
    assert isinstance(took, NotAutoMerging)
    assert clock.slept == [2.0, 4.0]
    took = hub.enable_auto_merge(pull, MergeMethod.SQUASH, delete_branch=True, fallback_merge=True)
    assert took == Merged()
    assert world.repository.git.branch(BRANCH) is None


def test_a_policy_that_refuses_is_told(world):
    hub = world.connect()
    pull = hub.create(SPEC)
    world.require_a_check()
    world.forge.faults.add(PATCH, Respond(403, {"message": "TF401027: You need the Git permission"}))
    took = hub.enable_auto_merge(pull, MergeMethod.MERGE, **ORDER)
    assert "Contribute to pull requests" in took.reason


def test_auto_complete_that_cannot_be_taken_back_is_an_error_while_it_is_on(world):
    hub = world.connect()
    world.require_a_check()
    pull = hub.create(SPEC)
    hub.enable_auto_merge(pull, MergeMethod.REBASE, **ORDER)
    assert world.repository.pull(1).auto_merge.method == "rebase"
    world.forge.faults.add(PATCH, Respond(400, {"message": "no"}))
    with pytest.raises(ForgeError):
        hub.disable_auto_merge(hub.get(1))
    pull = hub.get(1)
    world.repository.pull(1).close_by("alice")
    world.forge.faults.add(PATCH, Respond(400, {"message": "no"}))
    hub.disable_auto_merge(pull)


def test_nothing_is_sent_for_an_update_of_nothing(world):
    hub = world.connect()
    hub.create(SPEC)
    before = len(world.writes)
    assert hub.update(1, PullPatch()).title == SPEC.title
    assert len(world.writes) == before


def test_a_refused_abandoning_of_an_open_one_is_an_error(world):
    hub = world.connect()
    hub.create(SPEC)
    world.forge.faults.add(PATCH, Respond(403, {"message": "no"}))
    with pytest.raises(ForgeError):
        hub.close(1)
