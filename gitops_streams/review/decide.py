"""Decide what becomes of one group's pull request. Read ``decide`` first: each case is a function below it.

A branch is pushed or deleted only with a lease on the head that was inspected, and neither where it holds
work of others; only the ticked box overrides that. The operations stand in an order in which a run may be
killed after any of them: the next one sees what is there and goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitops_streams.review import wording
from gitops_streams.review.lifecycle import (
    BLOCKED_LABEL,
    BranchCommit,
    ClosePull,
    Comment,
    Decision,
    DeleteBranch,
    Desired,
    Observed,
    OpenPull,
    Operation,
    PullOutcome,
    PushBranch,
    RefreshPull,
    RemoteBranch,
    SetLabels,
    StopAutoMerge,
)
from gitops_streams.review.marker import COMMENT_BLOCKED, COMMENT_CLOSED, Marker, read, rebuild_asked, rewritten
from gitops_streams.review.ownership import foreign_commits
from gitops_streams.review.policy import Drafts, PullRequestPolicy, Rebase
from gitops_streams.review.pull_request import PullRequest, PullState


@dataclass(frozen=True, slots=True)
class _Case:
    """One group, with what is read off it once."""

    desired: Desired
    observed: Observed
    policy: PullRequestPolicy
    bots: frozenset[str]
    pulls: tuple[PullRequest, ...]
    """Those whose branch is ours, newest first; a fork's branch of the same name is none of our business."""

    def open_to(self, *, base: bool) -> list[PullRequest]:
        """Return the open pull requests that go to the base, or those that go elsewhere, newest first."""
        return [
            pull for pull in self.pulls if pull.state is PullState.OPEN and (pull.base == self.desired.base) is base
        ]

    def marker(self, pull: PullRequest) -> Marker | None:
        """Return a pull request's marker if it names this group and base; any other one is somebody's text."""
        marker = read(pull.body)
        if isinstance(marker, Marker) and (marker.group, marker.base) == (self.desired.group.name, self.desired.base):
            return marker
        return None

    def rebuild(self, pull: PullRequest) -> bool:
        """Whether the box of this very pull request is ticked: anybody can tick one of their own fork's."""
        return self.observed.rebuild_asked and rebuild_asked(pull.body)

    def foreign(self, marker: Marker | None) -> tuple[BranchCommit, ...]:
        """Return the commits of the branch that are not ours to discard."""
        branch = self.observed.branch
        if branch is None:
            return ()
        wanted = self.desired.tree
        return foreign_commits(branch, marker, wanted=wanted, bots=self.bots, ignored=self.policy.ignored_authors)


def decide(desired: Desired, observed: Observed, policy: PullRequestPolicy, bots: frozenset[str]) -> Decision:
    """Decide what to do for one group.

    Args:
        desired: what the group wants to be merged.
        observed: what the remote and the forge have.
        policy: what the configuration says.
        bots: e-mail addresses that our commits are made with, as author or committer; a forge that makes commits
            for us signs as itself, so its address belongs here too.

    Returns:
        The outcome and the operations, the same for the same arguments. Carried out in full they lead to a state
        for which nothing more is decided.
    """
    case = _Case(desired, observed, policy, bots, tuple(pull for pull in observed.pulls if pull.own))
    here, elsewhere = case.open_to(base=True), case.open_to(base=False)
    if here:
        pull = min(here, key=lambda pull: pull.number)
        decision = _nothing_left(case, pull) if desired.tree is None else _update(case, pull)
        extra = tuple(op for other in here if other is not pull for op in _close_duplicate(case, other))
        return replace(decision, operations=decision.operations + extra)
    if elsewhere:
        return _retargeted(case, elsewhere[0])
    return _tidy(case) if desired.tree is None else _create(case)


