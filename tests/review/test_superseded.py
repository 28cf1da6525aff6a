"""Pull requests whose group nobody knows any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_streams.review import wording
from gitops_streams.review.branches import branch_of
from gitops_streams.review.lifecycle import ClosePull, Comment, DeleteBranch, PullOutcome
from gitops_streams.review.marker import Marker, read, write
from gitops_streams.review.policy import PullRequestPolicy
from gitops_streams.review.pull_request import PullRequest, PullState
from gitops_streams.review.superseded import superseded

HEAD = "5" * 40
PRUNING = PullRequestPolicy(prune=True)
KNOWN = frozenset({branch_of("gitops-streams", "main", "all")})


def pull(group="gone", *, base="main", branch=None, head=HEAD, author="Bot", number=7, **fields):
    body = write(Marker(group, base, head, "b1946ac92492")) + "\ntext\n"
    branch = branch or branch_of("gitops-streams", base, group)
    url = "https://forge.example/7"
    return PullRequest(number, url, PullState.OPEN, "title", body, branch, HEAD, base, author=author, **fields)


def test_closed_with_a_word_and_with_its_branch():
    (decision,) = superseded(KNOWN, [pull()], PRUNING, "bot", "main")
    comment, close, delete = decision.operations
    assert (decision.outcome, decision.pull) == (PullOutcome.CLOSED, 7)
    assert comment == Comment(7, "closed", wording.PRUNED)
    assert isinstance(close, ClosePull)
    assert read(close.body).closed
    assert delete == DeleteBranch(branch_of("gitops-streams", "main", "gone"), HEAD)


def test_by_number_and_each_once():
    decisions = superseded(
        KNOWN, [pull("b", number=9), pull("a", number=3), pull("all", number=5)], PRUNING, "bot", "main"
    )
    assert [decision.pull for decision in decisions] == [3, 9]


def test_the_branch_is_kept_where_the_configuration_says_so():
    policy = PullRequestPolicy(prune=True, delete_branch=False)
    (decision,) = superseded(KNOWN, [pull()], policy, "bot", "main")
    assert [type(operation) for operation in decision.operations] == [Comment, ClosePull]


@pytest.mark.parametrize(
    "other",
    [
        pull("all"),
        pull(author="person"),
        pull(author=None),
        pull(own=False),
        pull(base="release"),
        pull(branch="feature"),
        pull(branch=branch_of("gitops-streams", "main", "elsewhere")),
        replace(pull(), body="no marker"),
        replace(pull(), base="release"),
        replace(pull(base="release", branch=branch_of("gitops-streams", "main", "gone")), base="main"),
        replace(pull(), state=PullState.CLOSED),
        replace(pull(), state=PullState.MERGED),
    ],
    ids=[
        "known",
        "a person's",
        "nobody's",
        "a fork's",
        "another base's",
        "another branch",
        "a marker of another group",
        "no marker",
        "its target was changed",
        "a marker of another base",
        "closed",
        "merged",
    ],
)
def test_others_are_not_ours(other):
    assert superseded(KNOWN, [other], PRUNING, "bot", "main") == ()


@pytest.mark.parametrize(
    ("found", "policy", "account", "outcome", "reason"),
    [
        (pull(), PullRequestPolicy(), "bot", PullOutcome.NONE, "pruning is off"),
        (pull(), PRUNING, None, PullOutcome.NONE, "does not say whether we opened it"),
        (pull(head="6" * 40), PRUNING, "bot", PullOutcome.BLOCKED, "has moved since we pushed it"),
    ],
    ids=["not pruning", "an account that nobody knows", "worked on"],
)
def test_left_open_and_told(found, policy, account, outcome, reason):
    (decision,) = superseded(KNOWN, [found], policy, account, "main")
    assert (decision.outcome, decision.operations, decision.pull) == (outcome, (), 7)
    assert reason in decision.reason
