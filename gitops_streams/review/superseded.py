"""Our pull requests whose group the configuration and the declarations no longer know."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from gitops_streams.review import wording
from gitops_streams.review.branches import branch_of
from gitops_streams.review.lifecycle import ClosePull, Comment, Decision, DeleteBranch, Operation, PullOutcome
from gitops_streams.review.marker import COMMENT_CLOSED, Marker, read, rewritten
from gitops_streams.review.policy import PullRequestPolicy
from gitops_streams.review.pull_request import PullRequest, PullState


def superseded(
    known: Collection[str], pulls: Iterable[PullRequest], policy: PullRequestPolicy, account: str | None, base: str
) -> tuple[Decision, ...]:
    """Decide about the open pull requests that no group of this run looks after.

    Ours is one from a branch of this repository whose marker names just the group and base that the branch is
    called after, opened by our account. Those of another base belong to another run, and are not looked at.

    Args:
        known: the branches of the groups that there are.
        pulls: pull requests, by preference those whose branches start with ``prefix_of``.
        policy: with ``prune`` they are closed, else only told of.
        account: the login that we act as; ``None`` where it cannot be known, and nothing is closed.
        base: the branch that this run's pull requests go to.

    Returns:
        A decision for each, by number. Nothing is closed that has another head than the one that we pushed.
    """
    decisions = []
    for pull in sorted(pulls, key=lambda pull: pull.number):
        if pull.state is not PullState.OPEN or not pull.own or pull.base != base or pull.head in known:
            continue
        marker = read(pull.body)
        if isinstance(marker, Marker) and _named_after(marker, pull, policy, base):
            if account is not None and (pull.author is None or pull.author.casefold() != account.casefold()):
                continue
            decisions.append(_prune(pull, marker, policy, account))
    return tuple(decisions)


def _named_after(marker: Marker, pull: PullRequest, policy: PullRequestPolicy, base: str) -> bool:
    return marker.base == base and branch_of(policy.branch_prefix, base, marker.group) == pull.head


def _prune(pull: PullRequest, marker: Marker, policy: PullRequestPolicy, account: str | None) -> Decision:
    gone = "its group is no longer known"
    if not policy.prune:
        return Decision(PullOutcome.NONE, f"{gone}; it is left open, for pruning is off", pull=pull.number)
    if account is None:
        reason = f"{gone}; it is left open, for the forge does not say whether we opened it"
        return Decision(PullOutcome.NONE, reason, pull=pull.number)
    if marker.head != pull.head_sha:
        reason = f"{gone}; it is left open, for its branch has moved since we pushed it"
        return Decision(PullOutcome.BLOCKED, reason, pull=pull.number)
    operations: list[Operation] = [
        Comment(pull.number, COMMENT_CLOSED, wording.PRUNED),
        ClosePull(pull.number, rewritten(pull.body, replace(marker, closed=True))),
    ]
    if policy.delete_branch:
        operations.append(DeleteBranch(pull.head, pull.head_sha))
    return Decision(PullOutcome.CLOSED, gone, tuple(operations), pull.number)
