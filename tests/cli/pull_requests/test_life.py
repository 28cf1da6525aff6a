"""The life of pull requests from end to end: the command line, git over HTTP, and a forge that remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fake_forge import AfterEffect, Reset, Respond

from gitops_streams.review.lifecycle import ClosePull, DeleteBranch, OpenPull, PullOutcome, PushBranch

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World

BRANCH = "gitops-streams/main/all"
CREATED, UPDATED, UNCHANGED = PullOutcome.CREATED, PullOutcome.UPDATED, PullOutcome.UNCHANGED
CLOSED, BLOCKED, NONE, FAILED = PullOutcome.CLOSED, PullOutcome.BLOCKED, PullOutcome.NONE, PullOutcome.FAILED


def commits(world: World, branch: str = BRANCH) -> list[str]:
    return world.git(world.repository.git.path, "log", "--format=%an|%s", f"main..{branch}").splitlines()


def test_a_pull_request_is_opened_and_then_left_alone(world: World) -> None:
    first = world.one()
    assert (first.outcome, first.number) == (CREATED, 1)
    assert first.head == world.branches[BRANCH] == world.pull.head_sha
    assert world.pinned("web").startswith("sha256:")
    assert world.file(BRANCH, ".gitops-streams/status/acme/web.lock")
    assert (world.pull.base, world.pull.draft, world.pull.author.login) == ("main", False, "machine")
    seen, asked = len(world.writes()), len(world.registry.log)
    before = len(world.forge.log())
    second = world.one()
    assert (second.outcome, second.number, second.operations) == (UNCHANGED, 1, ())
    assert world.writes()[seen:] == []
    assert [request.method for request in world.registry.log[asked:]] == ["HEAD"]
    assert len(world.forge.log()) - before <= 8


def test_the_commit_says_what_it_is(world: World) -> None:
    world.one()
    message = world.git(world.repository.git.path, "log", "-1", "--format=%B", BRANCH)
    assert message.startswith("chore(images): update acme/web:prod to sha256:")
    trailers = world.git(world.repository.git.path, "log", "-1", "--format=%(trailers)", BRANCH).splitlines()
    tree = world.git(world.repository.git.path, "rev-parse", f"{BRANCH}^{{tree}}")
    assert "Gitops-Streams-Group: all" in trailers
    assert f"Gitops-Streams-Tree: {tree}" in trailers
    assert any(line.startswith("Image-Digest: ") for line in trailers)


def test_a_new_digest_updates_it_in_place(world: World) -> None:
    world.one()
    old, body = world.branches[BRANCH], world.pull.body
    world.pull.add_label("seen-by-a-person")
    digest = world.release("web")
    done = world.one()
    assert (done.outcome, done.number) == (UPDATED, 1)
    assert world.pinned("web") == str(digest)
    assert world.branches[BRANCH] != old
    assert len(commits(world)) == 1
    assert world.pull.body != body
    assert str(digest) in world.pull.body
    assert world.pull.label_names == {"seen-by-a-person"}
    assert world.one().outcome is UNCHANGED


def test_it_is_closed_when_the_base_has_it_all(world: World) -> None:
    world.one()
    world.take_over()
    done = world.one()
    assert done.outcome is CLOSED
    assert not world.pull.is_open
    assert world.branches == {}
    assert any("gitops-streams" in comment.body for comment in world.pull.comments)
    assert world.one().outcome is NONE
    # Our closing is nobody's refusal.
    world.release("web")
    assert (world.one().outcome, len(world.repository.open_pulls)) == (CREATED, 1)


def test_a_merged_one_whose_branch_was_left_makes_room_for_the_next(world: World) -> None:
    world.one()
    world.pull.merge()
    assert BRANCH in world.branches
    assert world.one().outcome is NONE
    digest = world.release("web")
    done = world.one()
    assert (done.outcome, done.number) == (CREATED, 2)
    assert world.pinned("web") == str(digest)
    assert len(commits(world)) == 1


@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_a_squashed_one_too(world: World, method: str) -> None:
    world.one()
    world.pull.merge(method)
    world.release("web")
    assert (world.one().outcome, len(world.repository.open_pulls)) == (CREATED, 1)


def test_a_persons_commit_blocks_until_the_box_is_ticked(world: World) -> None:
    world.one()
    theirs = world.repository.human_push(BRANCH, {"note.txt": b"mine\n"})
    digest = world.release("web")
    done = world.one()
    assert (done.outcome, done.number) == (BLOCKED, 1)
    assert world.branches[BRANCH] == theirs
    assert world.pull.label_names == {"gitops-streams/blocked"}
    assert len(world.pull.comments) == 1
    assert world.one().outcome is BLOCKED
    assert len(world.pull.comments) == 1
    world.pull.tick_rebuild()
    assert world.one().outcome is UPDATED
    assert world.pinned("web") == str(digest)
    assert (world.pull.label_names, world.pull.comments) == (set(), [])
    assert len(commits(world)) == 1
    assert world.one().outcome is UNCHANGED


def test_the_button_update_branch_is_no_persons_commit(world: World) -> None:
    world.one()
    world.workspace.write("other.txt", "the base moves")
    world.push()
    world.pull.update_branch()
    assert world.one().outcome is UNCHANGED
    digest = world.release("web")
    assert world.one().outcome is UPDATED
    assert world.pinned("web") == str(digest)


def test_a_base_that_moved_beside_it_changes_nothing(world: World) -> None:
    world.one()
    head = world.branches[BRANCH]
    world.workspace.write("other.txt", "the base moves")
    world.push()
    seen = len(world.writes())
    assert world.one().outcome is UNCHANGED
    assert (world.branches[BRANCH], world.writes()[seen:]) == (head, [])


def test_a_base_that_moved_into_its_way_has_it_built_anew(world: World) -> None:
    world.one()
    digest = world.pinned("web")
    path = "deploy/web.yaml"
    world.workspace.write(path, world.workspace.read(path).decode().replace(":1.0 ", ":1.0  # moved ").encode())
    base = world.push()
    done = world.one()
    assert done.outcome is UPDATED
    assert world.git(world.repository.git.path, "rev-parse", f"{BRANCH}^") == base
    assert world.pinned("web") == digest


def test_one_that_a_person_pointed_elsewhere_is_left_to_them(world: World) -> None:
    world.one()
    world.repository.set_branch("release", "main")
    world.pull.retarget("release")
    head = world.branches[BRANCH]
    world.release("web")
    assert world.one().outcome is BLOCKED
    assert world.branches[BRANCH] == head
    assert [pull.number for pull in world.repository.open_pulls] == [1]


def test_one_that_a_person_closed_is_not_opened_again_until_there_is_news(world: World) -> None:
    world.one()
    world.pull.close_by("alice")
    done = world.one()
    assert (done.outcome, done.operations) == (NONE, ())
    assert "closed #1" in done.reason
    digest = world.release("web")
    done = world.one()
    assert (done.outcome, done.number) == (CREATED, 2)
    assert world.pinned("web") == str(digest)


def test_groups_have_pull_requests_of_their_own(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.follow("web", "api")
    world.configure("pullRequest: {groupBy: stream, prune: true}\n")
    done = world.run()
    assert [(pull.group, pull.outcome) for pull in done] == [("acme/api", CREATED), ("acme/web", CREATED)]
    api, web = sorted(world.branches)
    assert (api, web) == ("gitops-streams/main/acme--api", "gitops-streams/main/acme--web")
    assert (world.pinned("api", api) != "", world.pinned("web", api)) == (True, "")
    assert (world.pinned("api", web), world.pinned("web", web) != "") == ("", True)
    # A file that both change is one in each.
    digest = world.release("api")
    done = world.run()
    assert [(pull.group, pull.outcome) for pull in done] == [("acme/api", UPDATED), ("acme/web", UNCHANGED)]
    assert world.pinned("api", api) == str(digest)
    (one,) = world.run("--group", "acme/web")
    assert (one.group, one.outcome) == ("acme/web", UNCHANGED)


def test_a_group_that_is_gone_is_closed_where_pruning_is_on(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.follow("web", "api")
    world.configure("pullRequest: {groupBy: stream}\n")
    world.run()
    world.configure("pullRequest: {groupBy: namespace}\n")
    done = world.run()
    assert [(pull.group, pull.outcome) for pull in done] == [("acme", CREATED), ("acme/api", NONE), ("acme/web", NONE)]
    assert len(world.repository.open_pulls) == 3
    world.configure("pullRequest: {groupBy: namespace, prune: true}\n")
    done = world.run()
    assert [pull.outcome for pull in done] == [UNCHANGED, CLOSED, CLOSED]
    assert list(world.branches) == ["gitops-streams/main/acme"]
    assert [pull.number for pull in world.repository.open_pulls] == [3]


def test_limits(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.follow("web", "api", "db")
    world.configure("pullRequest: {groupBy: stream, maxPerRun: 1, maxOpen: 2}\n")
    assert [pull.outcome for pull in world.run()] == [CREATED, NONE, NONE]
    assert [pull.outcome for pull in world.run()] == [UNCHANGED, CREATED, NONE]
    done = world.run()
    assert [pull.outcome for pull in done] == [UNCHANGED, UNCHANGED, NONE]
    assert "2 pull requests of ours are open" in done[2].reason


def test_decorations_are_given_and_what_cannot_be_is_a_warning(world: World) -> None:
    world.repository.collaborators = {"alice", "machine"}
    world.configure(
        "pullRequest: {labels: [images], createLabels: true, assignees: [alice], reviewers: [alice, nobody],"
        " status: true, draft: new}\n"
    )
    world.forge.store.account("alice")
    done = world.one()
    assert done.outcome is CREATED
    assert any("nobody" in warning for warning in done.warnings)
    pull = world.pull
    assert (pull.label_names, pull.draft) == ({"images"}, True)
    assert [account.login for account in pull.assignees] == ["alice"]
    (status,) = world.repository.statuses[pull.head_sha]
    assert (status.context, status.state) == ("gitops-streams/verify", "success")


def test_people_are_asked_once_and_labels_stay(world: World) -> None:
    world.forge.store.account("alice")
    world.configure("pullRequest: {labels: [images], createLabels: true, reviewers: [alice]}\n")
    world.one()
    world.pull.reviewers.clear()
    world.pull.remove_label("images")
    world.release("web")
    assert world.one().outcome is UPDATED
    assert (world.pull.reviewers, world.pull.label_names) == ([], {"images"})


def test_a_dry_run_says_what_it_would_do_and_does_nothing(world: World) -> None:
    done = world.one("--dry-run")
    assert done.outcome is CREATED
    assert done.operations == (PushBranch(BRANCH, None), OpenPull(draft=False))
    assert (world.writes(), world.branches, world.repository.pulls) == ([], {}, [])
    world.one()
    world.take_over()
    seen = len(world.writes())
    done = world.one("--dry-run")
    assert [type(operation) for operation in done.operations][-2:] == [ClosePull, DeleteBranch]
    assert world.writes()[seen:] == []
    assert world.pull.is_open


@pytest.mark.parametrize("fault", [AfterEffect(502), Reset(after_effect=True)], ids=["502", "reset"])
def test_an_answer_that_is_lost_after_the_creation_makes_no_second_one(world: World, fault: object) -> None:
    world.forge.faults.add(r"POST .*/pulls$", fault)
    done = world.one()
    assert (done.outcome, done.number, len(world.repository.pulls)) == (CREATED, 1, 1)
    assert world.one().outcome is UNCHANGED


def test_one_that_lists_do_not_show_yet_is_not_opened_twice(world: World) -> None:
    world.forge.list_lag = 2
    world.forge.faults.add(r"POST .*/pulls$", AfterEffect(502))
    done = world.one()
    assert (done.outcome, done.number, len(world.repository.pulls)) == (CREATED, 1, 1)


def test_a_text_that_a_person_rewrote_is_written_again(world: World) -> None:
    world.one()
    body = world.pull.body
    world.pull.edit(title="Mine", body="Approved by the boss")
    done = world.one()
    assert (done.outcome, done.number) == (UNCHANGED, 1)
    assert (world.pull.title[:5], world.pull.body) == ("chore", body)


def test_a_failure_of_one_group_does_not_stop_the_others(new_world: Callable[..., World]) -> None:
    world = new_world()
    world.follow("web", "api")
    world.configure("pullRequest: {groupBy: stream}\n")
    world.forge.faults.add(r"POST .*/pulls$", Respond(403, {"message": "Resource not accessible"}))
    done = world.run(code=3)
    assert [pull.outcome for pull in done] == [FAILED, CREATED]
    assert "Resource not accessible" in done[0].reason
    # Its branch is there; the next run goes on.
    assert [pull.outcome for pull in world.run()] == [CREATED, UNCHANGED]


def test_when_all_fail_the_command_does(world: World) -> None:
    world.repository.archived = True
    done = world.reconcile()
    assert done.code == 1
    assert "archived" in done.err
    assert world.repository.pulls == []


@pytest.mark.parametrize(
    ("rights", "word"),
    [
        ({"contents": "read", "pull_requests": "write", "metadata": "read"}, "credentials"),
        ({"contents": "write", "metadata": "read"}, "pull"),
    ],
)
def test_a_token_without_rights_is_named(new_world: Callable[..., World], rights: dict[str, str], word: str) -> None:
    world = new_world(permissions=rights)
    world.follow("web")
    done = world.reconcile()
    assert done.code == 1
    assert word in done.err
    assert "hint: " in done.err
    assert world.repository.pulls == []


def test_a_branch_in_the_way_is_named(world: World) -> None:
    world.repository.set_branch("gitops-streams", "main")
    done = world.reconcile()
    assert done.code == 1
    assert "has a branch gitops-streams, so it cannot have gitops-streams/main/all" in done.err
    assert "branchPrefix" in done.err


def test_a_base_that_is_gone_is_named(world: World) -> None:
    done = world.reconcile("--base", "gone")
    assert done.code == 1
    assert "origin has no branch gone" in done.err


def test_a_detached_head_needs_a_base(world: World) -> None:
    world.workspace.git("checkout", "--quiet", "--detach")
    done = world.reconcile()
    assert done.code == 2
    assert "--base" in done.err
    assert world.one("--base", "main").outcome is CREATED


def test_an_unknown_group_is_a_usage_error(world: World) -> None:
    done = world.reconcile("--group", "nobody")
    assert done.code == 2
    assert "groups here: all" in done.err


def test_a_clone_behind_the_base_plans_from_the_base(world: World) -> None:
    world.one()
    world.workspace.git("reset", "--quiet", "--hard", "HEAD~1")
    assert world.one().outcome is UNCHANGED
    assert world.workspace.git("status", "--porcelain") == ""


def test_a_bots_commits_are_made_and_signed_by_the_forge(new_world: Callable[..., World]) -> None:
    world = new_world("images[bot]", "installation")
    world.follow("web")
    done = world.one()
    assert done.outcome is CREATED
    assert done.head in world.repository.verified
    assert commits(world)[0].startswith("images[bot]|")
    assert world.one().outcome is UNCHANGED
    digest = world.release("web")
    done = world.one()
    assert (done.outcome, world.pinned("web")) == (UPDATED, str(digest))
    assert done.head in world.repository.verified
    world.repository.human_push(BRANCH, {"note.txt": b"mine\n"})
    assert world.one().outcome is BLOCKED


def test_changing_workflows_needs_a_token_that_may(new_world: Callable[..., World]) -> None:
    world = new_world(kind="actions")
    world.follow("web")
    world.workspace.write(".github/workflows/use.yaml", world.workspace.read("deploy/web.yaml"))
    world.push()
    done = world.reconcile()
    assert done.code == 1
    assert ".github/workflows" in done.err
    assert world.branches == {}


def test_auto_merge_is_turned_on_and_off_again_by_what_alarms(world: World) -> None:
    world.repository.protect("main", required_approvals=1)
    world.configure("pullRequest: {autoMerge: {enabled: true}}\n")
    world.one()
    world.pull.merge()
    world.release("web")
    world.one()
    pull = world.repository.pull(2)
    assert pull.auto_merge is not None
    world.release("web", config={"User": "0", "Entrypoint": ["/bin/sh"]})
    done = world.run()
    assert done[0].outcome is UPDATED
    assert world.repository.pull(2).auto_merge is None
