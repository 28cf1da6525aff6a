"""What a forge is to us. One package for each implements it; ``detection`` says which, ``open`` opens it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import (
    Capabilities,
    CommitStatus,
    Decorations,
    PullPatch,
    PullRequest,
    PullSpec,
)


@dataclass(frozen=True, slots=True)
class Merged:
    """The fallback merged the pull request at once."""


@dataclass(frozen=True, slots=True)
class AutoMerging:
    """The forge merges the pull request when its rules allow it."""


@dataclass(frozen=True, slots=True)
class NotAutoMerging:
    """The forge would not take it; the pull request stays open for people."""

    reason: str


AutoMerge = Merged | AutoMerging | NotAutoMerging


class Forge(Protocol):
    """One repository on one forge, with one account's rights.

    Every method raises ``errors.ForgeError`` where the forge refuses or cannot be reached: the message
    names the cause, the hint the permission or the setting to change. No message holds a credential.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this forge can do."""

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""

    def account(self) -> str | None:
        """Return the login that the token acts as; ``None`` where the forge does not tell such a token."""

    def find(self, head: str, base: str | None = None) -> tuple[PullRequest, ...]:
        """List the pull requests, open and closed, from one branch of this repository, newest first.

        Args:
            head: the branch's name.
            base: only those that go to this branch; ``None`` takes all.
        """

    def open_with_prefix(self, prefix: str) -> tuple[PullRequest, ...]:
        """List all open pull requests from branches of this repository whose names start so, oldest first."""

    def get(self, number: int) -> PullRequest:
        """Read one pull request."""

    def create(self, spec: PullSpec) -> PullRequest:
        """Open a pull request, or return the open one that its branch and base have already.

        An answer that leaves open whether it was created (a lost connection, 502) is settled by looking.
        """

    def update(self, number: int, patch: PullPatch) -> PullRequest:
        """Change a pull request."""

    def close(self, number: int) -> None:
        """Close a pull request without merging it; one that is closed already stays so."""

    def decorate(self, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
        """Give labels, assignees, reviewers and milestone; returns a warning for each that could not be given."""

    def comment_sticky(self, number: int, key: str, body: str | None) -> None:
        """Write our one comment of this key, or rewrite it if it says something else; ``None`` removes it.

        The comment starts with the hidden line ``<!-- gitops-streams:KEY -->``, and only one by our own account counts.
        """

    def set_status(self, sha: str, status: CommitStatus) -> None:
        """Set a status on a commit."""

    def enable_auto_merge(
        self, pull: PullRequest, method: MergeMethod, *, delete_branch: bool, fallback_merge: bool
    ) -> AutoMerge:
        """Have the forge merge ``pull`` at ``pull.head_sha`` when its rules allow it.

        Args:
            pull: the pull request, with the head that was reviewed.
            method: how to merge.
            delete_branch: whether the branch is deleted after the merge, where that can be said here.
            fallback_merge: merge at once where nothing is left to wait for and the forge refuses for that reason.
        """

    def disable_auto_merge(self, pull: PullRequest) -> None:
        """Take auto-merge back; nothing happens where it is off."""

    def close_connections(self) -> None:
        """Close what is open."""


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of a commit that a forge makes."""

    path: str
    mode: str
    """``100644`` or ``100755``."""
    content: bytes


@dataclass(frozen=True, slots=True)
class BranchLost:
    """The branch is not where it was thought to be; nothing was changed."""


@runtime_checkable
class CommitsByApi(Protocol):
    """A forge that makes commits itself, so that it can sign them."""

    def commit(
        self,
        *,
        branch: str,
        expected: str | None,
        parent: str,
        files: tuple[TreeFile, ...],
        message: str,
        tree: str,
    ) -> str | BranchLost:
        """Commit files on top of ``parent`` and put ``branch`` there, if it is at ``expected``.

        Args:
            branch: the branch's name.
            expected: the commit that the branch has; ``None``: the branch must not exist.
            parent: the commit to build on.
            files: the files that differ from the parent's tree.
            message: the commit message.
            tree: the object id of the tree that must come out; another one is an error and moves nothing.

        Returns:
            The commit's id.
        """


@dataclass(frozen=True, slots=True)
class CommitIdentity:
    """Who a commit of ours is by."""

    name: str
    email: str


@runtime_checkable
class KnowsIdentity(Protocol):
    """A forge that knows the name and address which commits must carry to count as the token's account's."""

    def identity(self) -> CommitIdentity | None:
        """Return them; ``None`` where the forge does not tell such a token."""


@dataclass(frozen=True, slots=True)
class GitCredential:
    """What Git shows to the forge's host over HTTPS."""

    username: str
    password: str = field(repr=False)


@runtime_checkable
class LendsCredential(Protocol):
    """A forge whose token may push, too."""

    def git_credential(self) -> GitCredential:
        """Return what Git can sign in with, valid for some minutes at least; for the forge's own host only."""
