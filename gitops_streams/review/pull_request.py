"""Pull requests as values: what a forge has, what it can do, and what it is told.

``PullRequest`` is the word for GitLab's merge requests too. Everything that a forge says is
hostile text; titles and bodies are editable by people.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PullState(StrEnum):
    """Where a pull request is in its life."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"
    """Closed without being merged; also "declined" and "abandoned"."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """One pull request, as the forge has it."""

    number: int
    url: str
    """For people."""
    state: PullState
    title: str
    body: str
    head: str
    """The name of the branch that it comes from."""
    head_sha: str
    base: str
    """The name of the branch that it goes to."""
    draft: bool = False
    labels: frozenset[str] = frozenset()
    author: str | None = None
    """The login of who opened it."""
    own: bool = True
    """Whether its branch is in the repository that we push to; a fork's branch of the same name is not ours."""
    auto_merge: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What differs between forges, as far as anything but their own file has to know."""

    name: str
    """For people: ``GitHub``, ``GitLab``."""
    body_limit: int
    """The longest body in UTF-16 units."""
    body_bytes: int = 262_144
    """The longest body in UTF-8 bytes."""
    details: bool = True
    """Whether ``<details>`` folds; else headings are used."""
    alerts: bool = False
    """Whether ``> [!WARNING]`` is an alert; else a plain quote is used."""
    task_lists: bool = True
    """Whether a ``- [ ]`` can be ticked by a reader."""
    hidden_comments: bool = True
    """Whether an HTML comment in a body is kept and not shown."""
    labels: bool = True
    milestones: bool = True
    team_reviewers: bool = False
    drafts: bool = True
    auto_merge: bool = True
    statuses: bool = True


@dataclass(frozen=True, slots=True)
class PullSpec:
    """What a new pull request is to be."""

    head: str
    base: str
    title: str
    body: str
    draft: bool = False


@dataclass(frozen=True, slots=True)
class PullPatch:
    """What is to change of a pull request; ``None`` leaves a field as it is."""

    title: str | None = None
    body: str | None = None
    draft: bool | None = None


@dataclass(frozen=True, slots=True)
class Decorations:
    """What a pull request is given beside its text. Best effort: what fails becomes a warning."""

    labels: tuple[str, ...] = ()
    """To be there; labels that people added stay."""
    unwanted_labels: tuple[str, ...] = ()
    """To be taken away if they are there."""
    create_labels: bool = False
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    team_reviewers: tuple[str, ...] = ()
    milestone: str | None = None
    """Its title, or its number."""


class StatusState(StrEnum):
    """A commit status."""

    SUCCESS = "success"
    FAILURE = "failure"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """A status on a commit."""

    context: str
    """``gitops-streams/verify``."""
    state: StatusState
    description: str
    """At most 140 characters."""
    url: str | None = None
