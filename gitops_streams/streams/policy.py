"""Which tag of a repository a stream tag selects, and what must be asked of the registry for it.

A stream tag selects the tag that its source names, or its policy chooses one: then the repository's tags
are listed first (``Choosing``), and which of them the policy chose is asked afterwards (``Selected``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_streams.oci.platform import LegacyChoice, Platform
from gitops_streams.oci.reference import Repository
from gitops_streams.oci.resolution import Method, Question, Resolved
from gitops_streams.streams.follow import Followed
from gitops_streams.streams.history import EMPTY, History
from gitops_streams.streams.model import StreamTag

if TYPE_CHECKING:
    from gitops_streams.streams.tag_policy import TagPolicy

Pushed = Collection[tuple[Repository, str]]
"""Tags that a registry is said to have got anew, with their repositories."""
NOTHING_PUSHED: Pushed = frozenset()
_LEGACY = Platform("linux", "amd64")
"""What OpenShift's control plane usually runs on; ``platform`` of the configuration says otherwise."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """Which tag does a policy choose, and which digest has that? Equal ones are answered once a run."""

    repository: Repository
    policy: TagPolicy
    platform: Platform | LegacyChoice | None = None
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class Selected:
    """What a policy chose, as what is to be asked next."""

    question: Question
    notice: str = ""
    """What is worth saying about the choice; empty where nothing is."""


def ask(
    followed: Followed,
    *,
    platform: Platform | None = None,
    history: History = EMPTY,
    scheduled: bool = True,
    pushed: Pushed = NOTHING_PUSHED,
) -> Question | Choosing | Resolved:
    """Say what to ask, or answer at once where the declaration itself names the digest.

    Args:
        followed: the stream tag that tracks a registry.
        platform: the configured default; the stream tag's own annotation goes first.
        history: what is recorded. A tag that is not scheduled is asked again only when its spec has changed.
        scheduled: whether a tag is, whose declaration does not say.
        pushed: what is asked for although it is not scheduled.
    """
    reference = followed.source.reference
    tag, known = followed.tag, followed.recorded
    polled = (scheduled if tag.scheduled is None else tag.scheduled) or _concerns(pushed, followed)
    if known is None and reference.digest is None and not polled:
        known = history.settled(tag)
    if known is not None:
        return Resolved(known.image, "", known.reference.repository.domain, Method.RECORDED)
    if reference.digest is not None:
        # No registry said what the digest stands for, so there is no media type.
        return Resolved(reference.digest, "", reference.repository.domain, Method.DECLARED)
    if tag.policy is not None and followed.source.by_policy:
        return Choosing(reference.repository, tag.policy, _platform(tag, platform), tag.insecure)
    name = followed.source.tag or "latest"
    return Question(reference.repository, name, _platform(tag, platform), insecure=tag.insecure)


def _concerns(pushed: Pushed, followed: Followed) -> bool:
    """Whether what was pushed may be what a stream tag follows; a policy may choose any tag of its repository."""
    repository = followed.source.reference.repository
    if followed.tag.policy is not None and followed.source.by_policy:
        return any(repository == there for there, _ in pushed)
    return (repository, followed.source.tag or "latest") in pushed


def _platform(tag: StreamTag, default: Platform | None) -> Platform | LegacyChoice | None:
    """Return whose manifest is wanted; ``None``: the index, where the tag points at one."""
    if tag.platform is not None or not tag.legacy:
        return tag.platform or default
    base = default or _LEGACY
    return LegacyChoice(Platform(tag.prefer_os or base.os, tag.prefer_arch or base.architecture))