def _update(case: _Case, pull: PullRequest) -> Decision:
    """There is an open pull request, and something that it should hold."""
    marker = case.marker(pull)
    foreign = case.foreign(marker)
    rebuild = case.rebuild(pull)
    if foreign and not rebuild:
        return _block(pull, wording.work_in_the_way(foreign, left=True), _blocked_reason(foreign))
    branch = case.observed.branch
    head = None if branch is None else branch.head
    free = _unblock(pull, marker)
    draft = True if case.policy.drafts is Drafts.ALWAYS else None
    if branch is None or (rebuild and (foreign or not _is_exact(case.desired, branch))):
        reason = "built anew, as the ticked box asks" if branch is not None else "its branch was gone"
        push = PushBranch(case.desired.group.branch, head)
        return Decision(PullOutcome.UPDATED, reason, (push, RefreshPull(pull.number, draft), *free), pull.number)
    stale = _why_push(case.desired, branch, case.policy, marker)
    if stale is not None:
        push = PushBranch(case.desired.group.branch, head)
        return Decision(PullOutcome.UPDATED, stale, (push, RefreshPull(pull.number, draft), *free), pull.number)
    if rebuild:
        # Killed between push and untick, or asked for without need: the box is taken back either way.
        reason = "asked to be built anew, and its branch is as new as can be"
        return Decision(PullOutcome.UNCHANGED, reason, (RefreshPull(pull.number), *free), pull.number)
    said = None if marker is None else (marker.fingerprint, marker.head, marker.closed)
    if said == (case.desired.fingerprint, head, False):
        return Decision(PullOutcome.UNCHANGED, _as_wanted(case.desired, branch), free, pull.number)
    if marker is not None and marker.fingerprint != case.desired.fingerprint:
        reason = "its branch holds what is wanted, and its text did not say so"
        return Decision(PullOutcome.UPDATED, reason, (RefreshPull(pull.number), *free), pull.number)
    reason = "its branch holds what is wanted; its marker is written again"
    return Decision(PullOutcome.UNCHANGED, reason, (RefreshPull(pull.number), *free), pull.number)


def _nothing_left(case: _Case, pull: PullRequest) -> Decision:
    """There is an open pull request, and the base has everything that it could bring."""
    foreign = case.foreign(case.marker(pull))
    if foreign and not case.rebuild(pull):
        return _block(pull, wording.work_in_the_way(foreign, left=False), _blocked_reason(foreign))
    close: tuple[Operation, ...] = _close(case, pull, wording.NOTHING_LEFT)
    branch = case.observed.branch
    # Deleting a branch closes every pull request from it.
    if branch is not None and case.policy.delete_branch and not case.open_to(base=False):
        close += (DeleteBranch(case.desired.group.branch, branch.head),)
    return Decision(PullOutcome.CLOSED, "the base has every digest already", close, pull.number)


def _create(case: _Case) -> Decision:
    """There is something to propose, and no open pull request."""
    refused = _refused(case)
    if refused is not None:
        reason = f"a person closed #{refused.number} with these very digests; reopen it if they are wanted after all"
        return Decision(PullOutcome.NONE, reason, pull=refused.number)
    branch, policy = case.observed.branch, case.policy
    foreign = case.foreign(None)
    if foreign:
        reason = f"{_blocked_reason(foreign)} and has no open pull request; delete it, or rename it, to have a new one"
        return Decision(PullOutcome.BLOCKED, reason)
    if policy.max_open is not None and case.observed.open_count >= policy.max_open:
        reason = f"{wording.count(case.observed.open_count, 'pull request')} of ours are open, the most allowed"
        return Decision(PullOutcome.NONE, reason)
    if policy.max_per_run is not None and case.observed.created_in_run >= policy.max_per_run:
        made = wording.count(case.observed.created_in_run, "pull request")
        return Decision(PullOutcome.NONE, f"{made} opened in this run, the most allowed")
    opened = OpenPull(policy.drafts is not Drafts.NO)
    if branch is None:
        push = PushBranch(case.desired.group.branch, None)
        return Decision(PullOutcome.CREATED, "there is something to change", (push, opened))
    if _why_push(case.desired, branch, policy, None) is None:
        return Decision(PullOutcome.CREATED, "its branch was there already, without a pull request", (opened,))
    push = PushBranch(case.desired.group.branch, branch.head)
    return Decision(PullOutcome.CREATED, "there is something to change; the branch of before is reused", (push, opened))


def _tidy(case: _Case) -> Decision:
    """There is nothing to propose and nothing open: what a killed run has left is taken away."""
    branch = case.observed.branch
    last = next(iter(case.pulls), None)
    # The branch of a merged pull request, or of one that a person closed, is theirs to delete.
    marker = None if last is None else case.marker(last)
    ours = last is None or (last.state is PullState.CLOSED and marker is not None and marker.closed)
    if branch is not None and ours and case.policy.delete_branch and not case.foreign(marker):
        delete = DeleteBranch(case.desired.group.branch, branch.head)
        return Decision(PullOutcome.NONE, "nothing to change; a branch that was left over is deleted", (delete,))
    return Decision(PullOutcome.NONE, "nothing to change")


