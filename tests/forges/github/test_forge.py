from __future__ import annotations

import pytest
from fake_forge import (
    AfterEffect,
    Garbled,
    Reset,
    Respond,
    could_not_resolve_to_a_node,
    primary_rate_limit,
    secondary_rate_limit,
)

from gitops_streams.errors import ForgeError
from gitops_streams.forges.forge import CommitIdentity, CommitsByApi, GitCredential, KnowsIdentity, LendsCredential
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused, RateLimited
from gitops_streams.review.pull_request import (
    CommitStatus,
    Decorations,
    PullPatch,
    PullSpec,
    PullState,
    StatusState,
)

BRANCH = "gitops-streams/main/all"
SPEC = PullSpec(head=BRANCH, base="main", title="chore(images): update", body="<!-- marker -->\nBody")


def test_a_pull_request_is_opened_found_changed_and_closed(forge, github, repository):
    hub = github()
    assert hub.find(BRANCH) == ()
    pull = hub.create(SPEC)
    assert (pull.number, pull.state, pull.title, pull.head, pull.base) == (
        1,
        PullState.OPEN,
        SPEC.title,
        BRANCH,
        "main",
    )
    assert pull.head_sha == repository.git.branch(BRANCH)
    assert pull.body == SPEC.body
    assert pull.author == "machine"
    assert pull.own
    assert not pull.draft
    assert hub.find(BRANCH) == hub.find(BRANCH, "main") == (pull,)
    assert hub.find(BRANCH, "other") == hub.find("gitops-streams/main") == ()
    changed = hub.update(pull.number, PullPatch(title="New", body="Text"))
    assert (changed.title, changed.body) == ("New", "Text")
    hub.close(pull.number)
    hub.close(pull.number)
    assert hub.get(pull.number).state is PullState.CLOSED
    assert [each.state for each in hub.find(BRANCH)] == [PullState.CLOSED]


def test_merged_is_not_closed(github, repository):
    hub = github()
    pull = hub.create(SPEC)
    repository.pull(pull.number).merge()
    assert hub.get(pull.number).state is PullState.MERGED
    hub.close(pull.number)
    assert hub.get(pull.number).state is PullState.MERGED


def test_a_forks_branch_of_the_same_name_is_not_ours(forge, github, repository):
    hub = github()
    ours = hub.create(SPEC)
    fork = repository.fork("mallory")
    fork.human_push(BRANCH, {"deploy/evil.yaml": b"x"})
    with forge.store.lock:
        theirs = repository.create_pull("t", "", "main", BRANCH, fork, forge.store.account("mallory"), draft=False)
    assert hub.find(BRANCH) == hub.open_with_prefix(BRANCH) == (ours,)
    assert not hub.get(theirs.number).own


def test_open_ones_are_listed_by_prefix_oldest_first(github, repository):
    hub = github()
    for name in ("b", "a"):
        repository.human_push(f"gitops-streams/main/{name}", {f"{name}.yaml": b"x"}, start="main")
        hub.create(PullSpec(head=f"gitops-streams/main/{name}", base="main", title=name, body=""))
    repository.human_push("other", {"o.yaml": b"x"}, start="main")
    hub.create(PullSpec(head="other", base="main", title="o", body=""))
    hub.create(SPEC)
    repository.pull(4).close_by("alice")
    assert [pull.title for pull in hub.open_with_prefix("gitops-streams/main/")] == ["b", "a"]


def test_lists_are_read_to_their_end(github, repository):
    hub = github()
    for index in range(101):
        repository.git.git("branch", f"x/{index}", BRANCH)
        with repository.store.lock:
            repository.create_pull(
                "t", "", "main", f"x/{index}", repository, repository.store.account("alice"), draft=False
            )
    assert len(hub.open_with_prefix("x/")) == 101


def test_who_has_it_already_is_returned(forge, github):
    hub = github()
    first = hub.create(SPEC)
    assert hub.create(SPEC).number == first.number
    assert len(forge.log("POST", "/pulls")) == 2


def test_who_has_it_already_is_found_even_where_the_filter_by_head_fails(forge, github):
    hub = github()
    first = hub.create(SPEC)
    forge.faults.add(r"GET .*/pulls\?.*head=", Respond(200, []))
    assert hub.create(SPEC).number == first.number


@pytest.mark.parametrize("fault", [AfterEffect(502), AfterEffect(500), Reset(after_effect=True), Garbled()])
def test_an_answer_that_is_lost_opens_no_second_one(forge, github, repository, fault):
    hub = github()
    forge.faults.add(r"POST .*/pulls$", fault)
    assert hub.create(SPEC).number == 1
    assert len(repository.pulls) == 1


