"""The rules of a pull request's life, one by one. ``test_life`` shows what they do together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_streams.review import wording
from gitops_streams.review.decide import decide
from gitops_streams.review.lifecycle import (
    BLOCKED_LABEL,
    BranchCommit,
    ClosePull,
    Comment,
    DeleteBranch,
    Desired,
    Group,
    Observed,
    OpenPull,
    PullOutcome,
    PushBranch,
    RefreshPull,
    RemoteBranch,
    SetLabels,
    StopAutoMerge,
)
from gitops_streams.review.marker import REBUILD_BOX, Marker, read, rebuild_asked, write
from gitops_streams.review.policy import Drafts, PullRequestPolicy, Rebase
from gitops_streams.review.pull_request import PullRequest, PullState

BRANCH = "gitops-streams/main/all"
BOT, FORGE, PERSON = "bot@example.com", "noreply@forge.example", "a@example.com"
BOTS = frozenset({BOT, FORGE})
NOW, BEFORE = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
TREE, OLD_TREE = "1" * 40, "2" * 40
BASE_SHA, OLD_BASE = "3" * 40, "4" * 40
HEAD, THEIRS = "5" * 40, "6" * 40

WANTED = Desired(Group("all", BRANCH), "main", BASE_SHA, NOW, TREE)
NOTHING = replace(WANTED, fingerprint="", tree=None)
POLICY = PullRequestPolicy()

OURS = BranchCommit(HEAD, BOT, BOT, (BASE_SHA,), own_changes=True)
EXACT = RemoteBranch(HEAD, TREE, BASE_SHA, (OURS,), merges_cleanly=True, merged_tree=TREE)
BEHIND = replace(EXACT, tree=OLD_TREE, merge_base=OLD_BASE)
"""The base has moved elsewhere: merging gives what is wanted."""
OUTDATED = replace(EXACT, tree=OLD_TREE, merged_tree=OLD_TREE)
"""It holds other digests."""
CONFLICT = replace(OUTDATED, merge_base=OLD_BASE, merges_cleanly=False, merged_tree=None)


def with_commit(branch=EXACT, **fields):
    """Put a commit on top of the branch."""
    made = {
        "sha": THEIRS,
        "author": PERSON,
        "committer": PERSON,
        "parents": (branch.head,),
        "own_changes": True,
    } | fields
    commit = BranchCommit(**made)
    return replace(branch, head=commit.sha, tree="7" * 40, merged_tree="8" * 40, commits=(*branch.commits, commit))


def pull(number=7, state=PullState.OPEN, *, fp=NOW, head=HEAD, group="all", base="main", to="main", **fields):
    """Return one of our pull requests: ``base`` is what its marker says, ``to`` where it goes."""
    body = write(Marker(group, base, head, fp, fields.pop("by_us", False))) + "\ntext\n"
    return PullRequest(
        number, "https://forge.example/7", state, "title", fields.pop("body", body), BRANCH, head, to, **fields
    )


def ticked(pull):
    return replace(pull, body=f"{pull.body}- [x] {REBUILD_BOX} Tick\n")


def decided(desired=WANTED, branch=None, *pulls, policy=POLICY, **more):
    if more.get("rebuild_asked") and not any(rebuild_asked(pull.body) for pull in pulls):
        pulls = tuple(ticked(pull) for pull in pulls)
    return decide(desired, Observed(branch, pulls, **more), policy, BOTS)


def kinds(decision):
    return [type(operation).__name__ for operation in decision.operations]


UNBLOCK = (Comment(7, "blocked", None), SetLabels(7, (), (BLOCKED_LABEL,)))


# 2. Nothing to do.


def test_nothing_is_wanted_and_nothing_there():
    decision = decided(NOTHING)
    assert (decision.outcome, decision.operations, decision.pull) == (PullOutcome.NONE, (), None)


def test_nothing_is_wanted_any_more():
    open_pull = pull(fp=BEFORE)
    decision = decided(NOTHING, OUTDATED, open_pull)
    comment, close, delete = decision.operations
    assert (decision.outcome, decision.pull) == (PullOutcome.CLOSED, 7)
    assert comment == Comment(7, "closed", wording.NOTHING_LEFT)
    assert isinstance(close, ClosePull)
    assert read(close.body) == Marker("all", "main", HEAD, BEFORE, closed=True)
    assert close.body.partition("\n")[2] == open_pull.body.partition("\n")[2]
    assert delete == DeleteBranch(BRANCH, HEAD)


def test_the_branch_is_kept_where_the_configuration_says_so():
    decision = decided(NOTHING, OUTDATED, pull(), policy=PullRequestPolicy(delete_branch=False))
    assert kinds(decision) == ["Comment", "ClosePull"]


def test_the_branch_is_kept_where_somebody_else_has_a_pull_request_from_it():
    """Deleting it would close theirs."""
    decision = decided(NOTHING, OUTDATED, pull(8, to="release", body="backport"), pull())
    assert kinds(decision) == ["Comment", "ClosePull"]
    assert {operation.number for operation in decision.operations} == {7}


def test_a_branch_that_is_gone_already_is_not_deleted():
    assert kinds(decided(NOTHING, None, pull())) == ["Comment", "ClosePull"]


def test_a_blocked_label_goes_when_a_pull_request_is_closed():
    decision = decided(NOTHING, OUTDATED, pull(labels=frozenset({BLOCKED_LABEL, "theirs"})))
    assert decision.operations[:2] == UNBLOCK


def test_people_s_work_is_not_closed_with_ours():
    decision = decided(NOTHING, with_commit(), pull())
    assert decision.outcome is PullOutcome.BLOCKED
    assert kinds(decision) == ["SetLabels", "Comment"]
    assert "nothing else is left to change" in decision.operations[1].text


def test_people_s_work_is_discarded_where_they_ask_for_it_though_nothing_is_left():
    decision = decided(NOTHING, with_commit(), pull(), rebuild_asked=True)
    assert kinds(decision) == ["Comment", "ClosePull", "DeleteBranch"]
    assert decision.operations[-1] == DeleteBranch(BRANCH, THEIRS)


@pytest.mark.parametrize(
    ("pulls", "deleted"),
    [
        ((), True),
        ((pull(state=PullState.CLOSED, by_us=True),), True),
        ((pull(state=PullState.CLOSED),), False),
        ((pull(state=PullState.MERGED),), False),
        ((pull(8, PullState.CLOSED), pull(state=PullState.CLOSED, by_us=True)), False),
    ],
    ids=["killed before opening", "killed while closing", "closed by a person", "merged", "then closed by a person"],
)
def test_a_branch_that_a_killed_run_has_left_is_deleted(pulls, deleted):
    decision = decided(NOTHING, OUTDATED, *pulls)
    assert decision.outcome is PullOutcome.NONE
    assert decision.operations == ((DeleteBranch(BRANCH, HEAD),) if deleted else ())
    assert decided(NOTHING, with_commit(), *pulls).operations == ()
    assert decided(NOTHING, OUTDATED, *pulls, policy=PullRequestPolicy(delete_branch=False)).operations == ()


# 3. Create.


def test_created_where_nothing_is_there():
    decision = decided()
    assert decision.outcome is PullOutcome.CREATED
    assert decision.operations == (PushBranch(BRANCH, None), OpenPull(draft=False))


@pytest.mark.parametrize(("drafts", "draft"), [(Drafts.NO, False), (Drafts.YES, True), (Drafts.ALWAYS, True)])
def test_created_as_a_draft(drafts, draft):
    assert decided(policy=PullRequestPolicy(drafts=drafts)).operations[1] == OpenPull(draft)


@pytest.mark.parametrize("branch", [EXACT, BEHIND], ids=["as wanted", "behind its base"])
def test_a_branch_of_a_killed_run_only_needs_its_pull_request(branch):
    decision = decided(WANTED, branch)
    assert (decision.outcome, decision.operations) == (PullOutcome.CREATED, (OpenPull(draft=False),))


def test_an_outdated_branch_of_a_killed_run_is_built_anew():
    assert decided(WANTED, OUTDATED).operations == (PushBranch(BRANCH, HEAD), OpenPull(draft=False))


def test_a_branch_of_ours_that_a_person_works_on_without_a_pull_request():
    decision = decided(WANTED, with_commit())
    assert (decision.outcome, decision.operations) == (PullOutcome.BLOCKED, ())
    assert "1 commit of others" in decision.reason


def test_a_fork_s_branch_of_the_same_name_never_counts():
    for state in PullState:
        theirs = pull(state=state, own=False)
        assert kinds(decided(WANTED, None, theirs)) == ["PushBranch", "OpenPull"]
        assert decided(NOTHING, None, theirs).operations == ()
        assert decided(WANTED, EXACT, pull(9, own=False), pull()).operations == ()


# 4. and 5. Update, and no churn.


def test_nothing_at_all_is_done_where_all_is_as_wanted():
    decision = decided(WANTED, EXACT, pull())
    assert (decision.outcome, decision.operations, decision.pull) == (PullOutcome.UNCHANGED, (), 7)


@pytest.mark.parametrize("branch", [OUTDATED, CONFLICT, replace(CONFLICT, merge_base=None)])
def test_updated_with_the_lease_on_what_was_inspected(branch):
    decision = decided(WANTED, branch, pull(fp=BEFORE))
    assert (decision.outcome, decision.pull) == (PullOutcome.UPDATED, 7)
    assert decision.operations == (PushBranch(BRANCH, HEAD), RefreshPull(7))


def test_a_conflict_is_built_anew_though_the_moves_are_the_same():
    decision = decided(WANTED, CONFLICT, pull())
    assert kinds(decision) == ["PushBranch", "RefreshPull"]
    assert "no longer merged" in decision.reason


def test_an_open_pull_request_without_its_branch_gets_it_back():
    assert decided(WANTED, None, pull()).operations == (PushBranch(BRANCH, None), RefreshPull(7))


@pytest.mark.parametrize(
    ("rebase", "branch", "pushed"),
    [
        (Rebase.CONFLICT_ONLY, BEHIND, False),
        (Rebase.CONFLICT_ONLY, CONFLICT, True),
        (Rebase.CONFLICT_ONLY, OUTDATED, True),
        (Rebase.ALWAYS, EXACT, False),
        (Rebase.ALWAYS, BEHIND, True),
        (Rebase.ALWAYS, CONFLICT, True),
        (Rebase.NEVER, BEHIND, False),
        (Rebase.NEVER, CONFLICT, False),
        (Rebase.NEVER, OUTDATED, True),
    ],
)
def test_when_a_branch_is_built_anew_for_the_same_moves(rebase, branch, pushed):
    """``OUTDATED`` with the same moves: the base has a new file that is to have them too."""
    decision = decided(WANTED, branch, pull(), policy=PullRequestPolicy(rebase=rebase))
    assert kinds(decision) == (["PushBranch", "RefreshPull"] if pushed else [])


def test_never_rebased_is_updated_for_new_moves():
    decision = decided(WANTED, CONFLICT, pull(fp=BEFORE), policy=PullRequestPolicy(rebase=Rebase.NEVER))
    assert kinds(decision) == ["PushBranch", "RefreshPull"]


def test_a_draft_again_with_every_update_and_only_then():
    always = PullRequestPolicy(drafts=Drafts.ALWAYS)
    assert decided(WANTED, OUTDATED, pull(fp=BEFORE), policy=always).operations[1] == RefreshPull(7, draft=True)
    assert decided(WANTED, EXACT, pull(), policy=always).operations == ()
    new = PullRequestPolicy(drafts=Drafts.YES)
    assert decided(WANTED, OUTDATED, pull(fp=BEFORE), policy=new).operations[1] == RefreshPull(7)


def test_text_is_written_where_fewer_moves_are_left_to_say():
    """Part of them was merged otherwise; the branch still gives the rest."""
    decision = decided(WANTED, BEHIND, pull(fp=BEFORE))
    assert (decision.outcome, decision.operations) == (PullOutcome.UPDATED, (RefreshPull(7),))


# 6. People's commits.


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"author": BOT},
        {"committer": BOT},
        {"committer": FORGE},
        {"author": f"x{BOT}"},
        {"parents": (HEAD, BASE_SHA)},
    ],
    ids=["theirs", "amended", "applied", "on the web", "alike", "a merge with a conflict solved"],
)
def test_people_s_commits_block(fields):
    decision = decided(WANTED, with_commit(**fields), pull(fp=BEFORE, auto_merge=True, labels=frozenset({"theirs"})))
    assert (decision.outcome, decision.pull) == (PullOutcome.BLOCKED, 7)
    stop, label, comment = decision.operations
    assert stop == StopAutoMerge(7)
    assert label == SetLabels(7, (BLOCKED_LABEL,), ())
    assert (comment.number, comment.key) == (7, "blocked")
    assert THEIRS[:10] in comment.text
    assert "tick the box" in comment.text
    assert "@" not in comment.text


@pytest.mark.parametrize("fields", [{}, {"author": BOT}, {"committer": BOT}])
@pytest.mark.parametrize("marker", [{"head": THEIRS}, {"body": ""}], ids=["forged", "gone"])
def test_people_s_commits_block_whatever_the_marker_says(fields, marker):
    assert decided(WANTED, with_commit(**fields), pull(**marker)).outcome is PullOutcome.BLOCKED


def test_blocked_pull_requests_are_told_once():
    decision = decided(WANTED, with_commit(), pull(labels=frozenset({BLOCKED_LABEL})))
    assert kinds(decision) == ["Comment"], "which is written only where it says something else"


def test_blocked_even_where_the_content_is_right():
    """Their commit would go with the next push, so nothing is pushed before they say so."""
    branch = replace(with_commit(), tree=TREE, merged_tree=TREE)
    assert decided(WANTED, branch, pull()).outcome is PullOutcome.BLOCKED


@pytest.mark.parametrize("author", [PERSON, BOT])
@pytest.mark.parametrize("parents", [(HEAD, BASE_SHA), (HEAD,)], ids=["update branch", "an empty commit"])
def test_a_commit_without_changes_of_its_own_does_not_block(author, parents):
    commit = BranchCommit(THEIRS, author, FORGE, parents, own_changes=False)
    branch = replace(EXACT, head=THEIRS, commits=(OURS, commit))
    decision = decided(WANTED, branch, pull())
    assert (decision.outcome, decision.operations) == (PullOutcome.UNCHANGED, (RefreshPull(7),))
    assert decided(WANTED, branch, pull(head=THEIRS)).operations == ()
    newer = replace(branch, tree=OLD_TREE, merged_tree=OLD_TREE)
    assert decided(WANTED, newer, pull(fp=BEFORE)).operations[0] == PushBranch(BRANCH, THEIRS)


@pytest.mark.parametrize("ignored", ["a@example.com", "A@Example.COM"])
def test_ignored_authors_count_as_ours(ignored):
    policy = PullRequestPolicy(ignored_authors=(ignored,))
    decision = decided(WANTED, with_commit(), pull(fp=BEFORE), policy=policy)
    assert decision.operations[0] == PushBranch(BRANCH, THEIRS)
    amended = with_commit(author=BOT)
    assert decided(WANTED, amended, pull(fp=BEFORE), policy=policy).outcome is PullOutcome.UPDATED


def test_whoever_pushes_under_our_identity_blocks_too():
    """``github-actions[bot]`` is every workflow's."""
    branch = with_commit(author=BOT, committer=BOT)
    assert decided(WANTED, branch, pull(fp=BEFORE)).outcome is PullOutcome.BLOCKED
    amended = replace(OUTDATED, head=THEIRS, commits=(replace(OURS, sha=THEIRS),))
    assert decided(WANTED, amended, pull(fp=BEFORE)).outcome is PullOutcome.BLOCKED


