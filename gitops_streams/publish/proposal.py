"""What is to become pull requests: the values that planning hands to publishing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gitops_streams.git.identity import Identity, Signing
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.git.write import FileEdit
from gitops_streams.plan.shard import Shard
from gitops_streams.review.lifecycle import Group
from gitops_streams.review.policy import PullRequestPolicy


@dataclass(frozen=True, slots=True)
class Text:
    """What a pull request says."""

    title: str
    body: str
    alarming: bool
    """Whether a person should look: it must not merge itself."""
    summary: str
    """One line for the commit status."""


class Proposal(Protocol):
    """What one group of stream tags wants to be merged."""

    @property
    def group(self) -> Group:
        """Which stream tags they are."""

    @property
    def edits(self) -> tuple[FileEdit, ...]:
        """The edits on the commit that was planned on; none where it has all of it."""

    @property
    def fingerprint(self) -> str:
        """Of the moves; empty where nothing moves."""

    @property
    def moves(self) -> int:
        """How many stream tags move."""

    def message(self, tree: str, committer: Identity | None) -> str:
        """Write the commit message for a tree and its committer; ``None`` where that one is not known."""

    def text(self, head: str) -> Text:
        """Write the pull request for a commit; this is what inspects images, each once a run."""


Propose = Callable[[str, Snapshot], Sequence[Proposal]]
"""Plans on a commit of the base branch; returns every group that is known, those that want nothing too."""


@dataclass(frozen=True, slots=True)
class PullRequestOptions:
    """How pull requests are made."""

    policy: PullRequestPolicy
    base: str | None = None
    """The branch that they go to; ``None``: ``policy.base``, else the one that is checked out."""
    remote: str | None = None
    """``None``: the base branch's own remote, as git would choose it."""
    groups: tuple[str, ...] = ()
    """The names of the groups to look at; empty: all."""
    shard: Shard | None = None
    """Of these, the share to look at; other runs look at the others."""
    identity: Identity | None = None
    """Author and committer that are configured."""
    automatic: bool = False
    """Whether nobody sits here: without a configured identity, commits are the forge account's."""
    fallback_identity: Identity | None = None
    """Who commits where nobody sits here and the forge does not say who we are."""
    signing: Signing = field(default_factory=Signing)
    dry_run: bool = False
    """Look and decide, and do nothing."""