def test_an_answer_that_is_lost_while_lists_lag_opens_no_second_one(forge, github, repository):
    hub = github()
    forge.list_lag = 2
    forge.faults.add(r"POST .*/pulls$", AfterEffect(502))
    assert hub.create(SPEC).number == 1
    assert len(repository.pulls) == 1


def test_an_answer_that_stays_lost_is_told(forge, github, repository):
    forge.faults.add(r"POST .*/pulls$", Respond(502, {"message": "Server Error"}), times=3)
    with pytest.raises(AnswerLost, match="opening a pull request"):
        github().create(SPEC)
    assert repository.pulls == []


def test_a_branch_that_is_not_known_everywhere_yet_is_waited_for(forge, github, clock):
    invalid = {
        "message": "Validation Failed",
        "errors": [{"resource": "PullRequest", "field": "head", "code": "invalid"}],
    }
    forge.faults.add(r"POST .*/pulls$", Respond(422, invalid))
    forge.faults.add(r"POST .*/pulls$", could_not_resolve_to_a_node())
    assert github().create(SPEC).number == 1
    assert clock.slept.count(2.0) == 2


def test_changes_are_a_second_apart(github, clock):
    hub = github()
    pull = hub.create(SPEC)
    hub.update(pull.number, PullPatch(title="a"))
    hub.close(pull.number)
    assert clock.slept == [1.0, 1.0]


def test_limits_are_waited_for(forge, github, clock):
    forge.faults.add(r"POST .*/pulls$", secondary_rate_limit(None))
    forge.faults.add(r"GET .*/pulls\?", primary_rate_limit(int(clock.now) + 90))
    hub = github()
    assert hub.find(BRANCH) == ()
    assert hub.create(SPEC).number == 1
    assert 91.0 in clock.slept
    assert 60.0 in clock.slept


def test_a_limit_that_is_too_long_is_told_and_nothing_is_made(forge, github, repository):
    forge.faults.add(r"POST .*/pulls$", secondary_rate_limit(3600))
    with pytest.raises(RateLimited, match="3600 s"):
        github().create(SPEC)
    assert repository.pulls == []


def test_a_renamed_repository_is_followed_and_found(forge, github, repository):
    repository.rename("acme/platform")
    hub = github()
    pull = hub.create(SPEC)
    assert hub.find(BRANCH) == (pull,)
    assert hub.update(pull.number, PullPatch(title="New")).title == "New"


def test_an_archived_repository_is_told_before_anything_is_made(forge, github, repository):
    repository.archived = True
    with pytest.raises(ForgeError, match="acme/gitops is archived") as caught:
        github().create(SPEC)
    assert "unarchive" in caught.value.hint
    assert forge.log("POST") == []


@pytest.mark.parametrize(
    ("kind", "permissions", "hint"),
    [
        ("pat", {"contents": "write"}, "Pull requests: write; in a workflow, permissions: pull-requests: write"),
        ("actions", {"contents": "write"}, "Pull requests: write; in a workflow, permissions: pull-requests: write"),
    ],
)
def test_a_token_without_rights_is_told_which(forge, github, kind, permissions, hint):
    with pytest.raises(ForgeRefused, match="Resource not accessible by") as caught:
        github(forge.token("machine", kind=kind, permissions=permissions)).create(SPEC)
    assert hint in caught.value.hint


def test_the_setting_for_actions_is_named(forge, github, repository):
    repository.actions_may_create_pulls = False
    with pytest.raises(ForgeRefused, match="not permitted to create") as caught:
        github(forge.token(kind="actions")).create(SPEC)
    assert '"Allow GitHub Actions to create and approve pull requests"' in caught.value.hint


def test_a_private_repository_that_is_not_seen_is_told_as_that(forge, github):
    forge.create_repository("acme/secret", private=True)
    with pytest.raises(ForgeRefused, match="reading the repository acme/secret failed") as caught:
        github(forge.token("eve", repositories=[]), "acme/secret").find(BRANCH)
    assert "private" in caught.value.hint


def test_a_token_that_is_not_valid_is_told_as_that(forge, github):
    token = forge.token("machine")
    token.revoked = True
    with pytest.raises(ForgeRefused, match="Bad credentials") as caught:
        github(token).find(BRANCH)
    assert "make a new one" in caught.value.hint
    assert token.value not in str(vars(caught.value))