def test_what_a_killed_run_has_pushed_does_not_block():
    """Its marker still names the head of before."""
    wanted = replace(EXACT, head=THEIRS, commits=(replace(OURS, sha=THEIRS),))
    assert decided(WANTED, wanted, pull(fp=BEFORE)).operations == (RefreshPull(7),)
    sealed = replace(OUTDATED, head=THEIRS, commits=(replace(OURS, sha=THEIRS, sealed=True),))
    assert decided(WANTED, sealed, pull(fp=BEFORE)).operations == (PushBranch(BRANCH, THEIRS), RefreshPull(7))


def test_unblocked_when_the_commits_are_gone():
    labels = frozenset({BLOCKED_LABEL, "theirs"})
    decision = decided(WANTED, EXACT, pull(labels=labels))
    assert (decision.outcome, decision.operations) == (PullOutcome.UNCHANGED, UNBLOCK)


def test_a_ticked_box_builds_anew():
    decision = decided(WANTED, with_commit(), pull(labels=frozenset({BLOCKED_LABEL})), rebuild_asked=True)
    assert decision.outcome is PullOutcome.UPDATED
    assert decision.operations == (PushBranch(BRANCH, THEIRS), RefreshPull(7), *UNBLOCK)


@pytest.mark.parametrize(
    "elsewhere", [pull(9, own=False), pull(9, to="release"), pull(3, PullState.CLOSED)], ids=["fork", "base", "closed"]
)
@pytest.mark.parametrize("desired", [WANTED, NOTHING])
def test_a_box_that_is_ticked_elsewhere_asks_for_nothing(desired, elsewhere):
    """Anybody may open a pull request from a fork, with a branch and a body of any kind."""
    decision = decided(desired, with_commit(), ticked(elsewhere), pull(), rebuild_asked=True)
    assert decision.outcome is PullOutcome.BLOCKED