def _retargeted(case: _Case, pull: PullRequest) -> Decision:
    """A person has pointed our pull request, or one of their own from our branch, at another base."""
    if case.marker(pull) is None:
        reason = "a pull request goes from its branch to another base"
        return Decision(PullOutcome.BLOCKED, reason, pull=pull.number)
    return _block(pull, wording.RETARGETED, "its target was changed")


def _refused(case: _Case) -> PullRequest | None:
    """Return the pull request with these very moves that a person closed, if there is one."""
    for pull in case.pulls:
        marker = case.marker(pull)
        same = marker is not None and marker.fingerprint == case.desired.fingerprint and not marker.closed
        if pull.state is PullState.CLOSED and same:
            return pull
    return None


def _why_push(desired: Desired, branch: RemoteBranch, policy: PullRequestPolicy, marker: Marker | None) -> str | None:
    """Say why the branch has to be built anew; ``None`` where it stays as it is."""
    if _is_exact(desired, branch):
        return None
    gives_it = branch.merges_cleanly and branch.merged_tree == desired.tree
    if policy.rebase is Rebase.ALWAYS:
        return "built anew on the base as it is now" if gives_it else "what is wanted has changed"
    if gives_it:
        return None
    if branch.merges_cleanly:
        return "what is wanted has changed"
    same = marker is not None and marker.fingerprint == desired.fingerprint
    if policy.rebase is Rebase.NEVER and same:
        return None
    return "it no longer merged into its base" if same else "what is wanted has changed"


def _is_exact(desired: Desired, branch: RemoteBranch) -> bool:
    """Whether building the branch anew would give the same tree on the same parent."""
    return branch.tree == desired.tree and branch.merge_base == desired.base_sha


def _as_wanted(desired: Desired, branch: RemoteBranch) -> str:
    if branch.merged_tree == desired.tree or _is_exact(desired, branch):
        return "it holds what is wanted already"
    return "it does not merge into its base, and is never built anew as the configuration says"


def _blocked_reason(foreign: tuple[BranchCommit, ...]) -> str:
    return f"its branch holds {wording.count(len(foreign), 'commit')} of others"


def _block(pull: PullRequest, text: str, reason: str) -> Decision:
    """Leave a pull request to a person, and say so there, once."""
    operations: list[Operation] = [StopAutoMerge(pull.number)] if pull.auto_merge else []
    if BLOCKED_LABEL not in pull.labels:
        operations.append(SetLabels(pull.number, (BLOCKED_LABEL,), ()))
    operations.append(Comment(pull.number, COMMENT_BLOCKED, text))
    return Decision(PullOutcome.BLOCKED, reason, tuple(operations), pull.number)


def _unblock(pull: PullRequest, marker: Marker | None) -> tuple[Operation, ...]:
    """Take back what said that a person had to look, and that it was closed where it was opened again."""
    operations: list[Operation] = []
    if BLOCKED_LABEL in pull.labels:
        operations.append(Comment(pull.number, COMMENT_BLOCKED, None))
        # Last, for it is what the next run sees of a run that was killed here.
        operations.append(SetLabels(pull.number, (), (BLOCKED_LABEL,)))
    if marker is not None and marker.closed:
        operations.append(Comment(pull.number, COMMENT_CLOSED, None))
    return tuple(operations)


def _close(case: _Case, pull: PullRequest, text: str) -> tuple[Operation, ...]:
    marker = case.marker(pull)
    body = None
    if marker is not None and not marker.closed:
        body = rewritten(pull.body, replace(marker, closed=True))
    return *_unblock(pull, None), Comment(pull.number, COMMENT_CLOSED, text), ClosePull(pull.number, body)


def _close_duplicate(case: _Case, pull: PullRequest) -> tuple[Operation, ...]:
    """Close what a lost race has opened; a pull request without our marker may be a person's."""
    return _close(case, pull, wording.DUPLICATE) if case.marker(pull) is not None else ()
