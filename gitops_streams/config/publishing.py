"""What a repository can configure about commits, pull requests and reviews: what a dry run has no use for."""

from __future__ import annotations

from dataclasses import dataclass, field

from gitops_streams.forges.settings import ForgeSettings
from gitops_streams.git.identity import Identity, Signing
from gitops_streams.review.policy import PullRequestPolicy, ReviewPolicy


@dataclass(frozen=True, slots=True)
class CommitSettings:
    """How commits are made."""

    subject: str | None = None
    """Template of the subject line; ``None`` takes the default."""
    author: Identity | None = None
    """``None`` takes the identity that Git has configured."""
    sign_off: bool = False
    co_authors: tuple[str, ...] = ()
    signing: Signing = field(default_factory=Signing)


@dataclass(frozen=True, slots=True)
class Publishing:
    """How changes are published and explained."""

    commit: CommitSettings = field(default_factory=CommitSettings)
    pull_request: PullRequestPolicy = field(default_factory=PullRequestPolicy)
    review: ReviewPolicy = field(default_factory=ReviewPolicy)
    forge: ForgeSettings = field(default_factory=ForgeSettings)

    @property
    def said(self) -> Publishing | None:
        """These settings; ``None`` where they are the defaults, which ``Settings`` need not hold."""
        return None if self == Publishing() else self
