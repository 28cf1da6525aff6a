"""What the service knows at one moment, as values: its page, its JSON, its health and its metrics show nothing else.

The loop makes them, ``pages``, ``overview_json`` and ``health`` read them. They hold no credential: a location is
written without one, and whoever makes a reason leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from gitops_streams.oci.digest import Digest
from gitops_streams.streams.model import TagKey


class State(StrEnum):
    """How a stream tag is, the most notable first."""

    FAILING = "failing"
    """It could not be resolved; its sites keep what they have."""
    BEHIND = "behind"
    """At least one site has not what the tag stands for: a pull request waits, or it cannot be edited as written."""
    HELD = "held"
    """Somebody, a gate or a policy says not now."""
    PENDING = "pending"
    """It has not been asked for yet, or nothing uses it."""
    CURRENT = "current"
    """Every site has it."""


class SiteState(StrEnum):
    """How one place in a manifest is, compared with its stream tag."""

    BEHIND = "behind"
    HELD = "held"
    SKIPPED = "skipped"
    """It cannot be edited as it is written."""
    CURRENT = "current"


class PassOutcome(StrEnum):
    """How a pass over a repository ended."""

    SUCCEEDED = "succeeded"
    INCOMPLETE = "incomplete"
    """It ended, and some stream tag, file or group failed."""
    FAILED = "failed"
    """It ended with an error: nothing was decided, or nothing published."""


@dataclass(frozen=True, slots=True)
class SiteView:
    """A place in a manifest that a stream tag decides."""

    file: str
    line: int
    """1-based."""
    digest: Digest | None
    """What it has now."""
    state: SiteState
    reason: str = ""
    """Why it is held or skipped."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One image that a stream tag stood for; who recorded it and when are Git's."""

    digest: Digest
    source_tag: str
    """The tag that was selected in the registry; empty where the declaration names a digest alone."""
    when: datetime | None
    """``None`` where Git's log does not reach back to it, or where it is not committed."""
    who: str = ""
    """The commit's author, without an address."""
    commit: str = ""
    """The full object id; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class PullView:
    """An open pull request."""

    group: str
    """The stream tags that share it, as people know them."""
    url: str
    """Shown as a link where it is an address of the web."""
    number: int | None = None
    blocked: bool = False
    """Whether a person has to look at it before it is updated again."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TagView:
    """One stream tag."""

    key: TagKey
    source: str
    """What it follows, as declared."""
    image: str
    """The pull spec that is asked for in the end, its tag included; empty where there is none."""
    state: State
    reason: str = ""
    """Why it is not current; a sentence for people, foreign text included."""
    hint: str = ""
    """What to do about it."""
    current: Digest | None = None
    """What is recorded: what sites get."""
    latest: Digest | None = None
    """What the registry said last; ``None`` where it was not asked or gave no answer."""
    since: datetime | None = None
    """When ``current`` was recorded, by Git's log."""
    checked_at: datetime | None = None
    """When the registry was asked last, whatever came of it."""
    next_check: datetime | None = None
    """When it will be asked again; ``None`` where only an event does that."""
    failing_since: datetime | None = None
    held_until: datetime | None = None
    """When a hold ends by itself, where that is known."""
    sites: tuple[SiteView, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    """The newest first, ``current`` included."""
    pull: PullView | None = None
    """The open pull request that would move it."""
    file: str = ""
    """Where it is declared."""
    line: int = 0
    """1-based; 0 where it is not known."""


@dataclass(frozen=True, slots=True)
class PassView:
    """The last pass over a repository that ended."""

    ended: datetime
    seconds: float
    outcome: PassOutcome
    error: str = ""
    """What went wrong, without credentials."""
    hint: str = ""
    trigger: str = ""
    """Why it ran: ``poll``, ``webhook``, ``git push``, ``check now`` …"""


@dataclass(frozen=True, slots=True)
class RepositoryView:
    """One repository that the service keeps."""

    name: str
    """Unique; as configured."""
    location: str
    """A path, or a clone URL without credentials."""
    branch: str
    publish: str
    """The publish mode: ``worktree``, ``commit``, ``push`` or ``pull-request``."""
    commit: str | None = None
    """The commit that the last pass read."""
    last: PassView | None = None
    """``None`` before the first one."""
    last_success: datetime | None = None
    """When a pass that did not fail ended."""
    running_since: datetime | None = None
    """When the pass that goes on began."""
    next_pass: datetime | None = None
    tags: tuple[TagView, ...] = ()
    pulls: tuple[PullView, ...] = ()
    """Every open pull request of ours."""
    problems: tuple[str, ...] = ()
    """What a person should see: files that could not be read, notices of gates."""


@dataclass(frozen=True, slots=True)
class RegistryView:
    """One registry that was asked."""

    host: str
    requests: int = 0
    """Sent since the service was started, tokens included."""
    limit: int | None = None
    """How many pulls the registry allows in its window; ``None`` where it does not say."""
    left: int | None = None
    """How many of them are left."""
    resets: datetime | None = None
    failing_since: datetime | None = None
    reason: str = ""
    """What it said last, while it fails."""


@dataclass(frozen=True, slots=True)
class ReceiverView:
    """One webhook receiver; its path is a secret and does not stand here."""

    name: str
    sender: str
    """The kind of sender: ``docker-distribution``, ``harbor``, ``github`` …"""
    accepted: int = 0
    ignored: int = 0
    refused: int = 0
    last: datetime | None = None
    """When the last delivery came, whatever became of it."""
    last_refusal: str = ""
    """Why the last refused one was."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that is shown."""

    repositories: tuple[RepositoryView, ...]
    registries: tuple[RegistryView, ...]
    receivers: tuple[ReceiverView, ...]
    started: datetime
    now: datetime
    version: str = ""
    queued: int = 0
    """Checks and passes that wait for their turn."""
    heartbeat: datetime | None = None
    """When the loop last came round; ``None`` before it has."""
    stuck_after: timedelta = timedelta(minutes=10)
    """How old ``heartbeat`` may be before the loop counts as stuck."""

    @property
    def tags(self) -> Iterator[tuple[RepositoryView, TagView]]:
        """Every stream tag with its repository."""
        for repository in self.repositories:
            for tag in repository.tags:
                yield repository, tag

    def find(self, repository: str, tag: str) -> tuple[RepositoryView, TagView] | None:
        """Return a stream tag by its repository's name and its own, ``namespace/stream:tag``."""
        for kept in self.repositories:
            if kept.name == repository:
                return next(((kept, found) for found in kept.tags if str(found.key) == tag), None)
        return None


class CheckOutcome(StrEnum):
    """What became of the wish to check a stream tag now."""

    QUEUED = "queued"
    ALREADY_QUEUED = "already-queued"
    UNKNOWN = "unknown"
    """There is no such repository or stream tag any more."""
    STOPPING = "stopping"
    """The service ends; nothing new is begun."""


class Service(Protocol):
    """What the page needs of the loop. Neither method may block."""

    def overview(self) -> Overview:
        """Return what is known now; ``Overview.now`` is the clock's. Called from any thread."""
        ...

    def check(self, repository: str, tag: TagKey) -> CheckOutcome:
        """Have one stream tag checked as soon as possible. Called from the server's event loop."""
        ...


History = Mapping[TagKey, tuple[HistoryEntry, ...]]
"""What Git's log says of stream tags."""
