"""What a renderer is given, and what a renderer is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gitops_streams.plan.model import Plan

if TYPE_CHECKING:
    # What a dry run without reviews does without.
    from gitops_streams.review.lifecycle import Operation, PullOutcome
    from gitops_streams.review.report import Review


@dataclass(frozen=True, slots=True)
class PullResult:
    """What became of one group of stream tags and its pull request."""

    group: str
    outcome: PullOutcome
    reason: str
    """One sentence for people."""
    base: str
    branch: str
    number: int | None = None
    url: str | None = None
    head: str | None = None
    """The commit that the branch has now."""
    warnings: tuple[str, ...] = ()
    """What could not be given to the pull request beside its text."""
    operations: tuple[Operation, ...] = ()
    """What was done; in a dry run, what would be."""


@dataclass(frozen=True, slots=True)
class Published:
    """What became of the plan."""

    mode: str
    """``worktree``, ``commit``, ``push`` or ``pull-request``."""
    files: tuple[str, ...]
    """Every file that was written, the status files included."""
    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    pulls: tuple[PullResult, ...] = ()
    dry_run: bool = False
    """Whether ``pulls`` say what would be done, and nothing was."""

    @property
    def failed(self) -> bool:
        """Whether the pull request of a group failed."""
        from gitops_streams.review.lifecycle import PullOutcome  # noqa: PLC0415  a dry run does without

        return any(pull.outcome is PullOutcome.FAILED for pull in self.pulls)


@dataclass(frozen=True, slots=True)
class Report:
    """One run, ready to be shown."""

    plan: Plan
    published: Published | None = None
    """``None`` for a dry run."""
    every_site: bool = False
    """Whether sites that need no change are listed too."""
    reviews: tuple[Review, ...] = ()
    """Why the digests move, one for each group; empty where the images were not inspected."""

    @property
    def incomplete(self) -> bool:
        """Whether a stream tag has no digest, a declaration cannot be used, or a group's pull request failed."""
        return self.plan.incomplete or (self.published is not None and self.published.failed)


class Renderer(Protocol):
    """Writes a report as text that ends in a newline, or as nothing."""

    def __call__(self, report: Report) -> str:
        """Render the report."""
        ...
