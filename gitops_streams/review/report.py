"""The review of one group of moves: what a pull request says, whatever it is rendered as."""

from __future__ import annotations

from dataclasses import dataclass

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Repository
from gitops_streams.review.delta import ImageDelta
from gitops_streams.streams.model import TagKey


@dataclass(frozen=True, slots=True)
class Rollout:
    """One place that the new digest will roll out to."""

    file: str
    line: int
    kind: str | None
    """``Deployment``; ``None`` in a values file."""
    namespace: str | None
    name: str | None
    container: str | None
    """The container's name; for others the key path, such as ``images[web]``."""
    environment: str | None


@dataclass(frozen=True, slots=True)
class TagReview:
    """One stream tag that moves."""

    key: TagKey
    declared_in: str
    """The file that declares the stream."""
    declared_line: int
    followed: str
    """What the declaration follows: ``quay.io/acme/web:1.4``, or through which aliases."""
    repository: Repository
    source_tag: str | None
    old: tuple[Digest, ...]
    """The digests that are pinned now, usually one; empty for a first pin. The first is the one compared."""
    new: Digest
    delta: ImageDelta
    rollouts: tuple[Rollout, ...]


@dataclass(frozen=True, slots=True)
class FileReview:
    """One file that the pull request changes."""

    path: str
    tags: tuple[TagKey, ...]
    """Empty for the status files."""


@dataclass(frozen=True, slots=True)
class NotUpdated:
    """A stream tag or a reference that was left as it is, and why."""

    what: str
    """The stream tag, or ``file:line reference``."""
    outcome: str
    """``failed``, ``held`` or ``skipped``."""
    reason: str
    kept: tuple[Digest, ...] = ()
    """The digests that stay pinned."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What the footer says of the run. It never counts when two texts are compared."""

    version: str
    url: str | None = None
    """The log of the run."""


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that a pull request tells its reviewer."""

    group: str
    base: str
    """The branch."""
    base_sha: str
    tags: tuple[TagReview, ...]
    """Those that need attention first, then by name."""
    files: tuple[FileReview, ...]
    not_updated: tuple[NotUpdated, ...]
    run: RunInfo

    @property
    def alarming(self) -> tuple[TagReview, ...]:
        """The tags that a person should look at."""
        return tuple(tag for tag in self.tags if tag.delta.alarming)
