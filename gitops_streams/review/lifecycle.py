"""The life of a pull request as a pure function: what is wanted and what is there → what to do.

    Desired + Observed + policy → Decision(outcome, operations)

Nothing here pushes or asks; ``publish`` carries the operations out in their order, and observes and
decides anew where one finds that the world has moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gitops_streams.review.pull_request import PullRequest

BLOCKED_LABEL = "gitops-streams/blocked"
"""On a pull request that a person has to look at before it is updated again. The only label that is ours."""


@dataclass(frozen=True, slots=True)
class Group:
    """The stream tags that share a pull request."""

    name: str
    """As people know it: ``all``, ``payments``, ``acme/web``."""
    branch: str
    """The branch of its pull request: stable, and it never names a digest."""


@dataclass(frozen=True, slots=True)
class Desired:
    """What a group wants to be merged, built on the base as it is now."""

    group: Group
    base: str
    """The branch that it goes to."""
    base_sha: str
    fingerprint: str
    """Of the sorted (stream tag, digest) pairs that move; empty where nothing does."""
    tree: str | None
    """The object id of the tree that is wanted; ``None`` where the base has all of it."""


@dataclass(frozen=True, slots=True)
class BranchCommit:
    """A commit that the branch has and the base has not."""

    sha: str
    author: str
    """The e-mail address."""
    committer: str
    parents: tuple[str, ...]
    own_changes: bool
    """Whether it changes something that none of its parents has; a clean merge of the base does not."""
    sealed: bool = False
    """Whether its message names this group and the very tree that it has, as ours do: nobody has amended it.
    Without it, what a run left that was killed between push and pull request may need a person's tick."""


@dataclass(frozen=True, slots=True)
class RemoteBranch:
    """The group's branch as the remote has it."""

    head: str
    tree: str
    merge_base: str | None
    """Where it left the base; ``None`` where the histories are not joined."""
    commits: tuple[BranchCommit, ...]
    """From the merge base to the head, oldest first."""
    merges_cleanly: bool
    """Whether it would merge into the base as it is now."""
    merged_tree: str | None
    """The tree that such a merge would give; ``None`` where it would not."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What the remote and the forge have for one group."""

    branch: RemoteBranch | None
    pulls: tuple[PullRequest, ...]
    """From this branch, to any base, open and closed, newest first."""
    rebuild_asked: bool = False
    """Whether a person ticked the box that asks for the branch to be built anew."""
    open_count: int = 0
    """How many pull requests of ours are open."""
    created_in_run: int = 0


class PullOutcome(StrEnum):
    """What became of a group."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    BLOCKED = "blocked"
    """A person's work is in the way; they were told."""
    NONE = "none"
    """Nothing to do, or not allowed to: see the reason."""
    FAILED = "failed"
    """The forge or the remote refused; ``decide`` never says so. The next run goes on where this one ended."""


@dataclass(frozen=True, slots=True)
class PushBranch:
    """Build the commit on ``Desired.base_sha`` and put the branch there."""

    branch: str
    expected: str | None
    """The lease: the commit that was inspected; ``None``: the branch must not exist."""


@dataclass(frozen=True, slots=True)
class OpenPull:
    """Open the pull request with title, body and decorations."""

    draft: bool


@dataclass(frozen=True, slots=True)
class RefreshPull:
    """Write title and body if they differ from what is there, and the decorations."""

    number: int
    draft: bool | None = None
    """Whether it becomes a draft; ``None`` leaves that as it is."""


@dataclass(frozen=True, slots=True)
class Comment:
    """Write our one comment of this key, or take it away."""

    number: int
    key: str
    text: str | None


@dataclass(frozen=True, slots=True)
class SetLabels:
    """Add and remove labels of ours, and nobody else's."""

    number: int
    add: tuple[str, ...]
    remove: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StopAutoMerge:
    """Take auto-merge back: the pull request needs a person now."""

    number: int


@dataclass(frozen=True, slots=True)
class ClosePull:
    """Close the pull request; a comment before it says why."""

    number: int
    body: str | None = None
    """The body to write before, if any: its marker says that we close it, which is no person's refusal."""


@dataclass(frozen=True, slots=True)
class DeleteBranch:
    """Delete the branch, if it is still where it was inspected."""

    branch: str
    expected: str


Operation = PushBranch | OpenPull | RefreshPull | Comment | SetLabels | StopAutoMerge | ClosePull | DeleteBranch


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do for one group."""

    outcome: PullOutcome
    reason: str
    """One sentence for people."""
    operations: tuple[Operation, ...] = ()
    pull: int | None = None
    """The pull request that it is about, where there is one already."""