def test_a_ticked_box_builds_anew_what_only_looks_right():
    """Two of their commits undo each other; the box is taken back, so they must go now."""
    branch = replace(with_commit(), tree=TREE, merged_tree=TREE)
    assert kinds(decided(WANTED, branch, pull(), rebuild_asked=True)) == ["PushBranch", "RefreshPull"]


def test_a_ticked_box_on_a_branch_behind_its_base():
    assert kinds(decided(WANTED, BEHIND, pull(), rebuild_asked=True)) == ["PushBranch", "RefreshPull"]


def test_a_ticked_box_without_need_is_taken_back():
    decision = decided(WANTED, EXACT, pull(), rebuild_asked=True)
    assert (decision.outcome, decision.operations) == (PullOutcome.UNCHANGED, (RefreshPull(7),))


# The marker is anybody's to edit.


@pytest.mark.parametrize(
    "edited",
    [pull(body=""), pull(body="<!-- gitops-streams:v1 {} -->"), pull(group="other"), pull(base="release")],
    ids=["gone", "broken", "of another group", "of another base"],
)
def test_a_marker_that_is_not_ours_is_written_again(edited):
    decision = decided(WANTED, EXACT, edited)
    assert (decision.outcome, decision.operations) == (PullOutcome.UNCHANGED, (RefreshPull(7),))
    assert decided(WANTED, with_commit(), edited).outcome is PullOutcome.BLOCKED
    assert kinds(decided(WANTED, OUTDATED, edited)) == ["PushBranch", "RefreshPull"]