@pytest.mark.parametrize(
    ("spec", "said", "hint"),
    [
        (PullSpec(BRANCH, "gone", "t", ""), "base invalid", "pullRequest.base"),
        (PullSpec("gone", "main", "t", ""), "head invalid", "run again"),
        (PullSpec("even", "main", "t", ""), "No commits between main and even", "run again"),
        (PullSpec(BRANCH, "main", "t", "x" * 70_000), "body is too long", "65536"),
    ],
)
def test_what_cannot_be_opened_says_why(github, repository, spec, said, hint):
    repository.git.git("branch", "even", "main")
    with pytest.raises(ForgeRefused, match=said) as caught:
        github().create(spec)
    assert hint in caught.value.hint


def test_single_sign_on_is_named(forge, github):
    message = "Resource protected by organization SAML enforcement."
    answer = Respond(403, {"message": message}, {"X-GitHub-SSO": "required; url=https://github.com/orgs/acme/sso?x=1"})
    forge.faults.add(r"GET .*/repos/acme/gitops$", answer)
    with pytest.raises(ForgeRefused) as caught:
        github().find(BRANCH)
    assert "Configure SSO" in caught.value.hint


def test_a_status_is_set_and_its_text_fits(forge, github, repository):
    sha = repository.git.branch(BRANCH)
    status = CommitStatus("gitops-streams/verify", StatusState.SUCCESS, "x" * 200, "https://ci.example/1")
    forge.faults.add(r"POST .*/statuses/", Respond(502, {}))
    github().set_status(sha, status)
    (found,) = repository.statuses[sha]
    assert (found.context, found.state, len(found.description), found.url) == (
        "gitops-streams/verify",
        "success",
        140,
        "https://ci.example/1",
    )


def test_who_we_are(forge, github):
    hub = github()
    assert hub.account() == "machine"
    identity = hub.identity()
    assert identity == CommitIdentity(
        "machine", f"{forge.store.account('machine').id}+machine@users.noreply.github.com"
    )
    assert isinstance(hub, CommitsByApi)
    assert isinstance(hub, KnowsIdentity)
    assert isinstance(hub, LendsCredential)
    token = forge.token("machine")
    credential = github(token).git_credential()
    assert credential == GitCredential("x-access-token", token.value)
    assert token.value not in repr(credential)


def test_a_sticky_comment_is_written_rewritten_and_removed(forge, github, repository):
    hub = github()
    number = hub.create(SPEC).number
    pull = repository.pull(number)
    theirs = pull.comment("<!-- gitops-streams:blocked -->\nmine, I say", by="mallory")
    hub.comment_sticky(number, "blocked", "Somebody pushed.")
    hub.comment_sticky(number, "blocked", "Somebody pushed.")
    assert [(each.author.login, each.body) for each in pull.comments] == [
        ("mallory", theirs.body),
        ("machine", "<!-- gitops-streams:blocked -->\nSomebody pushed."),
    ]
    assert len(forge.log("POST", "/comments")) == 1
    assert forge.log("PATCH", "/comments") == []
    hub.comment_sticky(number, "blocked", "Two people pushed.")
    hub.comment_sticky(number, "other", "Else.")
    assert [each.body for each in pull.comments][1:] == [
        "<!-- gitops-streams:blocked -->\nTwo people pushed.",
        "<!-- gitops-streams:other -->\nElse.",
    ]
    hub.comment_sticky(number, "blocked", None)
    hub.comment_sticky(number, "blocked", None)
    assert [each.author.login for each in pull.comments] == ["mallory", "machine"]


def test_a_sticky_comment_is_found_behind_a_hundred_others(forge, github, repository):
    hub = github()
    number = hub.create(SPEC).number
    pull = repository.pull(number)
    for index in range(120):
        pull.comment(f"chat {index}", by="alice")
    hub.comment_sticky(number, "blocked", "a")
    hub.comment_sticky(number, "blocked", "b")
    assert [each.body for each in pull.comments if each.author.login == "machine"] == [
        "<!-- gitops-streams:blocked -->\nb"
    ]


def test_comments_too_many_are_taken_away(github, repository):
    hub = github()
    number = hub.create(SPEC).number
    pull = repository.pull(number)
    for _ in range(2):
        pull.comment("<!-- gitops-streams:blocked -->\r\nsame  ", by="machine")
    hub.comment_sticky(number, "blocked", "same")
    assert [each.body for each in pull.comments] == ["<!-- gitops-streams:blocked -->\r\nsame  "]


def test_a_comment_whose_answer_is_lost_is_not_written_twice(forge, github, repository):
    hub = github()
    number = hub.create(SPEC).number
    forge.faults.add(r"POST .*/comments$", AfterEffect(502))
    hub.comment_sticky(number, "blocked", "a")
    assert len(repository.pull(number).comments) == 1


