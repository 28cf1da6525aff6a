from __future__ import annotations

import pytest
from fake_forge import Kind, Respond
from forge_worlds import BRANCH, forge_world

from gitops_streams.errors import ForgeError
from gitops_streams.forges.forge import NotAutoMerging
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


@pytest.fixture
def world(forge, clock):
    made = forge_world(forge, Kind.BITBUCKET_CLOUD, clock)
    yield made
    for each in made.opened:
        each.close_connections()


@pytest.mark.parametrize(
    ("username", "scheme", "git"),
    [(None, "bearer", "x-token-auth"), ("bot@acme.example", "basic", "x-bitbucket-api-token-auth")],
)
def test_access_tokens_and_api_tokens(world, username, scheme, git):
    token = world.forge.token("machine")
    hub = world.connect(token, username=username)
    hub.find(BRANCH)
    assert {one.authentication for one in world.forge.requests} == {scheme}
    assert hub.git_credential().username == git
    assert hub.git_credential().password == token.value


def test_an_encoded_token_is_not_shown_either(world):
    token = world.forge.token("machine")
    hub = world.connect(token, username="bot@acme.example")
    encoded = next(iter(hub._authorization.headers().values())).partition(" ")[2]  # noqa: SLF001 - to look for it
    world.forge.faults.add("GET", Respond(400, {"error": {"message": f"{encoded} {token.value}"}}))
    with pytest.raises(ForgeError) as caught:
        hub.find(BRANCH)
    assert encoded not in caught.value.message
    assert token.value not in caught.value.message


def test_a_second_request_is_never_made_since_it_would_change_the_first(world):
    hub = world.connect()
    hub.create(SPEC)
    before = len(world.writes)
    assert hub.create(PullSpec(BRANCH, "main", "other", "other")).title == SPEC.title
    assert len(world.writes) == before


def test_commits_are_told_in_full(world):
    hub = world.connect()
    assert len(hub.create(SPEC).head_sha) == 40
    (one,) = hub.open_with_prefix("gitops-streams/")
    assert one.head_sha == world.head
    world.repository.delete_branch(BRANCH)
    assert hub.get(1).head_sha == one.head_sha[:12]


def test_a_branch_with_a_quotation_mark_is_found(world):
    name = 'odd"name'
    world.repository.human_push(name, {"o": b"x"}, start="main")
    hub = world.connect()
    pull = hub.create(PullSpec(name, "main", "t", "b"))
    assert hub.find(name, "main") == hub.open_with_prefix('odd"') == (pull,)


def test_there_is_no_auto_merge(world):
    hub = world.connect()
    took = hub.enable_auto_merge(hub.create(SPEC), MergeMethod.MERGE, delete_branch=False, fallback_merge=True)
    assert isinstance(took, NotAutoMerging)
    hub.disable_auto_merge(hub.get(1))
    assert world.repository.pull(1).is_open


def test_an_account_that_is_not_told_writes_no_comments(world):
    world.forge.faults.add(r"GET .*/user$", Respond(403, {"type": "error", "error": {"message": "no"}}))
    hub = world.connect()
    hub.create(SPEC)
    with pytest.raises(ForgeError, match="does not tell which account") as caught:
        hub.comment_sticky(1, "review", "x")
    assert "read:user:bitbucket" in caught.value.hint
    assert hub.account() is None


def test_reviewers_go_by_nickname_account_id_or_uuid(world):
    hub = world.connect()
    hub.create(SPEC)
    bob, carol = world.forge.store.account("bob"), world.forge.store.account("carol")
    names = (f"{{00000000-0000-4000-8000-{bob.id:012d}}}", f"557058:{carol.id}")
    assert hub.decorate(hub.get(1), Decorations(reviewers=names)) == ()
    assert [one.login for one in world.repository.pull(1).reviewers] == ["bob", "carol"]
    assert world.repository.pull(1).body == SPEC.body


def test_members_that_may_not_be_listed_are_a_warning(world):
    hub = world.connect()
    world.forge.faults.add(r"GET .*/members", Respond(403, {"error": {"message": "required scopes"}}))
    (warning,) = hub.decorate(hub.create(SPEC), Decorations(reviewers=("bob",)))
    assert "Pull requests: read and write" in warning


def test_a_status_leads_to_the_repository_where_it_leads_nowhere(world):
    hub = world.connect()
    hub.set_status(world.head, CommitStatus("gitops-streams/verify", StatusState.SUCCESS, "d"))
    assert world.repository.status(world.head)["gitops-streams/verify"].url == f"{world.forge.url}/acme/gitops"


def test_an_update_of_nothing_sends_nothing(world):
    hub = world.connect()
    hub.create(SPEC)
    before = len(world.writes)
    assert hub.update(1, PullPatch()).title == SPEC.title
    assert len(world.writes) == before


def test_a_refused_decline_of_an_open_one_is_an_error(world):
    hub = world.connect()
    hub.create(SPEC)
    world.forge.faults.add(r"POST .*/decline", Respond(403, {"error": {"message": "no"}}))
    with pytest.raises(ForgeError):
        hub.close(1)
    assert hub.get(1).state is PullState.OPEN


def test_only_the_number_of_the_next_page_is_taken_from_its_address(world):
    hub = world.connect()
    hub.create(SPEC)
    for index in range(60):
        world.repository.pull(1).comment(f"{index}")
    first = {
        "values": [],
        "next": "https://evil.example/2.0/repositories/acme/gitops/pullrequests/1/comments?page=2&q=x",
    }
    world.forge.faults.add(r"GET .*/comments", Respond(200, first))
    hub.comment_sticky(1, "review", "x")
    assert [one.query.get("page") for one in world.forge.log("GET", "/comments")] == [None, "2"]
    assert all("q" not in one.query for one in world.forge.log("GET", "/comments"))