def test_a_marker_that_says_all_is_well_does_not_make_it_so():
    assert kinds(decided(WANTED, OUTDATED, pull())) == ["PushBranch", "RefreshPull"]


# 7. The target.


@pytest.mark.parametrize("desired", [WANTED, NOTHING])
def test_a_changed_target_blocks(desired):
    decision = decided(desired, EXACT, pull(to="release", auto_merge=True), rebuild_asked=True)
    assert (decision.outcome, decision.pull) == (PullOutcome.BLOCKED, 7)
    assert kinds(decision) == ["StopAutoMerge", "SetLabels", "Comment"]
    assert decision.operations[2].text == wording.RETARGETED


def test_a_person_s_own_pull_request_from_our_branch_is_left_alone():
    decision = decided(WANTED, EXACT, pull(to="release", body="mine"))
    assert (decision.outcome, decision.operations) == (PullOutcome.BLOCKED, ())


def test_a_pull_request_to_another_base_does_not_disturb_ours():
    assert decided(WANTED, EXACT, pull(9, to="release"), pull()).operations == ()


def test_of_two_open_ones_the_first_stays():
    decision = decided(WANTED, EXACT, pull(9), pull())
    assert (decision.outcome, decision.pull) == (PullOutcome.UNCHANGED, 7)
    comment, close = decision.operations
    assert comment == Comment(9, "closed", wording.DUPLICATE)
    assert (close.number, read(close.body).closed) == (9, True)
    assert decided(WANTED, EXACT, pull(9, body="mine"), pull()).operations == ()


