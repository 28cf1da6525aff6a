"""What is to be published, how, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gitops_streams.git.identity import Identity, Signing
from gitops_streams.git.lock import WAIT
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.git.write import FileEdit

ATTEMPTS = 12
"""How often a change is planned before a branch that keeps moving is given up. Each of eight shards may lose to every
other one once."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What one planning pass wants."""

    edits: tuple[FileEdit, ...]
    message: str
    """The commit message; of no use to ``publish_worktree``."""


PlanAt = Callable[[Snapshot], Planned]
"""Plans on a snapshot. It is called again, on another one, where a branch has moved."""


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """Where a commit goes and who makes it."""

    branch: str | None = None
    """``None``: the branch that is checked out."""
    remote: str | None = None
    """``None``: the branch's own remote, as git would choose it."""
    identity: Identity | None = None
    """``None``: the user's own."""
    signing: Signing = field(default_factory=Signing)
    base: str | None = None
    """The commit to push on, which is here; ``None``: the local branch's. Whoever names one knows that the remote has
    it, and that commits which only the local branch has are to stay there."""
    wait: float = WAIT
    """Seconds that another publishing run in this clone, or another program's lock, is waited for."""


@dataclass(frozen=True, slots=True)
class Written:
    """Files of the work tree were written."""

    paths: tuple[str, ...]
    """Those that had to change."""


@dataclass(frozen=True, slots=True)
class Committed:
    """The branch has a new commit."""

    sha: str
    branch: str


@dataclass(frozen=True, slots=True)
class PushedCommit:
    """The remote's branch has a new commit."""

    sha: str
    branch: str
    remote: str
    attempts: int
    """1, and one more for each time that somebody else's push came first."""
    local: bool
    """Whether the local branch has it too; it stays where it is when others' commits would come with it."""


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """The branch has all of it already."""
