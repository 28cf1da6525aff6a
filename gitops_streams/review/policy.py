"""What a repository can say about its pull requests and their review: values only, checked by the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grouping(StrEnum):
    """Which stream tags share a pull request. Every one is a matter of the stream: a tag is never split."""

    ALL = "all"
    STREAM = "stream"
    NAMESPACE = "namespace"
    LABEL = "label"
    """By the value of one label of the ImageStream, ``PullRequestPolicy.label_key``."""
    DIRECTORY = "directory"
    """By the directory of the file that declares the stream."""


@dataclass(frozen=True, slots=True)
class GroupRule:
    """A named group that is configured: the streams that match any of its globs."""

    name: str
    streams: tuple[str, ...]
    """Globs over ``[namespace/]stream``; the first rule that matches takes the stream."""


class Rebase(StrEnum):
    """When a branch whose content is right is built anew on a base that has moved."""

    CONFLICT_ONLY = "conflict-only"
    """Only where it would no longer merge: a push may dismiss approvals."""
    ALWAYS = "always"
    NEVER = "never"


class Drafts(StrEnum):
    """Whether pull requests are drafts."""

    NO = "never"
    YES = "new"
    """A new one is a draft; a person makes it ready."""
    ALWAYS = "always"
    """It becomes a draft again with every update."""


class CommitsBy(StrEnum):
    """Who makes the commits of a pull request."""

    GIT = "git"
    """Git, here, with the configured identity and signature; pushed with a lease."""
    API = "api"
    """The forge, which signs what a bot's token makes; moved by compare-and-swap."""
    AUTO = "auto"
    """``API`` where the forge offers it to this token and no signing or author is configured, else ``GIT``."""


class MergeMethod(StrEnum):
    """How an auto-merge merges."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


@dataclass(frozen=True, slots=True)
class AutoMergePolicy:
    """Whether and how pull requests merge themselves. Never one that needs attention."""

    enabled: bool = False
    method: MergeMethod = MergeMethod.MERGE
    fallback_merge: bool = False
    """Merge at once where there is no rule to wait for."""


@dataclass(frozen=True, slots=True)
class PullRequestPolicy:
    """``pullRequest`` of the configuration."""

    base: str | None = None
    """The branch that pull requests go to; ``None``: the one that is checked out."""
    grouping: Grouping = Grouping.ALL
    label_key: str | None = None
    """The label of ``Grouping.LABEL``."""
    groups: tuple[GroupRule, ...] = ()
    """Taken before ``grouping``, which divides the rest."""
    branch_prefix: str = "gitops-streams"
    title: str = "chore(images): {summary}"
    """Template, with the placeholders of the commit's subject."""
    labels: tuple[str, ...] = ()
    create_labels: bool = False
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    team_reviewers: tuple[str, ...] = ()
    milestone: str | None = None
    drafts: Drafts = Drafts.NO
    auto_merge: AutoMergePolicy = AutoMergePolicy()
    rebase: Rebase = Rebase.CONFLICT_ONLY
    prune: bool = False
    """Close our pull requests whose group is no longer known."""
    delete_branch: bool = True
    """Delete the branch of a pull request that we close."""
    max_open: int | None = None
    max_per_run: int | None = None
    """At most so many new ones in a run."""
    ignored_authors: tuple[str, ...] = ()
    """E-mail addresses whose commits on our branches count as ours."""
    commits: CommitsBy = CommitsBy.AUTO
    status: bool = False
    """Set the commit status ``gitops-streams/verify``."""


class EnvShown(StrEnum):
    """What a review shows of an image's environment variables."""

    VALUES = "values"
    """Names and values, those that look like secrets hidden."""
    NAMES_ONLY = "names-only"


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """``review`` of the configuration."""

    requests_per_image: int = 6
    """Requests that may be spent on inspecting one changed image, old and new together; 0 inspects nothing."""
    env: EnvShown = EnvShown.VALUES
    compare_hosts: tuple[str, ...] = ()
    """Hosts of source forges beside the well-known ones that a compare link may lead to; ``host=kind``."""
    environments: tuple[tuple[str, str], ...] = ()
    """Pairs of a glob over file paths and the name of the environment; the first that matches names it."""