# 8. Closed and merged.


def test_what_a_person_has_closed_is_not_opened_again():
    decision = decided(WANTED, EXACT, pull(state=PullState.CLOSED))
    assert (decision.outcome, decision.operations, decision.pull) == (PullOutcome.NONE, (), 7)
    assert "#7" in decision.reason
    assert decided(WANTED, None, pull(state=PullState.CLOSED)).operations == ()
    later = (pull(9, PullState.MERGED, fp=BEFORE), pull(state=PullState.CLOSED))
    assert decided(WANTED, None, *later).outcome is PullOutcome.NONE, "however long ago"


def test_closed_after_its_target_was_changed_is_closed():
    assert decided(WANTED, None, pull(state=PullState.CLOSED, to="release")).outcome is PullOutcome.NONE


@pytest.mark.parametrize(
    "closed",
    [
        pull(state=PullState.CLOSED, fp=BEFORE),
        pull(state=PullState.CLOSED, by_us=True),
        pull(state=PullState.CLOSED, group="other"),
        pull(state=PullState.CLOSED, base="release"),
        pull(state=PullState.CLOSED, own=False),
        pull(state=PullState.MERGED),
    ],
    ids=["other moves", "by us", "another group's", "another base's", "a fork's", "merged, and reverted since"],
)
def test_others_that_are_closed_keep_nothing_back(closed):
    assert decided(WANTED, None, closed).operations == (PushBranch(BRANCH, None), OpenPull(draft=False))


