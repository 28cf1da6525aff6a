"""What a renderer is given, and what a renderer is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gitops_streams.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Published:
    """What became of the plan."""

    mode: str
    """``worktree``, ``commit`` or ``push``."""
    files: tuple[str, ...]
    """Every file that was written, the status files included."""
    commit: str | None = None
    branch: str | None = None
    remote: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One run, ready to be shown."""

    plan: Plan
    published: Published | None = None
    """``None`` for a dry run."""
    every_site: bool = False
    """Whether sites that need no change are listed too."""


class Renderer(Protocol):
    """Writes a report as text that ends in a newline, or as nothing."""

    def __call__(self, report: Report) -> str:
        """Render the report."""
        ...
