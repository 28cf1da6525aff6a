"""The small things that a forge remembers: labels, comments, statuses, rules for branches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fake_forge.accounts import Account


class Kind(StrEnum):
    """The forges that are imitated."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"
    BITBUCKET_CLOUD = "bitbucket-cloud"
    BITBUCKET_DATA_CENTER = "bitbucket-data-center"
    AZURE_DEVOPS = "azure-devops"


class Mergeability(StrEnum):
    """Whether a pull request can be merged: GitHub's ``mergeable_state``."""

    CLEAN = "clean"
    UNSTABLE = "unstable"
    BLOCKED = "blocked"
    DIRTY = "dirty"
    DRAFT = "draft"


class NotMergeable(Exception):
    """A merge was refused; its text says why."""


@dataclass(eq=False, slots=True)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str = ""


@dataclass(eq=False, slots=True)
class Milestone:
    """A milestone of a repository."""

    number: int
    title: str
    state: str = "open"


@dataclass(eq=False, slots=True)
class Comment:
    """A comment on a pull request."""

    id: int
    author: Account
    body: str
    created: int
    updated: int


@dataclass(frozen=True, slots=True)
class Status:
    """A status that somebody set on a commit."""

    id: int
    context: str
    state: str
    """``success``, ``failure``, ``pending`` or ``error``."""
    description: str
    url: str | None
    creator: Account
    created: int


@dataclass(frozen=True, slots=True)
class Protection:
    """What is asked of the branches whose names match."""

    pattern: str
    """Shell style: ``main``, ``gitops-streams/*``."""
    pull_request_required: bool = False
    """Nobody pushes; changes come by pull requests."""
    force_pushes: bool = False
    deletions: bool = False
    creations: bool = True
    required_statuses: tuple[str, ...] = ()
    required_approvals: int = 0
    ruleset: bool = False
    """Whether it is one of GitHub's newer rulesets, which word their refusals differently."""
    bypass: frozenset[str] = frozenset()
    """Logins to which it does not apply."""


@dataclass(frozen=True, slots=True)
class AutoMerge:
    """A merge that was ordered in advance."""

    method: str
    by: Account
    delete_branch: bool = False
    message: str | None = None