def test_a_branch_that_was_merged_is_used_again():
    """By a merge commit: the base has all of its commits. By a squash: they are still there."""
    merged = replace(OUTDATED, commits=())
    for branch in (merged, OUTDATED):
        decision = decided(WANTED, branch, pull(state=PullState.MERGED, fp=BEFORE))
        assert decision.operations == (PushBranch(BRANCH, HEAD), OpenPull(draft=False))


def test_a_branch_that_was_merged_and_worked_on_since_is_not():
    decision = decided(WANTED, with_commit(), pull(state=PullState.MERGED, fp=BEFORE, head=THEIRS))
    assert (decision.outcome, decision.operations) == (PullOutcome.BLOCKED, ())


def test_opened_again_by_a_person_it_goes_on():
    decision = decided(WANTED, EXACT, pull(by_us=True))
    assert decision.operations == (RefreshPull(7), Comment(7, "closed", None))


# 10. Limits.


@pytest.mark.parametrize(
    ("policy", "observed", "outcome"),
    [
        (PullRequestPolicy(max_open=2), {"open_count": 2}, PullOutcome.NONE),
        (PullRequestPolicy(max_open=2), {"open_count": 1}, PullOutcome.CREATED),
        (PullRequestPolicy(max_open=0), {}, PullOutcome.NONE),
        (PullRequestPolicy(max_per_run=1), {"created_in_run": 1}, PullOutcome.NONE),
        (PullRequestPolicy(max_per_run=2), {"created_in_run": 1}, PullOutcome.CREATED),
        (PullRequestPolicy(), {"open_count": 99, "created_in_run": 99}, PullOutcome.CREATED),
    ],
)
@pytest.mark.parametrize("branch", [None, EXACT])
def test_new_ones_are_limited(policy, observed, outcome, branch):
    decision = decided(WANTED, branch, policy=policy, **observed)
    assert decision.outcome is outcome
    assert bool(decision.operations) is (outcome is PullOutcome.CREATED)


def test_limits_are_for_new_ones_alone():
    full = {"policy": PullRequestPolicy(max_open=1, max_per_run=0), "open_count": 1}
    assert decided(WANTED, OUTDATED, pull(fp=BEFORE), **full).outcome is PullOutcome.UPDATED
    assert decided(NOTHING, OUTDATED, pull(fp=BEFORE), **full).outcome is PullOutcome.CLOSED


# What people read.


def test_nothing_foreign_gets_into_a_comment():
    hostile = "`@team` <img src=x> fixes #1"
    commits = [BranchCommit(f"{number:040x}", hostile, hostile, (), own_changes=True) for number in range(12)]
    commits.append(BranchCommit(hostile, hostile, hostile, (), own_changes=True))
    branch = replace(EXACT, head=THEIRS, commits=tuple(commits))
    decision = decided(WANTED, branch, pull())
    text = decision.operations[-1].text
    assert "13 commits" in text
    assert "and 2 more" in text
    assert not {"@team", "<img", "#1"} & set(text.split())
    assert "fixes" not in text + decision.reason


def test_reasons_are_one_sentence_without_a_line_end():
    observed = [None, EXACT, BEHIND, OUTDATED, CONFLICT, with_commit()]
    pulls = [(), (pull(),), (pull(to="x"),), (pull(state=PullState.CLOSED),), (pull(state=PullState.MERGED),)]
    for branch in observed:
        for some in pulls:
            for desired in (WANTED, NOTHING):
                decision = decided(desired, branch, *some)
                assert decision.reason
                assert decision.reason.isprintable()
                assert bool(decision.operations) or decision.outcome not in {PullOutcome.CREATED, PullOutcome.CLOSED}