def test_decorations_are_given_once(forge, github, repository):
    hub = github()
    repository.create_label("images")
    with forge.store.lock:
        repository.milestones.append(forge_milestone(3, "Q4"))
        repository.teams.add("platform")
    forge.store.account("alice")
    pull = hub.create(SPEC)
    wanted = Decorations(
        labels=("images", "new"),
        create_labels=True,
        assignees=("alice",),
        reviewers=("alice", "Machine"),
        team_reviewers=("acme/platform",),
        milestone="Q4",
    )
    assert hub.decorate(pull, wanted) == ()
    stored = repository.pull(pull.number)
    assert stored.label_names == {"images", "new"}
    assert [who.login for who in stored.assignees] == ["alice"]
    assert [who.login for who in stored.reviewers] == ["alice"]
    assert stored.team_reviewers == ["platform"]
    assert stored.milestone.number == 3
    before = len(forge.requests)
    assert hub.decorate(hub.get(pull.number), wanted) == ()
    assert len(forge.requests) == before + 1


def forge_milestone(number: int, title: str):
    from fake_forge.records import Milestone  # noqa: PLC0415

    return Milestone(number, title)


def test_what_people_did_to_a_pull_request_stays(forge, github, repository):
    hub = github()
    with forge.store.lock:
        repository.milestones += [forge_milestone(1, "Q3"), forge_milestone(2, "Q4")]
    pull = hub.create(SPEC)
    stored = repository.pull(pull.number)
    stored.add_label("theirs")
    stored.milestone = repository.milestones[0]
    assert hub.decorate(hub.get(pull.number), Decorations(milestone="Q4", unwanted_labels=("mine",))) == ()
    assert stored.label_names == {"theirs"}
    assert stored.milestone.title == "Q3"


@pytest.mark.parametrize(("name", "number"), [("Q4", 2), ("2", 2), ("7", 5), ("9", None), ("old", None)])
def test_a_milestone_is_named_by_title_or_number(forge, github, repository, name, number):
    with forge.store.lock:
        repository.milestones += [forge_milestone(2, "Q4"), forge_milestone(5, "7")]
    hub = github()
    pull = hub.create(SPEC)
    warnings = hub.decorate(pull, Decorations(milestone=name))
    stored = repository.pull(pull.number)
    assert (stored.milestone.number if stored.milestone else None) == number
    assert bool(warnings) is (number is None)


def test_unwanted_labels_go(github, repository):
    hub = github()
    pull = hub.create(SPEC)
    for name in ("gitops-streams/blocked", "theirs"):
        repository.pull(pull.number).add_label(name)
    assert hub.decorate(hub.get(pull.number), Decorations(unwanted_labels=("GitOps-streams/Blocked", "none"))) == ()
    assert repository.pull(pull.number).label_names == {"theirs"}


def test_decorations_that_fail_are_warnings_and_the_rest_is_given(forge, github, repository):
    hub = github(forge.token("machine", permissions={"contents": "write", "pull_requests": "write"}))
    with forge.store.lock:
        repository.collaborators = {"alice", "bob"}
        repository.teams.add("platform")
    repository.create_label("images")
    pull = hub.create(SPEC)
    wanted = Decorations(
        labels=("absent", "images"),
        assignees=("alice", "stranger"),
        reviewers=("alice", "stranger", "bob"),
        team_reviewers=("platform",),
        milestone="none",
    )
    warnings = hub.decorate(pull, wanted)
    stored = repository.pull(pull.number)
    assert stored.label_names == {"images"}
    assert [who.login for who in stored.assignees] == ["alice"]
    assert [who.login for who in stored.reviewers] == ["alice", "bob"]
    assert stored.team_reviewers == []
    text = "\n".join(warnings)
    for part in ("absent does not exist", "stranger could not be assigned", "stranger: ", "Members: read", "none"):
        assert part in text
    assert len(warnings) == 5


def test_a_new_pull_request_that_is_not_known_everywhere_is_decorated_at_last(forge, github, repository):
    hub = github()
    forge.store.account("alice")
    pull = hub.create(SPEC)
    forge.faults.add(r"POST .*/requested_reviewers$", could_not_resolve_to_a_node())
    assert hub.decorate(pull, Decorations(reviewers=("alice",))) == ()
    assert [who.login for who in repository.pull(pull.number).reviewers] == ["alice"]


def test_nobody_is_asked_again_who_has_reviewed(forge, github, repository):
    hub = github()
    with forge.store.lock:
        repository.teams.add("platform")
    pull = hub.create(SPEC)
    stored = repository.pull(pull.number)
    stored.approve("alice")
    forge.store.account("bob")
    wanted = Decorations(reviewers=("alice", "bob"), team_reviewers=("platform",))
    assert hub.decorate(hub.get(pull.number), wanted) == ()
    assert [who.login for who in stored.reviewers] == ["bob"]
    assert stored.team_reviewers == []
